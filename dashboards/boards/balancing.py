"""Each virtual IP: who stands behind it, who gets how much, and how soon does it follow Swarm?"""

from grafanalib.core import Dashboard, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import (
    HALF,
    Column,
    Query,
    Section,
    bar_gauge,
    stat,
    status_history,
    table,
    timeseries,
)
from dashboards.queries import NETWORKS, NODES, SERVICES
from dashboards.uids import Uid
from dashboards.variables import NETWORK, NODE, SERVICE
from exporter import catalog, limits
from exporter.promql import by

_CHOSEN = {"network": NETWORKS, "service": SERVICES, "node": NODES}
_VIP = ("service", "network", "node")
_LEGEND = "{{service}} on {{network}}, {{node}}"
_TO_SERVICE = (links.line("Service", Uid.SERVICES, service="service"),)
#: How often the agents compare; each comparison in a window counts for so long.
_STEP_SECONDS = 10


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.BALANCING,
        "Load balancing",
        "Each virtual IP: who stands behind it, who gets how much, and how soon it follows Swarm.",
        (NETWORK, SERVICE, NODE),
        (
            Section("Now", (*_figures(), _backends())),
            Section("Do they follow Swarm?", _convergence()),
            Section("Who gets how much?", _shares()),
            Section("Do they answer?", _answers()),
        ),
    )


def _of(state: str) -> str:
    return by("max", _VIP, queries.shown(catalog.BALANCER_BACKENDS, **_CHOSEN, state=state))


def _total(state: str) -> str:
    return by("sum", (), queries.shown(catalog.BALANCER_BACKENDS, **_CHOSEN, state=state))


def _figures() -> tuple[Panel, ...]:
    return tuple(
        stat(title, text, Query(expr), unit="none", steps=steps, none="no IPVS", width=6)
        for title, text, expr, steps in (
            (
                "Tasks to balance",
                (
                    "Running tasks behind the chosen virtual IPs, counted on each node that "
                    "balances them. Normal: as many as backends."
                ),
                _total("expected"),
                colours.NEUTRAL,
            ),
            (
                "Tasks without a backend",
                (
                    "Running tasks that a node's load balancer does not know: they get nothing "
                    "from there. Normal: 0, but for seconds after a change."
                ),
                f"{_total('expected')} - {_total('present')}",
                colours.bad_from(1),
            ),
            (
                "Stale backends",
                (
                    "Backends whose task is gone: each takes its share of connections and drops "
                    "it. Normal: 0."
                ),
                _total("stale"),
                colours.bad_from(1),
            ),
            (
                "Drained backends",
                (
                    "Backends of running tasks whose weight is 0: they get nothing. Normal: 0, but "
                    "while tasks stop."
                ),
                _total("drained"),
                colours.warn_from(1),
            ),
        )
    )


def _backends() -> Panel:
    return table(
        "Virtual IPs",
        "On each node, for each virtual IP: running tasks, and the backends that its load balancer "
        "has. Drained ones have weight 0, all others weight 1. Normal: as many backends as tasks, "
        "none stale, none drained. Empty on kernels without IPVS.",
        *(Query(_of(state)) for state in ("expected", "present", "stale", "drained")),
        columns=(
            Column(
                of="service",
                title="Service",
                links=(links.cell("Service", Uid.SERVICES, service="service"),),
            ),
            Column(
                of="network",
                title="Network",
                links=(links.cell("Network", Uid.NETWORKS, network="network"),),
            ),
            Column(of="node", title="Node", links=(links.cell("Node", Uid.NODES, node="node"),)),
            Column(of="Value #A", title="Tasks", unit="none"),
            Column(of="Value #B", title="Backends", unit="none"),
            Column(
                of="Value #C",
                title="Stale",
                unit="none",
                steps=colours.bad_from(1),
                links=(links.cell("Node", Uid.NODES, node="node"),),
            ),
            Column(
                of="Value #D",
                title="Drained",
                unit="none",
                steps=colours.warn_from(1),
                links=(links.cell("Service", Uid.SERVICES, service="service"),),
            ),
        ),
        sort="Value #C",
        height=10,
    )


def _convergence() -> tuple[Panel, ...]:
    differs = f"(({_of('expected')} != bool {_of('present')}) or {_of('stale')} > bool 0)"
    window = f"{queries.WINDOW}:{_STEP_SECONDS}s"
    return (
        timeseries(
            "Time out of step",
            "For how long of each interval a load balancer differed from Swarm: convergence time "
            "after a change. Normal: seconds after an update, otherwise 0.",
            Query(f"sum_over_time({differs}[{window}]) * {_STEP_SECONDS}", _LEGEND),
            unit="s",
            steps=colours.warn_from(60),
            links=_TO_SERVICE,
        ),
        timeseries(
            "Backends that differ",
            "Running tasks less backends, for each virtual IP. Normal: 0; above it tasks are "
            "missing, below it there are too many.",
            Query(f"{_of('expected')} - {_of('present')}", _LEGEND),
            unit="none",
            links=_TO_SERVICE,
        ),
        timeseries(
            "Stale and drained backends",
            "Backends that lose connections or get none. Normal: none, but while tasks stop.",
            *(Query(f"{_of(state)} > 0", f"{state}: {_LEGEND}") for state in ("stale", "drained")),
            unit="none",
            steps=colours.bad_from(1),
            links=_TO_SERVICE,
        ),
        timeseries(
            "Tasks that run",
            "Running tasks of each chosen service. Normal: steady; a step is an update, a scaling, "
            "or a task that ended.",
            Query(
                by(
                    "max",
                    ("service",),
                    queries.shown(catalog.SERVICE_TASKS_RUNNING, service=SERVICES),
                ),
                "{{service}}",
            ),
            unit="none",
            links=_TO_SERVICE,
        ),
    )


def _shares() -> tuple[Panel, ...]:
    task = ("service", "task")
    by_task = queries.rates(task, catalog.BALANCER_CONNECTIONS, **_CHOSEN)
    by_service = queries.rates(("service",), catalog.BALANCER_CONNECTIONS, **_CHOSEN)
    return (
        bar_gauge(
            "Share of each task",
            "Each task's share of its service's connections through virtual IPs. Normal: equal "
            "shares; connections that are kept open make it uneven.",
            Query(f"{by_task} / on (service) group_left () ({by_service} > 0)", "{{task}}"),
            unit="percentunit",
            most=1,
            links=_TO_SERVICE,
        ),
        timeseries(
            "Connections to each task",
            "Connections a second that load balancers gave to each task. Normal: the same for all "
            "tasks of a service.",
            Query(by_task, "{{task}}"),
            unit="cps",
            links=_TO_SERVICE,
        ),
    )


def _answers() -> tuple[Panel, ...]:
    looks = {"destination_service": SERVICES, "network": NETWORKS, "source_node": NODES}
    return (
        status_history(
            "Virtual IPs, from each node",
            "The share of looks at each virtual IP that work. Normal: green.",
            Query(
                queries.success(("destination_service", "source_node"), target="vip", **looks),
                "{{destination_service}} from {{source_node}}",
            ),
            steps=colours.bad_below(limits.SUCCESS_OBJECTIVE),
            links=(links.line("Service", Uid.SERVICES, service="destination_service"),),
            width=HALF,
        ),
        timeseries(
            "Virtual IP against tasks: looks that fail",
            "Failing looks at virtual IPs and at single tasks. Normal: none. Virtual IPs alone: "
            "the load balancer; both: the service, or its network.",
            *(
                Query(
                    queries.failing(("destination_service",), target=target, **looks),
                    f"{{{{destination_service}}}} at its {target}",
                )
                for target in ("vip", "task")
            ),
            unit="none",
            steps=colours.bad_from(1),
            links=(links.line("Service", Uid.SERVICES, service="destination_service"),),
        ),
    )
