"""Which hops does the way have on the destination's node, and how do they look?"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit.expected import vteps
from probes.audit.fdb import mac_of
from probes.audit.local_overlays import pasted
from probes.audit.situation import Situation
from probes.explain.across import DEVICES, ROWS, is_row_for, row_of
from probes.explain.hops import Judge
from probes.explain.journey import Journey
from probes.kernel.arrival import Arrivals
from probes.kernel.listening import Listener
from probes.model.path import Hop, Mark
from probes.model.reading import CouldNotLook, NamespaceReading
from probes.model.topology import Network, Task
from probes.model.vantage import VantageKind
from probes.plan.lookup import address_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """What the destination's node knows of the way; None is what could not be looked at."""

    journey: Journey
    network: Network
    backend: Task
    situation: Situation
    judge: Judge
    #: Whether the source's packets came to the backend and back, just now.
    works: bool
    #: Who sends on the overlay: the source, or its node's load balancer; None for a local way.
    sender: IPv4Address | None
    #: What came of the sender's echoes.
    arrivals: Arrivals | CouldNotLook | None
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

    @property
    def overlay(self) -> str:
        return f"overlay {self.network.name} on {self.node}"

    @property
    def address(self) -> IPv4Address | None:
        return address_on(self.backend, self.network.id)


def hops(far: Far) -> Iterator[Hop]:
    """Walk from the node's own devices to whatever listens in the task."""
    if far.sender is not None:
        yield from _into_the_overlay(far, far.sender)
    interface = _interface(far)
    yield far.judge.hop(
        "bridge port",
        far.overlay,
        f"{far.name} is on br0",
        ("overlay_port_",),
        lambda item: item.subject.network == far.network.name and item.subject.task == far.name,
        # A port whose task has taken its end down is down, too: then that is the cause.
        works=far.works or interface.mark is Mark.BROKEN,
    )
    yield interface
    if far.journey.port:
        yield _listening(far, far.journey.port)


def _into_the_overlay(far: Far, sender: IPv4Address) -> Iterator[Hop]:
    if far.arrivals is not None:
        yield _arrival(far, far.arrivals)
    yield far.judge.hop(
        "overlay",
        far.overlay,
        "vxlan0 and br0 are up",
        DEVICES,
        lambda item: item.subject.network == far.network.name,
        works=far.works,
    )
    if far.network.encrypted:
        peer = far.journey.node_name
        yield far.judge.hop(
            "encryption",
            f"host on {far.node}",
            f"keys for {peer}",
            ("encryption_",),
            lambda item: (
                item.subject.network in {far.network.name, ""} and item.subject.peer in {peer, ""}
            ),
            works=far.works,
        )
    yield _way_back(far, sender)
    if isinstance(far.arrivals, Arrivals) and far.arrivals.outer and not far.arrivals.inner:
        yield _unpacking(far)


def _arrival(far: Far, arrivals: Arrivals | CouldNotLook) -> Hop:
    place, peer = f"host on {far.node}", far.journey.node_name
    if isinstance(arrivals, CouldNotLook):
        return Hop(name="arrival", place=place, mark=Mark.UNKNOWN, saw=arrivals.why)
    port = far.situation.topology.data_path_port
    what = "ESP" if far.network.encrypted else f"VXLAN (UDP {port})"
    if arrivals.outer or arrivals.inner or far.works:
        return Hop(name="arrival", place=place, mark=Mark.OK, saw=f"{what} of {peer} arrives")
    return Hop(
        name="arrival",
        place=place,
        mark=Mark.BROKEN,
        saw=f"no {what} of {peer} arrives",
        why=f"{what} of {peer} does not arrive at {far.node}, though the nodes reach each other: "
        "something between them blocks it.",
        remedy=f"tcpdump -ni any udp port {port} or esp  # on {peer} and on {far.node}",
    )


def _unpacking(far: Far) -> Hop:
    port, peer = far.situation.topology.data_path_port, far.journey.node_name
    if far.works:
        return Hop(name="unpacking", place=far.overlay, mark=Mark.OK, saw="unpacked")
    return Hop(
        name="unpacking",
        place=far.overlay,
        mark=Mark.BROKEN,
        saw=f"what arrives from {peer} does not reach the overlay",
        why=f"VXLAN of {peer} arrives at {far.node} and is dropped there before it reaches "
        f"{far.network.name}: most likely by a firewall for UDP {port}.",
        remedy=f"nft list ruleset | grep -n drop; iptables -S INPUT  # on {far.node}",
    )


def _way_back(far: Far, sender: IPv4Address) -> Hop:
    """Look at the rows for the sender: VXLAN drops what comes from another node than they name.

    Which addresses load balancers have is no part of the Swarm API, so the audit does not miss
    the rows for them; here we know whose address it is.
    """
    journey, peer = far.journey, far.journey.node_name
    hop = far.judge.hop(
        "way back",
        far.overlay,
        f"{sender} is {row_of(far.situation, far.network, sender)}",
        ROWS,
        lambda item: is_row_for(item, far.network, sender, peer),
        works=far.works,
    )
    if hop.mark is not Mark.OK or far.works or sender == journey.address:
        return hop
    reading = far.situation.namespace(VantageKind.OVERLAY, far.network.id)
    vtep = vteps(far.situation.topology).get(journey.source.node_id)
    if reading is None or vtep is None:
        return hop
    mac = mac_of(sender)
    rows = [row for row in reading.fdb if row.mac == mac and row.vtep]
    known = any(row.address == sender and row.mac for row in reading.neighbours)
    if known and any(row.vtep == vtep for row in rows):
        return hop
    actual = ", ".join(f"{mac} dst {row.vtep}" for row in rows) or "no forwarding entry"
    neighbour = "" if known else ", no neighbour"
    enter = f"nsenter --net={pasted(reading)}"
    return Hop(
        name="way back",
        place=far.overlay,
        mark=Mark.BROKEN,
        saw=f"expected {mac} dst {vtep}, found {actual}{neighbour}",
        why=f"{far.node} does not know that {sender}, the load balancer of {peer}, is behind "
        f"{peer}: its connections get no answer.",
        remedy=f"{enter} bridge fdb replace {mac} dev vxlan0 dst {vtep} self permanent; "
        f"{enter} ip neigh replace {sender} lladdr {mac} dev vxlan0 nud permanent  "
        f"# on {far.node}",
    )


def _interface(far: Far) -> Hop:
    name, address = "interface", far.address
    if far.inside is None:
        return Hop(name=name, place=far.place, mark=Mark.UNKNOWN, saw=far.why_not)
    own = next((item for item in far.inside.addresses if item.address == address), None)
    link = next((x for x in far.inside.links if own and x.index == own.device_index), None)
    if link is not None and link.enabled:
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
    at = [item.address for item in far.listeners if item.port == port]
    if any(address in {IPv4Address(0), far.address} for address in at):
        return Hop(name=name, place=place, mark=Mark.OK, saw=f"something listens on {port}")
    if at:
        where = ", ".join(map(str, at))
        saw = f"port {port} is listened on at {where} alone"
        why = f"{far.name} listens on {port} at {where} alone, where nobody else can connect."
    else:
        others = sorted({item.port for item in far.listeners if not item.address.is_loopback})
        saw = f"ports listened on: {', '.join(map(str, others)) or 'none'}"
        why = f"Nothing listens on port {port} in {far.name}."
    return Hop(
        name=name,
        place=place,
        mark=Mark.BROKEN,
        saw=saw,
        why=why,
        remedy=f"docker service logs --tail 50 {far.journey.destination.name}",
    )
