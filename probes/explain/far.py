"""Which hops does the way have on the destination's node, and how do they look?"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit.situation import Situation
from probes.explain.hops import Judge
from probes.explain.journey import Journey
from probes.kernel.arrival import Arrivals
from probes.kernel.listening import Listener
from probes.model.path import Hop, Mark
from probes.model.reading import NamespaceReading
from probes.model.topology import Network, Task
from probes.plan.lookup import address_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """What the destination's node knows of the way; None is what could not be looked at."""

    journey: Journey
    network: Network
    backend: Task
    situation: Situation
    judge: Judge
    #: What came of the source's echoes, where it stands on another node.
    arrivals: Arrivals | None
    inside: NamespaceReading | None
    listeners: tuple[Listener, ...] | None
    why_not: str = ""

    @property
    def node(self) -> str:
        return self.situation.node.name

    @property
    def name(self) -> str:
        return self.situation.lookup.name_of(self.backend)

    @property
    def place(self) -> str:
        return f"{self.name} on {self.node}"


def hops(far: Far) -> Iterator[Hop]:
    """Walk from the node's own devices to whatever listens in the task."""
    overlay = f"overlay {far.network.name} on {far.node}"
    source = str(far.journey.address)
    yield far.judge.hop(
        "way back",
        overlay,
        f"{source} is behind {far.journey.source_node.name}",
        ("fdb_", "neighbour_"),
        lambda item: item.subject.network == far.network.name and item.subject.item == source,
    )
    yield far.judge.hop(
        "overlay device",
        overlay,
        "vxlan0 and br0 are as they should be",
        ("overlay_", "encryption_"),
        lambda item: item.subject.network in {far.network.name, ""} and not item.subject.task,
    )
    if far.arrivals is not None:
        yield _arrival(far, far.arrivals)
    yield far.judge.hop(
        "bridge port",
        overlay,
        f"the port of {far.name}",
        ("overlay_",),
        lambda item: item.subject.network == far.network.name and item.subject.task == far.name,
    )
    yield _interface(far)
    if far.journey.port:
        yield _listening(far, far.journey.port)


def _arrival(far: Far, arrivals: Arrivals) -> Hop:
    name, place = "arrival", far.node
    source, peer = far.journey.source_name, far.journey.source_node.name
    saw = f"{arrivals.outer} packets of {source} at the node, {arrivals.inner} in the overlay"
    if arrivals.inner:
        return Hop(name=name, place=place, mark=Mark.OK, saw=saw)
    if far.judge.works:
        return Hop(name=name, place=place, mark=Mark.UNKNOWN, saw=saw)
    port = far.situation.topology.data_path_port
    if arrivals.outer:
        why = (
            f"VXLAN of {peer} arrives at {far.node} and is dropped there before it reaches the "
            f"overlay: a firewall for UDP {port}, or a forwarding entry that names another node."
        )
        remedy = "nft list ruleset | grep -n drop; iptables -S INPUT"
    else:
        why = (
            f"VXLAN (UDP {port}) of {peer} does not arrive at {far.node}, though the nodes reach "
            "each other: something between them, or on one of them, blocks it."
        )
        remedy = f"tcpdump -ni any udp port {port}"
    return Hop(name=name, place=place, mark=Mark.BROKEN, saw=saw, why=why, remedy=remedy)


def _interface(far: Far) -> Hop:
    name, address = "interface", address_on(far.backend, far.network.id)
    if far.inside is None:
        return Hop(name=name, place=far.place, mark=Mark.UNKNOWN, saw=far.why_not)
    own = next((item for item in far.inside.addresses if item.address == address), None)
    link = next((x for x in far.inside.links if own and x.index == own.device_index), None)
    if own is not None and link is not None and link.up:
        return Hop(name=name, place=far.place, mark=Mark.OK, saw=f"{address} on {link.name}")
    saw = f"{link.name} is down" if link else f"{address} is on no device"
    return Hop(
        name=name,
        place=far.place,
        mark=Mark.BROKEN,
        saw=saw,
        why=f"{far.name} cannot receive on {far.network.name}: {saw}.",
        remedy=f"docker service update --force {far.journey.destination.name}",
    )


def _listening(far: Far, port: int) -> Hop:
    name, place = "process", far.place
    if far.listeners is None:
        return Hop(name=name, place=place, mark=Mark.UNKNOWN, saw=far.why_not)
    own = address_on(far.backend, far.network.id)
    at = [item.address for item in far.listeners if item.port == port]
    remedy = f"docker service logs --tail 50 {far.journey.destination.name}"
    if any(address in {IPv4Address(0), own} for address in at):
        return Hop(name=name, place=place, mark=Mark.OK, saw=f"something listens on {port}")
    if at:
        where = ", ".join(map(str, at))
        saw, why = f"port {port} is listened on at {where} alone", "not on the overlay's address"
    else:
        others = sorted({item.port for item in far.listeners if not item.address.is_loopback})
        listed = ", ".join(map(str, others)) or "none"
        saw, why = f"nothing listens on {port}; ports: {listed}", "nothing listens there"
    return Hop(
        name=name,
        place=place,
        mark=Mark.BROKEN,
        saw=saw,
        why=f"{far.name} does not take connections on {port}: {why}.",
        remedy=remedy,
    )
