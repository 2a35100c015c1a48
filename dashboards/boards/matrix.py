"""Who reaches whom? Services by services, and nodes by nodes on the underlay and the overlays."""

from grafanalib.core import Dashboard, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import HALF, Query, Section, matrix, timeseries
from dashboards.queries import NETWORKS
from dashboards.uids import Uid
from dashboards.variables import NETWORK
from exporter import catalog, limits
from exporter.promql import by, none_of

_WORKING = colours.bad_below(limits.SUCCESS_OBJECTIVE)
_LOSS = colours.bad_from(limits.LOSS_SHARE)
_SLOW = colours.bad_from(limits.SLOW_SECONDS)
#: The looks at a service's own; those at other nodes and at listed targets have dashboards.
_AT_SERVICES = none_of("node", "static")
_OF_SERVICES = (
    links.row_of_matrix("Who looks", Uid.SERVICES, "service"),
    links.column_of_matrix("Who is looked at", Uid.SERVICES, "service"),
)
_OF_NODES = (
    links.row_of_matrix("Node that looks", Uid.NODES, "node"),
    links.column_of_matrix("Node that is looked at", Uid.NODES, "node"),
)
_PATH = ("source_service", "destination_service")
_PAIR = ("source_node", "destination_node")


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.MATRIX,
        "Connectivity",
        "Who reaches whom: services by services, and nodes by nodes, on the nodes' own network and "
        "on the overlays side by side.",
        (NETWORK,),
        (
            Section("Services by services", _services()),
            Section("What the policy forbids", _forbidden()),
            Section("Nodes by nodes: do they reach each other?", _nodes()),
            Section("Nodes by nodes: how well?", _quality()),
        ),
    )


def _services() -> tuple[Panel, ...]:
    # A name belongs to no network, where services share several.
    chosen = queries.among(f"{NETWORKS}|")
    return (
        matrix(
            "Works",
            "The share of looks of the row's service at the column's that work. Empty: they share "
            "no network. Normal: green. A red row is a client's trouble, a red column a server's.",
            Query(queries.success(_PATH, network=chosen, target=_AT_SERVICES)),
            rows="source_service",
            columns="destination_service",
            unit="percentunit",
            steps=_WORKING,
            links=_OF_SERVICES,
        ),
        matrix(
            "Nine in ten are faster",
            "How long successful looks take. Normal: a few milliseconds; red where alerts begin, "
            f"at {limits.SLOW_SECONDS:g} s.",
            Query(
                queries.quantile(
                    0.9, _PATH, catalog.PROBE_DURATION, network=chosen, target=_AT_SERVICES
                )
            ),
            rows="source_service",
            columns="destination_service",
            unit="s",
            steps=_SLOW,
            links=_OF_SERVICES,
        ),
    )


def _forbidden() -> tuple[Panel, ...]:
    of = ("source_service", "destination_service")
    return (
        timeseries(
            "Connections that should not be",
            "Tries at connections that the declared policy forbids, and that came about. Normal: "
            "none; each is paged.",
            Query(
                by("sum", of, queries.shown(catalog.FORBIDDEN_CONNECTIONS, outcome="connected")),
                "{{source_service}} to {{destination_service}}",
            ),
            unit="none",
            steps=colours.bad_from(1),
            links=(links.line("Service", Uid.SERVICES, service="destination_service"),),
            width=HALF,
        ),
        timeseries(
            "What keeps the others out",
            "Tries that did not come about, by how. Normal: unreachable, by no shared network, or "
            "timeout, by a firewall; refused is a closed port, which no policy keeps closed.",
            Query(
                by(
                    "sum",
                    ("outcome",),
                    queries.shown(catalog.FORBIDDEN_CONNECTIONS, outcome=none_of("connected")),
                ),
                "{{outcome}}",
            ),
            unit="none",
            width=HALF,
        ),
    )


def _nodes() -> tuple[Panel, ...]:
    return (
        _of_nodes(
            "Underlay",
            "Agents look at each other over the nodes' own network. Normal: green. Red here "
            "explains red beside it.",
            queries.success(_PAIR, target="node"),
        ),
        _of_nodes(
            "Overlays",
            "Looks at tasks on the chosen networks, from node to node. Normal: green. Red while "
            "the underlay is green is the overlay: VXLAN, its tables, or a firewall.",
            queries.success(_PAIR, target="task", probe=none_of("mtu"), network=NETWORKS),
        ),
    )


def _quality() -> tuple[Panel, ...]:
    echo = {"target": "task", "probe": "icmp", "network": NETWORKS}
    lost = queries.failed_share(_PAIR, "5m", **echo)
    return (
        _of_nodes(
            "Underlay: last look",
            "How long the agents' last looks at each other took. Normal: a few milliseconds.",
            by("max", _PAIR, queries.shown(catalog.PROBE_LAST_DURATION, target="node")),
            unit="s",
            steps=_SLOW,
        ),
        _of_nodes(
            "Overlays: last echo",
            "How long the last echoes between tasks took, the slowest of each pair of nodes. "
            "Normal: little more than the underlay's.",
            by("max", _PAIR, queries.shown(catalog.PROBE_LAST_DURATION, **echo)),
            unit="s",
            steps=_SLOW,
        ),
        _of_nodes(
            "Overlays: loss",
            f"The share of echoes lost within 5 minutes. Normal: 0 %; alerts begin at "
            f"{limits.LOSS_SHARE:.0%}.",
            lost,
            steps=_LOSS,
        ),
        _of_nodes(
            "Overlays: full-sized packets",
            "Whether a packet as large as the network's MTU gets through in one piece. Normal: "
            "green. Red while small ones pass is an MTU black hole.",
            queries.success(_PAIR, probe="mtu", network=NETWORKS),
        ),
        timeseries(
            "Loss between nodes, over time",
            "The worst pairs' share of lost echoes. Normal: 0 %.",
            Query(
                f"topk(10, {queries.failed_share(_PAIR, **echo)})",
                "{{source_node}} to {{destination_node}}",
            ),
            unit="percentunit",
            steps=_LOSS,
            links=(links.line("Node", Uid.NODES, node="destination_node"),),
            width=24,
        ),
    )


def _of_nodes(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = "percentunit",
    steps: colours.Steps = _WORKING,
) -> Panel:
    return matrix(
        title,
        description,
        Query(expr),
        rows="source_node",
        columns="destination_node",
        unit=unit,
        steps=steps,
        links=_OF_NODES,
        width=HALF,
        height=8,
    )
