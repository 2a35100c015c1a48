"""Cases of faults that a finding names: nothing else ever pages, neither before nor beside it."""

from exporter.catalog import FINDINGS_PENDING
from tests.alerts.finding_cases import finding
from tests.alerts.promtool import Case, Labels, series
from tests.alerts.swarm import ENDS, NODES, Look, second_network, seen

#: Some agent makes sure of something, from the fault on.
_PENDING = {series(FINDINGS_PENDING, node="node1", job="swarmscope"): "0x2 1x57"}
#: A finding that is there from the sixth scrape on.
_FOUND = "_x5 1x17 stale"


def _found(code: str, node: str, **labels: str) -> dict[str, str]:
    return {finding(code, node, **labels): _FOUND}


def _case(name: str, alert: str, shown: dict[str, str], *culprits: Labels) -> Case:
    return Case(
        name=name,
        alert=alert,
        series={**shown, **_PENDING},
        silent_at=(0, 45, ENDS + 30),
        fires_at=150,
        culprits=culprits,
        alone=True,
    )


def _dead(look: Look) -> bool:
    return "node3" in look.nodes


_ROW = {"node": "node1", "network": "shop_app", "service": "shop_api", "peer_node": "node3"}

CASES = (
    _case(
        "nodes that cannot encrypt explain a network that is dead between all of them",
        "SwarmEncryptionBroken",
        {
            **second_network(),
            **dict.fromkeys((finding("encryption_no_esp", node) for node in NODES), _FOUND),
        },
        *({"node": node} for node in NODES),
    ),
    _case(
        "a dead node is a node that is down, and nothing else",
        "SwarmNodeDown",
        {**seen(_dead), **_found("control_node_down", "node1", peer_node="node3")},
        {"node": "node3"},
    ),
    _case(
        "a service whose node is down is not told of by itself",
        "SwarmNodeDown",
        {
            **seen(_dead),
            **_found("control_node_down", "node1", peer_node="node3"),
            **_found("service_down", "node1", service="shop_api"),
        },
        {"node": "node3"},
    ),
    _case(
        "a row that is missing explains what fails to the task, also by its virtual IP",
        "SwarmForwardingBroken",
        {
            **seen(
                lambda look: (
                    look.source_node == "node1"
                    and look.destination_service == "shop_api"
                    and (look.destination_node == "node3" or look.target == "vip")
                )
            ),
            **_found("fdb_missing", **_ROW),
        },
        _ROW,
    ),
    _case(
        "a network's device that is down explains what is blocked by it",
        "SwarmOverlayDeviceBroken",
        {
            **seen(lambda look: look.crosses and "node3" in look.nodes),
            **_found("overlay_vxlan_down", "node3", network="shop_app"),
        },
        {"node": "node3", "network": "shop_app"},
    ),
    _case(
        "a node that is cut off from gossip explains what it does not reach",
        "SwarmNodeCutOffFromGossip",
        {
            **seen(lambda look: look.crosses and "node3" in look.nodes),
            **_found("fdb_peer_missing", "node1", peer_node="node3", network="shop_app"),
            **_found("fdb_peer_missing", "node2", peer_node="node3", network="shop_app"),
        },
        {"node": "node3"},
    ),
    _case(
        "a service without tasks explains its names and its virtual IP",
        "SwarmServiceDown",
        {
            **seen(lambda look: look.destination_service == "shop_api"),
            **_found("service_down", "node1", service="shop_api"),
        },
        {"service": "shop_api"},
    ),
    _case(
        "kernels without IPVS explain every virtual IP that does not answer",
        "SwarmKernelWithoutIpvs",
        {
            **seen(lambda look: look.target == "vip"),
            **_found("host_no_ipvs", "node1"),
            **_found("host_no_ipvs", "node2"),
        },
        {},
    ),
)
