"""Who watches the watchman? Alerts about agents, Prometheus and Alertmanager.

That an agent is missing is told by SwarmAgentMissing; and that nothing is told at all, by the
silence of SwarmscopeWatchdog.
"""

from alerts import words
from alerts.spec import Alert, Dashboard, Group, Role, Severity
from alerts.thresholds import Thresholds
from alerts.words import NODE, SERVICE
from exporter import catalog
from exporter.promql import by, select, unless, vector

#: Metrics of Prometheus' and Alertmanager's own, with what they say.
FOREIGN = (
    "up",
    "prometheus_notifications_errors_total",
    "prometheus_notifications_dropped_total",
    "prometheus_notifications_alertmanagers_discovered",
    "prometheus_rule_evaluation_failures_total",
    "alertmanager_notifications_failed_total",
)


def group(thresholds: Thresholds) -> Group:
    """List them."""
    return Group(
        name="own",
        rules=(*_blindness(thresholds), *_trouble(thresholds), *_delivery(thresholds)),
    )


def _of_node(
    name: str,
    expr: str,
    *,
    hold_seconds: float,
    summary: str,
    description: str,
    severity: Severity = Severity.WARNING,
) -> Alert:
    return Alert(
        name=name,
        expr=expr,
        hold_seconds=hold_seconds,
        severity=severity,
        role=Role.SELF,
        labels=("node",),
        summary=summary,
        description=description,
        command=f"docker service logs --since 10m swarmscope_agent  # the lines of {NODE}",
        dashboard=Dashboard.AGENTS,
    )


def _blindness(thresholds: Thresholds) -> tuple[Alert, ...]:
    """Say which agents do not see what they should."""
    hold = thresholds.self_hold_seconds
    age = f"time() - {by('max', ('node',), catalog.TOPOLOGY_TIMESTAMP)}"
    audited = f"time() - {by('max', ('node',), catalog.AUDIT_TIMESTAMP)}"
    stale = select(catalog.FINDINGS_HELD, code="control_topology_stale")
    leaderless = select(catalog.FINDINGS_HELD, code="control_no_leader")
    blind = f"{catalog.AUDIT_CHECK_SUCCESS} == 0"
    return (
        _of_node(
            "SwarmscopeTopologyOld",
            unless(
                unless(f"({age} > {thresholds.topology_old_seconds})", ("node",), stale),
                (),
                leaderless,
            ),
            hold_seconds=60,
            summary="An agent compares with a Swarm as it was minutes ago.",
            description=f"{NODE} knows the Swarm of {{{{ $value | humanizeDuration }}}} ago.",
        ),
        _of_node(
            "SwarmscopeChecksBlind",
            by("count", ("node",), blind),
            hold_seconds=thresholds.blind_hold_seconds,
            summary="Checks of an agent could not look, or not everywhere.",
            description=f"{words.VALUE} checks of {NODE} cannot look: "
            + words.listed(
                f"{catalog.AUDIT_CHECK_SUCCESS}{{node=%q}} == 0", words.row("check"), "node"
            )
            + ".",
        ),
        _of_node(
            "SwarmscopeAuditStalled",
            f"({audited}) > {thresholds.audit_stalled_seconds}",
            hold_seconds=0,
            summary="An agent answers, and makes no checks any more.",
            description=f"The last checks of {NODE} are {{{{ $value | humanizeDuration }}}} old.",
        ),
        _of_node(
            "SwarmscopeProbesLeftOut",
            f"{by('sum', ('node',), catalog.PROBES_LEFT_OUT)} > 0",
            hold_seconds=hold,
            summary="An agent's budget does not cover all of its probes.",
            description=f"{NODE} leaves {words.VALUE} probes to others; each is somebody's, or the "
            "budget is too small everywhere.",
            severity=Severity.INFO,
        ),
    )


def _trouble(thresholds: Thresholds) -> tuple[Alert, ...]:
    """Say which agents have trouble of their own."""
    hold = thresholds.self_hold_seconds
    rate = f"rate({select(catalog.SCHEDULER_LAG, '_bucket')}[5m])"
    lag = f"histogram_quantile(0.9, {by('sum', ('node', 'le'), rate)})"
    return (
        _of_node(
            "SwarmscopeSchedulerLagging",
            f"{lag} > {thresholds.scheduler_lag_seconds:g}",
            hold_seconds=hold,
            summary="An agent starts its probes late.",
            description=f"One in ten probes of {NODE} is {{{{ $value | humanizeDuration }}}} late.",
        ),
        _of_node(
            "SwarmscopeCollectorFailing",
            by("count", ("node",), f"{catalog.COLLECTOR_SUCCESS} == 0"),
            hold_seconds=hold,
            summary="A part of an agent's metrics cannot be collected.",
            description=f"{NODE} does not expose: "
            + words.listed(
                f"{catalog.COLLECTOR_SUCCESS}{{node=%q}} == 0", words.row("collector"), "node"
            )
            + ".",
        ),
        _of_node(
            "SwarmscopeConfigReloadFailed",
            f"{by('max', ('node',), catalog.CONFIG_RELOAD_SUCCESS)} == 0",
            hold_seconds=60,
            summary="An agent refuses its new configuration, and goes on with the old one.",
            description=f"{NODE} could not load its configuration; its log names the key.",
        ),
        Alert(
            name="SwarmscopeLabelErrors",
            expr=f"{by('max', ('service',), catalog.LABEL_ERRORS)} > 0",
            hold_seconds=60,
            severity=Severity.INFO,
            role=Role.SELF,
            labels=("service",),
            summary="A service's labels for Swarmscope cannot be understood.",
            description=f"{words.VALUE} labels of {SERVICE} are ignored; an agent's page says why.",
            command=f"docker service inspect --pretty {SERVICE}",
            dashboard=Dashboard.SERVICES,
        ),
    )


def _delivery(thresholds: Thresholds) -> tuple[Alert, ...]:
    """Say whether alerts can be made and sent at all."""
    lost = " or ".join(
        f'label_replace(sum(increase({name}[1m])) > 0, "why", "{name}", "", "")'
        for name in (
            "prometheus_notifications_errors_total",
            "prometheus_notifications_dropped_total",
            "alertmanager_notifications_failed_total",
        )
    )
    nobody = "prometheus_notifications_alertmanagers_discovered"
    return (
        Alert(
            name="SwarmscopeAlertsNotDelivered",
            expr=f"sum({lost} or label_replace({by('max', (), nobody)} < 1, "
            f'"why", "{nobody}", "", "") + 1)',
            hold_seconds=120,
            severity=Severity.CRITICAL,
            role=Role.SELF,
            labels=(),
            summary="Alerts do not reach Alertmanager, or do not leave it.",
            description="For two minutes, notifications of {{ $externalLabels.cluster }} have been "
            "lost: Prometheus does not reach Alertmanager, or Alertmanager not its receivers.",
            command="docker service logs --since 10m swarmscope_alertmanager",
            dashboard=Dashboard.AGENTS,
        ),
        Alert(
            name="SwarmscopeRuleFailures",
            expr=f"sum(increase({vector('prometheus_rule_evaluation_failures_total')}[5m])) > 0",
            hold_seconds=thresholds.self_hold_seconds,
            severity=Severity.WARNING,
            role=Role.SELF,
            labels=(),
            summary="Prometheus fails to evaluate rules: alerts may be missing.",
            description=f"{words.VALUE} evaluations failed within 5 minutes.",
            command="docker service logs --since 10m swarmscope_prometheus",
            dashboard=Dashboard.AGENTS,
        ),
        Alert(
            name="SwarmscopeWatchdog",
            expr="vector(1)",
            hold_seconds=0,
            severity=Severity.NONE,
            role=Role.SELF,
            labels=(),
            summary="Alerts work; when this one stops arriving, they do not.",
            description="Alerts of {{ $externalLabels.cluster }} are made and sent. This one "
            "always fires: whoever receives it must raise the alarm when it stays away.",
            command="docker stack ps swarmscope  # when it stays away",
            dashboard=Dashboard.AGENTS,
        ),
    )
