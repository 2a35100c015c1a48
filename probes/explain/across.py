"""Which hops does the way have from the overlay's bridge to the backend's node?"""

from collections.abc import Iterator
from ipaddress import IPv4Address

from probes.audit.balancer_state import balancers, served_vips
from probes.audit.fdb import mac_of
from probes.audit.situation import Situation
from probes.explain.hops import tried
from probes.explain.near import Near
from probes.model.finding import Finding
from probes.model.path import Hop, Mark
from probes.model.reading import CouldNotLook
from probes.model.result import Outcome, Verdict
from probes.model.topology import Network, Task
from probes.model.vantage import VantageKind
from probes.plan.lookup import address_on

#: What is wrong with an overlay's devices on a node, whoever uses them.
DEVICES = (
    "overlay_namespace_missing",
    "overlay_device_missing",
    "overlay_bridge_down",
    "overlay_vxlan_down",
    "overlay_wrong_vni",
    "overlay_wrong_port",
    "overlay_mtu_uneven",
    "overlay_vni_taken",
)
ROWS = ("fdb_", "neighbour_")
_BALANCER = ("balancer_", "host_no_ipvs", "host_balancer_forwarding_off")
_WAY = (
    "overlay_source",
    "overlay_address_gone",
    "overlay_no_route",
    "overlay_mtu",
    "host_conntrack_full",
    "host_neighbours_full",
)
_VXLAN_DEVICES = "vxlan0 and br0 are up"


def balancer(near: Near, network: Network) -> Hop:
    """Look at what turns the virtual address into a task's."""
    journey, attempts = near.journey, near.attempts
    answered = sum(result.outcome is Outcome.OK for result in attempts.vip)
    counted = f"; {answered} of {len(attempts.vip)} connections" if attempts.vip else ""
    return near.judge.hop(
        "load balancer",
        f"lb {network.name} on {near.node}",
        f"{journey.vip} to {_backends(near, network)}{counted}",
        _BALANCER,
        lambda item: _is_about(item, journey.destination.name, network),
        works=attempts.vip_works,
    )


def _backends(near: Near, network: Network) -> str:
    """List where the load balancer sends connections, by its own table where it can be read."""
    service = near.journey.destination
    for each in balancers(near.situation):
        for served in served_vips(each, near.situation):
            if (each.network.id, served.service.id) == (network.id, service.id):
                return ", ".join(map(str, sorted(served.backends))) or "nobody"
    tasks = (address_on(task, network.id) for task in near.journey.backends)
    return ", ".join(str(address) for address in tasks if address)


def _is_about(item: Finding, service: str, network: Network) -> bool:
    subject = item.subject
    if item.code == "host_balancer_forwarding_off":
        return any(f"lb_{network.id[:9]}" in row.what for row in item.evidence)
    if item.code.startswith("host_"):
        return True
    # A stale VIP has no service, and is not ours.
    ours = subject.service == service or not (subject.service or item.code == "balancer_vip_stale")
    return ours and subject.network == network.name


def over_the_overlay(near: Near, network: Network, backend: Task) -> Iterator[Hop]:
    """Look at this node's devices and rows for the backend."""
    reached, peer = near.attempts.reaches(backend.id), near.node_of(backend)
    address = address_on(backend, network.id)
    place = f"overlay {network.name} on {near.node}"
    local = backend.node_id == near.situation.node.id
    if not local:
        yield near.judge.hop(
            "overlay",
            place,
            _VXLAN_DEVICES,
            DEVICES,
            lambda item: item.subject.network == network.name,
            works=reached,
        )
    yield near.judge.hop(
        "forwarding entry",
        place,
        f"{address} is {'here' if local else row_of(near.situation, network, address)}",
        ROWS,
        lambda item: is_row_for(item, network, address, peer),
        # Of a node that is gone, gossip has taken all rows away.
        works=reached or near.attempts.misses_node(backend.node_id),
    )
    if network.encrypted and not local:
        yield near.judge.hop(
            "encryption",
            f"host on {near.node}",
            f"keys for {peer}",
            ("encryption_",),
            lambda item: (
                item.subject.network in {network.name, ""} and item.subject.peer in {peer, ""}
            ),
            works=reached,
        )


def is_row_for(item: Finding, network: Network, address: IPv4Address | None, node: str) -> bool:
    """Tell whether a finding is about the rows for an address on a node, or for all of that."""
    subject = item.subject
    if item.code == "fdb_peer_missing":
        return (subject.network, subject.peer) == (network.name, node)
    return (subject.network, subject.item) == (network.name, str(address))


def row_of(situation: Situation, network: Network, address: IPv4Address | None) -> str:
    """Say which node an address is behind, by the forwarding entry for it."""
    reading = situation.namespace(VantageKind.OVERLAY, network.id)
    if reading is None or address is None:
        return "behind nobody: there is no overlay here"
    known = (row.mac for row in reading.neighbours if row.address == address and row.mac)
    mac = next(known, mac_of(address))
    row = next((item for item in reading.fdb if item.mac == mac and item.vtep), None)
    return f"behind {row.vtep}" if row else "behind no entry"


def to_the_node(near: Near, backend: Task) -> Hop:
    """Look at the way between the nodes, beside the overlay."""
    peer, place = near.node_of(backend), f"{near.node} to {near.node_of(backend)}"
    node, attempts = near.peer(backend), near.attempts
    result = attempts.nodes.get(backend.node_id)
    remedy = f"ping -c 3 {node.address}  # on {near.node}" if node and node.address else ""
    if node and node.state == "down" and not attempts.reaches(backend.id):
        return Hop(
            name="underlay",
            place=place,
            mark=Mark.BROKEN,
            saw=f"{peer} is down, says the Swarm",
            why=f"The node {peer} is down.",
            remedy=remedy or f"docker node inspect --pretty {peer}",
        )
    hop = near.judge.hop(
        "underlay",
        place,
        f"{node.address if node else peer} answers",
        _WAY,
        lambda item: item.subject.peer in {peer, ""},
        works=attempts.reaches(backend.id),
    )
    if hop.mark is Mark.BROKEN or result is None:
        return hop
    if attempts.misses_node(backend.node_id) and not attempts.reaches(backend.id):
        why = f"{peer} cannot be reached from {near.node}, not even beside the overlay."
        return tried("underlay", place, result, why, remedy=remedy)
    if hop.mark is Mark.OK and result.outcome.verdict is Verdict.FAILED:
        # Nodes may be told not to answer echoes; their agent did, or the overlay does.
        return Hop(name=hop.name, place=place, mark=Mark.OK, saw=f"{peer} answers")
    return hop


def departure(near: Near, network: Network, backend: Task, left: int | CouldNotLook) -> Hop:
    """Tell whether what the source sent has left its node."""
    place = f"host on {near.node}"
    if isinstance(left, CouldNotLook):
        return Hop(name="departure", place=place, mark=Mark.UNKNOWN, saw=left.why)
    sort = "ESP" if network.encrypted else "VXLAN"
    if left or near.attempts.reaches(backend.id):
        return Hop(name="departure", place=place, mark=Mark.OK, saw=f"{sort} leaves the node")
    port = near.situation.topology.data_path_port
    return Hop(
        name="departure",
        place=place,
        mark=Mark.BROKEN,
        saw=f"no {sort} packet for {near.node_of(backend)} leaves the node",
        why=f"What {near.journey.source_name} sends to {near.name_of(backend)} is dropped on "
        f"{near.node} on its way out: most likely by a firewall for UDP {port}.",
        remedy="nft list ruleset | grep -n drop; iptables -S OUTPUT; "
        f"iptables -t mangle -S  # on {near.node}",
    )
