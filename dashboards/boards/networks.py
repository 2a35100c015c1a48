"""Each overlay network: its traffic and drops, its tables, its addresses, its MTU, its gossip."""

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
    state_timeline,
    status_history,
    table,
    timeseries,
)
from dashboards.queries import NETWORKS, NODES
from dashboards.uids import Uid
from dashboards.variables import NETWORK, NODE
from exporter import catalog, limits
from exporter.promql import Matcher, by

_PLACE = ("network", "node")
_LEGEND = "{{network}} on {{node}}"
_HERE = {"network": NETWORKS, "node": NODES}
#: Docker's device for the way to other nodes.
_VXLAN = {**_HERE, "namespace": "overlay", "device": "vxlan0"}
_TO_NODE = (links.line("Node", Uid.NODES, node="node"),)
_TO_LOSS = (links.to("Who fails to reach whom", Uid.MATRIX),)
_OF_TABLES = Matcher("=~", "(fdb|neighbour)_.+")
#: Far enough to act, and no farther than a few hours of history can carry.
_AHEAD_SECONDS = 86400


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.NETWORKS,
        "Overlay networks",
        "Each overlay: traffic and drops, tables that should agree with Swarm, addresses, MTU, and "
        "what the Engines tell each other.",
        (NETWORK, NODE),
        (
            Section("Now", (_findings(), _addresses(), _devices())),
            Section("Traffic between nodes", _traffic()),
            Section("Tables against Swarm", _tables()),
            Section("Addresses", _left()),
            Section("Full-sized packets", _mtu()),
            Section("Gossip", _gossip()),
        ),
    )


def _findings() -> Panel:
    return state_timeline(
        "Findings on these networks",
        "From when to when something disagreed with what Swarm says. Normal: empty.",
        Query(
            queries.findings(("code", *_PLACE), **_HERE),
            "{{code}}: {{network}} on {{node}}",
        ),
        steps=colours.bad_from(1),
        links=_TO_NODE,
        height=6,
    )


def _addresses() -> Panel:
    used = queries.shown(catalog.NETWORK_ADDRESSES, network=NETWORKS, state="used")
    total = queries.shown(catalog.NETWORK_ADDRESSES, network=NETWORKS, state="total")
    share = f"{by('max', ('network',), used)} / {by('max', ('network',), total)}"
    return bar_gauge(
        "Addresses in use",
        "Share of a network's addresses that tasks, virtual IPs and load balancers have. Normal: "
        f"well below {1 - limits.ADDRESSES_LEFT_SHARE:.0%}: at 100 % no task starts any more.",
        Query(share, "{{network}}"),
        unit="percentunit",
        steps=colours.bad_from(1 - limits.ADDRESSES_LEFT_SHARE, 1),
        most=1,
        links=(links.line("Network", Uid.NETWORKS, network="network"),),
    )


def _devices() -> Panel:
    up = queries.shown(catalog.LINK_UP, **_HERE, namespace="overlay", task="")
    return status_history(
        "Bridge and VXLAN device",
        "Whether the devices of each overlay are up on each node. Normal: green.",
        Query(by("min", ("network", "node", "device"), up), "{{network}} on {{node}}: {{device}}"),
        unit="none",
        mappings=colours.YES,
        steps=colours.bad_below(1),
        links=_TO_NODE,
        width=HALF,
    )


def _traffic() -> tuple[Panel, ...]:
    return (
        *(
            timeseries(
                title,
                f"{what} each node's VXLAN device, on each network. Normal: follows the services' "
                "own traffic; the probes' alone never let it fall to nothing.",
                Query(queries.rates(_PLACE, metric, **_VXLAN), _LEGEND),
                unit=unit,
                links=_TO_NODE,
            )
            for title, what, metric, unit in (
                ("Sent", "Bytes sent through", catalog.LINK_TRANSMIT_BYTES, "Bps"),
                ("Received", "Bytes that came in by", catalog.LINK_RECEIVE_BYTES, "Bps"),
                ("Packets sent", "Packets sent through", catalog.LINK_TRANSMIT_PACKETS, "pps"),
                (
                    "Packets received",
                    "Packets that came in by",
                    catalog.LINK_RECEIVE_PACKETS,
                    "pps",
                ),
            )
        ),
        *(
            timeseries(
                title,
                f"{what} Normal: none, but single ones while tasks come and go.",
                *(
                    Query(
                        queries.rates(
                            ("network", "node", "device"), metric, **_HERE, namespace="overlay"
                        )
                        + " > 0",
                        f"{word}: {{{{network}}}} on {{{{node}}}}, {{{{device}}}}",
                    )
                    for word, metric in metrics
                ),
                unit="pps",
                steps=colours.warn_from(1),
                links=_TO_NODE,
            )
            for title, what, metrics in (
                (
                    "Drops",
                    (
                        "Packets that a device of the overlay dropped; for want of an entry, "
                        "among others."
                    ),
                    (
                        ("received", catalog.LINK_RECEIVE_DROPPED),
                        ("sent", catalog.LINK_TRANSMIT_DROPPED),
                    ),
                ),
                (
                    "Errors",
                    "Packets that a device of the overlay could not receive or send.",
                    (
                        ("received", catalog.LINK_RECEIVE_ERRORS),
                        ("sent", catalog.LINK_TRANSMIT_ERRORS),
                    ),
                ),
            )
        ),
    )


def _tables() -> tuple[Panel, ...]:
    entries = by("sum", _PLACE, queries.shown(catalog.FDB_ENTRIES, **_HERE, origin="static"))
    neighbours = by("sum", _PLACE, queries.shown(catalog.NEIGHBOUR_ENTRIES, **_HERE))
    remote = by("sum", _PLACE, queries.shown(catalog.OVERLAY_ENDPOINTS, **_HERE, place="remote"))
    vni = by("max", _PLACE, queries.shown(catalog.VXLAN_VNI, **_HERE))
    return (
        table(
            "Entries against tasks",
            "On each node: running tasks on other nodes, and the forwarding and neighbour entries "
            "that lead to them. Normal: at least one entry of each kind for each such task, and "
            "one more for each other node's load balancer.",
            Query(remote),
            Query(entries),
            Query(neighbours),
            Query(vni),
            columns=(
                Column(
                    of="network",
                    title="Network",
                    links=(links.cell("Network", Uid.NETWORKS, network="network"),),
                ),
                Column(
                    of="node", title="Node", links=(links.cell("Node", Uid.NODES, node="node"),)
                ),
                Column(of="Value #A", title="Tasks elsewhere", unit="none"),
                Column(of="Value #B", title="Forwarding entries", unit="none"),
                Column(of="Value #C", title="Neighbour entries", unit="none"),
                Column(of="Value #D", title="VNI", unit="none"),
            ),
            height=9,
        ),
        timeseries(
            "Entries that disagree with Swarm",
            "Forwarding and neighbour entries that are missing, wrong or left over, as the agents' "
            "checks tell them apart. Normal: none; else some tasks cannot be reached from there.",
            Query(
                queries.findings(("code", *_PLACE), code=_OF_TABLES, **_HERE),
                "{{code}}: {{network}} on {{node}}",
            ),
            unit="none",
            steps=colours.bad_from(1),
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Forwarding entries, by origin",
            "Written by Docker (static), or learned from traffic. Normal: static ones; learned "
            "ones alone mean that Docker was not told of a task.",
            Query(
                by("sum", ("origin", *_PLACE), queries.shown(catalog.FDB_ENTRIES, **_HERE)),
                "{{origin}}: {{network}} on {{node}}",
            ),
            unit="none",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Neighbour entries, by state",
            "Normal: permanent ones, which Docker writes; failed ones are asked for in vain.",
            Query(
                by("sum", ("state", "network"), queries.shown(catalog.NEIGHBOUR_ENTRIES, **_HERE)),
                "{{state}}: {{network}}",
            ),
            unit="none",
            width=THIRD,
        ),
    )


def _left() -> tuple[Panel, ...]:
    used, total = (
        by("max", ("network",), queries.shown(catalog.NETWORK_ADDRESSES, network=NETWORKS, state=s))
        for s in ("used", "total")
    )
    free = f"{total} - {used}"
    return (
        timeseries(
            "Addresses left",
            "How many tasks still fit on each network. Normal: more than the largest service has "
            "tasks, for updates that start the new ones first.",
            Query(free, "{{network}}"),
            unit="none",
            steps=colours.bad_below(1),
            links=(links.line("Network", Uid.NETWORKS, network="network"),),
        ),
        timeseries(
            "Addresses left in a day",
            "Where the last six hours lead to in a day. Normal: above 0; below it, no task will "
            "start there tomorrow.",
            Query(f"predict_linear(({free})[6h:5m], {_AHEAD_SECONDS})", "{{network}}"),
            unit="none",
            steps=colours.bad_below(1),
            links=(links.line("Network", Uid.NETWORKS, network="network"),),
        ),
    )


def _mtu() -> tuple[Panel, ...]:
    mtu = queries.shown(catalog.LINK_MTU, **_HERE, namespace="overlay", task="")
    return (
        status_history(
            "Largest packet gets through",
            "A packet as large as the network's MTU, sent in one piece over each overlay from node "
            "to node. Normal: green. Red while small ones pass: VXLAN's 50 bytes do not fit into "
            "the underlay's MTU, or somebody drops fragments.",
            Query(
                queries.success(
                    ("network", "source_node", "destination_node"),
                    probe="mtu",
                    network=NETWORKS,
                    source_node=NODES,
                ),
                "{{network}}: {{source_node}} to {{destination_node}}",
            ),
            steps=colours.bad_below(limits.SUCCESS_OBJECTIVE),
            links=_TO_LOSS,
            width=HALF,
        ),
        timeseries(
            "MTU of devices",
            "The smallest MTU among the overlay's own devices. Normal: one value for a network, "
            "50 bytes below the underlay's, or more.",
            Query(by("min", ("network", "node", "device"), mtu), f"{_LEGEND}: {{{{device}}}}"),
            unit="bytes",
            links=_TO_NODE,
        ),
    )


def _gossip() -> tuple[Panel, ...]:
    return (
        timeseries(
            "Peers",
            "Nodes that take part in each network, as each node's Engine sees it. Normal: the same "
            "number everywhere; an Engine that sees fewer is cut off.",
            Query(by("max", _PLACE, queries.shown(catalog.GOSSIP_PEERS, **_HERE)), _LEGEND),
            unit="none",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Endpoints that Engines know of",
            "Endpoints of services on each network that each Engine was told of. Normal: the same "
            "number everywhere.",
            Query(by("max", _PLACE, queries.shown(catalog.GOSSIP_ENDPOINTS, **_HERE)), _LEGEND),
            unit="none",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Age of these views",
            "How long ago each Engine was asked. Normal: below a minute.",
            Query(
                queries.age(by("max", _PLACE, queries.shown(catalog.GOSSIP_TIMESTAMP, **_HERE))),
                _LEGEND,
            ),
            unit="s",
            steps=colours.warn_from(limits.AUDIT_STALLED_SECONDS),
            links=_TO_NODE,
            width=THIRD,
        ),
    )
