"""Cases of alerts about Swarmscope itself."""

from exporter import catalog
from exporter.catalog import MetricSpec
from tests.alerts.promtool import ALERTS, SCRAPE_SECONDS, Case, Labels, series

_BEFORE = 3
_BEGINS = _BEFORE * SCRAPE_SECONDS
#: Long enough for every hold and window here.
_LASTS = 90
_ENDS = (_BEFORE + _LASTS) * SCRAPE_SECONDS


def _turns(good: str, bad: str) -> str:
    """Be good for three scrapes, bad for ninety, and good again."""
    return f"{good}x{_BEFORE - 1} {bad}x{_LASTS - 1} {good}x120"


def _of_node(metric: object, node: str = "node2", **labels: str) -> str:
    return series(metric, node=node, instance=f"{node}:9877", job="swarmscope", **labels)


def _case(
    name: str,
    alert: str,
    shown: dict[str, str],
    *culprits: Labels,
    after: int = 0,
    recovers: int = 0,
) -> Case:
    fires = _BEGINS + after + int(ALERTS[alert].hold_seconds)
    return Case(
        name=name,
        alert=alert,
        series=shown,
        silent_at=(0, fires - 5, _ENDS + recovers),
        fires_at=fires,
        culprits=culprits,
    )


def _aged(metric: MetricSpec, most: int) -> Case:
    """Let a timestamp stand still from the fault on; well is what moves with the clock."""
    name = {
        catalog.TOPOLOGY_TIMESTAMP: "SwarmscopeTopologyOld",
        catalog.AUDIT_TIMESTAMP: "SwarmscopeAuditStalled",
    }[metric]
    # The clock of a test begins at 0. The first scrape that is too old is the one after *most*.
    values = f"0+10x{_BEFORE} {_BEGINS}x{_LASTS - 2} {_ENDS}+10x60"
    shown = {_of_node(metric): values, _of_node(metric, "node1"): "0+10x200"}
    return _case(f"{name} tells which agent", name, shown, {"node": "node2"}, after=most + 5)


_NODE2 = {"node": "node2"}
_LAG = {
    _of_node(f"{catalog.SCHEDULER_LAG}_bucket", le="0.5"): "0x60 0+1000x200",
    _of_node(f"{catalog.SCHEDULER_LAG}_bucket", le="5.0"): "0+10x260",
    _of_node(f"{catalog.SCHEDULER_LAG}_bucket", le="+Inf"): "0+10x260",
}

SELF = (
    _case(
        "an agent that Prometheus cannot scrape is missing",
        "SwarmAgentMissing",
        {_of_node("up"): _turns("1", "0"), _of_node("up", "node1"): "1x260"},
        _NODE2,
    ),
    _aged(catalog.TOPOLOGY_TIMESTAMP, 300),
    _aged(catalog.AUDIT_TIMESTAMP, 120),
    _case(
        "checks that cannot look are one alert of their node",
        "SwarmscopeChecksBlind",
        {
            _of_node(catalog.AUDIT_CHECK_SUCCESS, check="fdb"): _turns("1", "0"),
            _of_node(catalog.AUDIT_CHECK_SUCCESS, check="dns"): _turns("1", "0"),
            _of_node(catalog.AUDIT_CHECK_SUCCESS, "node1", check="dns"): "1x260",
        },
        _NODE2,
    ),
    _case(
        "probes that are left out are one alert of their node",
        "SwarmscopeProbesLeftOut",
        {
            _of_node(catalog.PROBES_LEFT_OUT, probe="tcp"): _turns("0", "3"),
            _of_node(catalog.PROBES_LEFT_OUT, probe="icmp"): _turns("0", "4"),
        },
        _NODE2,
    ),
    Case(
        name="an agent whose probes start late",
        alert="SwarmscopeSchedulerLagging",
        series=_LAG,
        silent_at=(0, 305, 1800),
        fires_at=320,
        culprits=(_NODE2,),
    ),
    _case(
        "parts of the metrics that fail are one alert of their node",
        "SwarmscopeCollectorFailing",
        {
            _of_node(catalog.COLLECTOR_SUCCESS, collector="kernel"): _turns("1", "0"),
            _of_node(catalog.COLLECTOR_SUCCESS, collector="audit"): _turns("1", "0"),
        },
        _NODE2,
    ),
    _case(
        "a configuration that is refused",
        "SwarmscopeConfigReloadFailed",
        {_of_node(catalog.CONFIG_RELOAD_SUCCESS): _turns("1", "0")},
        _NODE2,
    ),
    _case(
        "labels that all agents cannot understand are one alert of their service",
        "SwarmscopeLabelErrors",
        {
            _of_node(catalog.LABEL_ERRORS, node, service="shop_api"): _turns("0", "2")
            for node in ("node1", "node2")
        },
        {"service": "shop_api"},
    ),
    _case(
        "a Prometheus that knows no Alertmanager",
        "SwarmscopeAlertsNotDelivered",
        {
            series("prometheus_notifications_alertmanagers_discovered", job="prometheus"): _turns(
                "1", "0"
            )
        },
        {},
    ),
    _case(
        "an Alertmanager that cannot tell anybody",
        "SwarmscopeAlertsNotDelivered",
        {
            series(
                "alertmanager_notifications_failed_total", job="alertmanager", integration="webhook"
            ): f"0x{_BEFORE - 1} 1+1x{_LASTS - 1} 90x120"
        },
        {},
        recovers=120,
    ),
    _case(
        "rules that fail",
        "SwarmscopeRuleFailures",
        {
            series(
                "prometheus_rule_evaluation_failures_total", job="prometheus", rule_group="x"
            ): f"0x{_BEFORE - 1} 1+1x{_LASTS - 1} 90x120"
        },
        {},
        recovers=330,
    ),
)

WATCHDOG = Case(
    name="the watchdog always fires",
    alert="SwarmscopeWatchdog",
    series={series("up", job="prometheus"): "1x3"},
    silent_at=(),
    fires_at=0,
    culprits=({},),
)

CASES = (*SELF, WATCHDOG)
