"""One node: everything about it that an agent knows?"""

from grafanalib.core import Dashboard, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import (
    HALF,
    THIRD,
    Column,
    Query,
    Section,
    bar_gauge,
    stat,
    state_timeline,
    status_history,
    table,
    timeseries,
)
from dashboards.queries import NODES
from dashboards.uids import Uid
from dashboards.variables import NODE
from exporter import catalog, limits
from exporter.promql import by, none_of

_WORKING = colours.bad_below(limits.SUCCESS_OBJECTIVE)
_SLOW = colours.bad_from(limits.SLOW_SECONDS)
_LOSS = colours.bad_from(limits.LOSS_SHARE)
_TABLE_FULL = colours.bad_from(limits.TABLE_NEARLY_FULL_SHARE, limits.TABLE_FULL_SHARE)
_TO_NODE = (links.line("Node", Uid.NODES, node="node"),)
_TO_NETWORK = (links.line("Network", Uid.NETWORKS, network="network"),)


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.NODES,
        "Nodes",
        "One node: what was found on it, whom it reaches and who reaches it, its devices and its "
        "kernel's tables.",
        (NODE,),
        (
            Section("Now", (*_figures(), _about(), _findings(), _about_it())),
            Section("The way to and from other nodes", _ways()),
            Section("What looks from here come to", _looks()),
            Section("Devices", _devices()),
            Section("The kernel's tables", _tables()),
        ),
    )


def _figures() -> tuple[Panel, ...]:
    found = queries.findings((), node=NODES, severity=none_of("info"))
    return (
        stat(
            "Found here",
            "Findings of the chosen nodes that have lasted. Normal: 0.",
            Query(queries.or_zero(found)),
            unit="none",
            steps=colours.bad_from(1),
        ),
        stat(
            "Reaches others, underlay",
            "Share of looks at other nodes over the nodes' own network that work. Normal: 100 %.",
            Query(queries.success((), target="node", source_node=NODES)),
            unit="percentunit",
            steps=_WORKING,
            links=(links.to("Nodes by nodes", Uid.MATRIX),),
        ),
        stat(
            "Is reached, underlay",
            "Share of other nodes' looks at the chosen ones that work. Normal: 100 %.",
            Query(queries.success((), target="node", destination_node=NODES)),
            unit="percentunit",
            steps=_WORKING,
            links=(links.to("Nodes by nodes", Uid.MATRIX),),
        ),
        stat(
            "Reaches tasks",
            "Share of looks from the chosen nodes at single tasks that work. Normal: 100 %.",
            Query(queries.success((), target="task", source_node=NODES)),
            unit="percentunit",
            steps=_WORKING,
            links=(links.to("Who fails to reach whom", Uid.MATRIX),),
        ),
        stat(
            "Its tasks are reached",
            "Share of looks at single tasks on the chosen nodes that work. Normal: 100 %.",
            Query(queries.success((), target="task", destination_node=NODES)),
            unit="percentunit",
            steps=_WORKING,
            links=(links.to("Who fails to reach whom", Uid.MATRIX),),
        ),
        stat(
            "Namespaces unreadable",
            "Network namespaces that the agent could not read. Normal: 0.",
            Query(by("sum", (), queries.shown(catalog.NAMESPACES_UNREADABLE, node=NODES))),
            unit="none",
            steps=colours.warn_from(1),
        ),
    )


def _about() -> Panel:
    tasks = queries.shown(catalog.TOPOLOGY_OBJECTS, object="local_tasks", node=NODES)
    return table(
        "What it is",
        "Role in the Swarm, running tasks, and age of the agent's knowledge of the Swarm. Normal: "
        f"the age stays below a minute; alerts begin at {limits.TOPOLOGY_OLD_SECONDS} s.",
        Query(by("max", ("node", "role"), queries.shown(catalog.NODE_INFO, node=NODES))),
        Query(by("max", ("node",), tasks)),
        Query(
            queries.age(by("max", ("node",), queries.shown(catalog.TOPOLOGY_TIMESTAMP, node=NODES)))
        ),
        columns=(
            Column(of="node", title="Node", links=(links.cell("Node", Uid.NODES, node="node"),)),
            Column(of="role", title="Role"),
            Column(of="Value #B", title="Tasks", unit="none"),
            Column(
                of="Value #C",
                title="Knows the Swarm of",
                unit="s",
                steps=colours.bad_from(limits.TOPOLOGY_OLD_SECONDS),
                links=(links.to("Agents", Uid.AGENTS),),
            ),
        ),
        width=HALF,
        height=6,
    )


def _findings() -> Panel:
    names = ("code", "peer_node", "network", "service", "node")
    return state_timeline(
        "Found on it",
        "From when to when something on the chosen nodes disagreed with Swarm. Normal: empty.",
        Query(
            queries.findings(names, node=NODES),
            "{{code}}: {{network}} {{service}} {{peer_node}}",
        ),
        steps=colours.bad_from(1),
        links=_TO_NETWORK,
        width=HALF,
        height=6,
    )


def _about_it() -> Panel:
    return state_timeline(
        "Found about it by others",
        "What other nodes found to be wrong with the chosen ones. Normal: empty.",
        Query(queries.findings(("code", "node"), peer_node=NODES), "{{code}}, told by {{node}}"),
        steps=colours.bad_from(1),
        links=_TO_NODE,
        height=5,
    )


def _ways() -> tuple[Panel, ...]:
    pair = ("source_node", "destination_node")
    legend = "{{source_node}} to {{destination_node}}"
    echo = {"target": "task", "probe": "icmp"}
    to_other = (links.line("Other node", Uid.NODES, node="destination_node"),)
    from_other = (links.line("Other node", Uid.NODES, node="source_node"),)
    return (
        status_history(
            "From it to others, underlay",
            "Looks at other nodes' agents. Normal: green.",
            Query(queries.success(pair, target="node", source_node=NODES), legend),
            steps=_WORKING,
            links=to_other,
            width=HALF,
        ),
        status_history(
            "From it to others, overlays",
            "Looks at tasks on other nodes. Normal: green.",
            Query(queries.success(pair, target="task", source_node=NODES), legend),
            steps=_WORKING,
            links=to_other,
            width=HALF,
        ),
        status_history(
            "From others to it, overlays",
            "Other nodes' looks at the chosen ones' tasks. Normal: green.",
            Query(queries.success(pair, target="task", destination_node=NODES), legend),
            steps=_WORKING,
            links=from_other,
            width=HALF,
        ),
        timeseries(
            "Loss towards others",
            f"Share of echoes to tasks on other nodes that are lost. Normal: 0 %; alerts begin at "
            f"{limits.LOSS_SHARE:.0%}.",
            Query(queries.failed_share(pair, source_node=NODES, **echo), legend),
            unit="percentunit",
            steps=_LOSS,
            links=to_other,
        ),
    )


def _looks() -> tuple[Panel, ...]:
    last = queries.shown(catalog.PROBE_LAST_DURATION, source_node=NODES)
    return (
        timeseries(
            "Failing looks",
            "Probes of the chosen nodes whose last run failed, by kind and aim. Normal: none.",
            Query(
                queries.failing(("probe", "target"), source_node=NODES), "{{probe}} at {{target}}"
            ),
            unit="none",
            steps=colours.bad_from(1),
            links=(links.to("Who fails to reach whom", Uid.MATRIX),),
            width=THIRD,
        ),
        timeseries(
            "Last looks, mean",
            "How long the last runs took, by kind and aim, failed ones included. Normal: a few "
            "milliseconds.",
            Query(by("avg", ("probe", "target"), last), "{{probe}} at {{target}}"),
            unit="s",
            steps=_SLOW,
            width=THIRD,
        ),
        timeseries(
            "Looks that could not look",
            "Runs a second of the chosen nodes. Normal: 0, and a little while tasks end.",
            Query(
                queries.rates(("node", "probe"), catalog.PROBE_UNKNOWN, source_node=NODES),
                "{{probe}} on {{node}}",
            ),
            unit="ops",
            width=THIRD,
        ),
    )


def _devices() -> tuple[Panel, ...]:
    names = ("network", "namespace", "device")
    legend = "{{network}} {{namespace}}: {{device}}"
    here = {"node": NODES, "task": ""}
    ports: queries.Labels = {"node": NODES, "task": none_of("")}
    by_task = queries.rates(("task", "network"), catalog.LINK_TRANSMIT_BYTES, **ports)
    return (
        *(
            timeseries(
                title,
                f"{text} of devices that tasks share: bridges, VXLAN, load balancers. Normal: "
                "follows the services' traffic.",
                Query(queries.rates(names, metric, **here), legend),
                unit="Bps",
                links=_TO_NETWORK,
            )
            for title, text, metric in (
                ("Sent, by device", "Bytes sent", catalog.LINK_TRANSMIT_BYTES),
                ("Received, by device", "Bytes received", catalog.LINK_RECEIVE_BYTES),
            )
        ),
        timeseries(
            "Busiest tasks",
            "Bytes a second through the ports of the ten busiest tasks, towards them. Normal: "
            "follows their traffic.",
            Query(
                f"topk(10, {by_task})",
                "{{task}} on {{network}}",
            ),
            unit="Bps",
            links=_TO_NETWORK,
        ),
        timeseries(
            "Drops and errors",
            "Packets a second, of all devices that are read. Normal: none, but single ones while "
            "tasks come and go.",
            *(
                Query(f"{queries.rates(names, metric, node=NODES)} > 0", f"{word}: {legend}")
                for word, metric in (
                    ("dropped on receipt", catalog.LINK_RECEIVE_DROPPED),
                    ("dropped unsent", catalog.LINK_TRANSMIT_DROPPED),
                    ("receive error", catalog.LINK_RECEIVE_ERRORS),
                    ("send error", catalog.LINK_TRANSMIT_ERRORS),
                )
            ),
            unit="pps",
            steps=colours.warn_from(1),
            links=_TO_NETWORK,
        ),
        timeseries(
            "Namespaces read",
            "Network namespaces of overlays, load balancers and ingress that the agent reads. "
            "Normal: one overlay namespace for each network that has tasks here.",
            Query(
                by(
                    "sum",
                    ("node", "namespace"),
                    queries.shown(catalog.NAMESPACES, node=NODES),
                ),
                "{{namespace}} on {{node}}",
            ),
            unit="none",
            links=_TO_NODE,
        ),
        timeseries(
            "Tasks here and elsewhere",
            "Running tasks on the overlays that are on the chosen nodes. Normal: follows what is "
            "deployed.",
            Query(
                by(
                    "sum",
                    ("node", "place"),
                    queries.shown(catalog.OVERLAY_ENDPOINTS, node=NODES),
                ),
                "{{place}}, as {{node}} sees it",
            ),
            unit="none",
            links=_TO_NODE,
        ),
    )


def _tables() -> tuple[Panel, ...]:
    names = ("node", "table")
    entries = by("max", names, queries.shown(catalog.TABLE_ENTRIES, node=NODES))
    limit = by("max", names, queries.shown(catalog.TABLE_LIMIT, node=NODES))
    return (
        bar_gauge(
            "How full they are",
            "Connections that are tracked, and neighbours, against the kernel's limits. Normal: "
            f"below {limits.TABLE_NEARLY_FULL_SHARE:.0%}; a full table refuses connections.",
            Query(f"{entries} / {limit}", "{{table}} on {{node}}"),
            unit="percentunit",
            steps=_TABLE_FULL,
            most=1,
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Entries",
            "Entries of the kernel's tables. Normal: follows the traffic, without a trend.",
            Query(entries, "{{table}} on {{node}}"),
            unit="none",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Entries refused",
            "Entries a second that the kernel refused. Normal: 0.",
            Query(queries.rates(names, catalog.TABLE_REFUSED, node=NODES), "{{table}} on {{node}}"),
            unit="ops",
            steps=colours.bad_from(1e-9),
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Packets that IPsec dropped",
            "A second, by reason; of encrypted networks only. Normal: none.",
            Query(
                f"{queries.rates(('node', 'error'), catalog.XFRM_ERRORS, node=NODES)} > 0",
                "{{error}} on {{node}}",
            ),
            unit="pps",
            steps=colours.bad_from(1e-9),
            links=_TO_NODE,
            width=24,
        ),
    )
