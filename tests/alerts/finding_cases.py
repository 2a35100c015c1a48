"""Cases of alerts that are made of findings: who tells what, and who is the culprit."""

from exporter.catalog import FINDINGS, FINDINGS_HELD, NODE_INFO
from tests.alerts.promtool import ALERTS, SCRAPE_SECONDS, Case, Labels, series

#: A finding is there from the fourth scrape on, for twenty scrapes.
_BEFORE, _SCRAPES = 3, 20
_BEGINS = _BEFORE * SCRAPE_SECONDS
_ENDS = (_BEFORE + _SCRAPES + 1) * SCRAPE_SECONDS
_VALUES = f"_x{_BEFORE} 1x{_SCRAPES - 1} stale"


def finding(code: str, node: str, **labels: str) -> str:
    """Name the series of a finding, told by the agent of *node*."""
    return series(
        FINDINGS_HELD,
        code=code,
        severity=FINDINGS[code].severity.value,
        node=node,
        instance=f"198.18.0.1{node[-1]}:9877",
        job="swarmscope",
        **labels,
    )


def _case(alert: str, *told: str, by: tuple[Labels, ...], name: str = "", after: int = 0) -> Case:
    fires = _BEGINS + int(ALERTS[alert].hold_seconds) + after
    return Case(
        name=name or f"{alert} names the culprit, once",
        alert=alert,
        series=dict.fromkeys(told, _VALUES),
        silent_at=(0, fires - 5, _ENDS),
        fires_at=fires,
        culprits=by,
    )


def _plain(alert: str, *codes: str, **labels: str) -> Case:
    """Let one node tell of two networks' or services' worth of findings: one alert, its own."""
    kept = {key: value for key, value in labels.items() if key in ALERTS[alert].labels}
    told = [finding(code, "node2", **labels) for code in codes]
    return _case(alert, *told, by=({"node": "node2", **kept},))


def _swarm(alert: str, *codes: str, **labels: str) -> Case:
    """Let two nodes tell the same of the whole Swarm: one alert, whoever told."""
    told = [finding(code, node, **labels) for code in codes for node in ("node1", "node2")]
    return _case(alert, *told, by=(labels,))


_ON = {"network": "shop_app", "service": "shop_api"}
_NETWORK = {"network": "shop_app"}
_SERVICE = {"service": "shop_api"}

_WHOLE = (
    _case(
        "SwarmNodeDown",
        finding("control_node_down", "node1", peer_node="node3"),
        finding("control_node_down", "node2", peer_node="node3"),
        by=({"node": "node3"},),
    ),
    _case(
        "SwarmManagerUnreachable",
        finding("control_manager_unreachable", "node1", peer_node="node2"),
        by=({"node": "node2"},),
    ),
    _swarm("SwarmQuorumAtRisk", "control_quorum_at_risk"),
    _swarm("SwarmNoLeader", "control_no_leader"),
    _case(
        "SwarmNodeCutOffFromGossip",
        finding("gossip_peer_missing", "node1", peer_node="node3"),
        by=({"node": "node3"},),
        name="the node that a manager's agent names is cut off from gossip",
    ),
    _case(
        "SwarmNodeCutOffFromGossip",
        *(
            finding("fdb_peer_missing", node, peer_node=peer, network=network)
            for network in ("ingress", "shop_app")
            for node, peer in (
                ("node1", "node3"),
                ("node2", "node3"),
                ("node3", "node1"),
                ("node3", "node2"),
            )
        ),
        by=({"node": "node3"},),
        name="the node that most pairs have in common is cut off from gossip",
    ),
    _case(
        "SwarmNodeCutOffFromGossip",
        finding("fdb_peer_missing", "node2", peer_node="node3", network="shop_app"),
        series(NODE_INFO, node="node3", exported_node="node3", role="worker", job="swarmscope"),
        by=({"node": "node2"},),
        name="of one pair that stays the only one, the node that looks is cut off",
        after=15,
    ),
    _case(
        "SwarmNodeCutOffFromGossip",
        finding("fdb_peer_missing", "node1", peer_node="node2", network="shop_app"),
        finding("fdb_peer_missing", "node2", peer_node="node1", network="shop_app"),
        series(NODE_INFO, node="node1", exported_node="node1", role="manager", job="swarmscope"),
        series(NODE_INFO, node="node2", exported_node="node2", role="worker", job="swarmscope"),
        by=({"node": "node2"},),
        name="of two that miss each other, the worker is cut off",
        after=15,
    ),
    _case(
        "SwarmNodeCutOffFromGossip",
        finding("gossip_peer_missing", "node1", peer_node="node3"),
        finding("fdb_peer_missing", "node1", peer_node="node2", network="shop_app"),
        by=({"node": "node3"},),
        name="what a manager's agent says of gossip goes before what tables say",
    ),
    _swarm("SwarmServiceDown", "service_down", **_SERVICE),
    _swarm("SwarmServiceDegraded", "service_degraded", "service_stuck", **_SERVICE),
    _case(
        "SwarmAgentMissing",
        finding("control_agent_missing", "node1", peer_node="node3", service="swarmscope_agent"),
        by=({"node": "node3"},),
        name="an agent that reports nothing is missing",
    ),
    _case(
        "SwarmKernelWithoutIpvs",
        *(finding("host_no_ipvs", node) for node in ("node1", "node2", "node3")),
        by=({},),
        name="kernels without IPVS are one alert for the whole Swarm",
    ),
    _swarm("SwarmAddressesExhausted", "address_exhausted", **_NETWORK),
    _swarm("SwarmAddressesNearlyExhausted", "address_nearly_exhausted", **_NETWORK),
    _swarm("SwarmAddressDuplicate", "address_duplicate", "address_balancer_duplicate", **_ON),
    _swarm("SwarmSubnetOverlapsVital", "address_overlap_vital", **_NETWORK),
    _swarm("SwarmSubnetOverlaps", "address_overlap", **_NETWORK),
    _swarm("SwarmPolicyViolated", "policy_violated", **_SERVICE),
    _swarm("SwarmServiceBelowDeclared", "declared_too_few", **_SERVICE),
    _swarm(
        "SwarmNetworkNotAsDeclared",
        "declared_network_missing",
        "declared_network_differs",
        "declared_head_room",
        **_NETWORK,
    ),
    _swarm(
        "SwarmServiceNotAsDeclared",
        "declared_service_missing",
        "declared_service_differs",
        "policy_no_way",
        **_SERVICE,
    ),
    _swarm("SwarmVipNotAllocated", "address_no_vip", **_ON),
    _swarm("SwarmPublishedPortDeadEverywhere", "ingress_port_dead_everywhere", **_SERVICE),
)

_OF_ONE_NODE = (
    _plain("SwarmForwardingBroken", "fdb_missing", "neighbour_missing", peer_node="node3", **_ON),
    _plain("SwarmForwardingSuspect", "fdb_stale", "fdb_learned_only", **_ON),
    _plain("SwarmOverlayDeviceBroken", "overlay_vxlan_down", "overlay_port_down", **_NETWORK),
    _plain("SwarmUnderlayBroken", "overlay_source", "overlay_no_route", peer_node="node3"),
    _plain("SwarmOverlayMtuTooSmall", "overlay_mtu", "overlay_mtu_uneven", **_NETWORK),
    _plain("SwarmOverlaySuspect", "overlay_losing", "overlay_bridge_full", **_NETWORK),
    _plain("SwarmEncryptionBroken", "encryption_missing", "encryption_no_esp", peer_node="node3"),
    _plain("SwarmEncryptionUnprotected", "encryption_unprotected", **_NETWORK),
    _plain("SwarmEncryptionErrors", "encryption_errors"),
    _plain("SwarmForwardingOff", "host_forwarding_off", "host_forward_drops"),
    _plain("SwarmKernelTableFull", "host_conntrack_full", "host_neighbours_full"),
    _plain("SwarmKernelTableNearlyFull", "host_conntrack_nearly_full"),
    _plain("SwarmLoadBalancerBroken", "balancer_vip_missing", "balancer_no_backend", **_ON),
    _plain("SwarmLoadBalancerSuspect", "balancer_backend_missing", "balancer_sysctl", **_ON),
    _plain("SwarmIngressBroken", "ingress_rule_missing", "ingress_mark_missing", **_ON),
    _plain("SwarmPublishedPortDead", "ingress_port_dead", **_ON),
    _plain("SwarmIngressSuspect", "ingress_backend_missing", **_ON),
    _plain("SwarmDnsWrong", "dns_unknown", "dns_outside", **_ON),
    _plain("SwarmResolverSilent", "dns_resolver_silent", **_SERVICE),
    _plain("SwarmDnsSuspect", "dns_missing", "dns_duplicate", **_ON),
    _plain("SwarmGossipStale", "gossip_task_missing", "gossip_task_stale", **_ON),
    _plain("SwarmGossipSuspect", "gossip_view_differs", "gossip_node_left_over", **_NETWORK),
    _plain("SwarmTopologyStale", "control_topology_stale"),
    _plain("SwarmFinding", "balancer_uneven", **_ON),
)

#: The second agent tells a scrape later: until then, nobody knows who is at fault.
_ONE_BY_ONE = Case(
    name="the first pair waits for the second, which names the culprit",
    alert="SwarmNodeCutOffFromGossip",
    series={
        finding("fdb_peer_missing", "node1", peer_node="node3", network="db"): _VALUES,
        finding("fdb_peer_missing", "node2", peer_node="node3", network="db"): "_x4 1x18 stale",
    },
    silent_at=(0, _BEGINS, _BEGINS + SCRAPE_SECONDS - 5, _ENDS),
    fires_at=_BEGINS + SCRAPE_SECONDS,
    culprits=({"node": "node3"},),
    alone=True,
)

CASES = (*_WHOLE, _ONE_BY_ONE, *_OF_ONE_NODE)
