"""Which hops does the way have on the source's node, and how do they look?"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit.situation import Situation
from probes.explain.attempts import Attempts, failed
from probes.explain.hops import Judge, tried
from probes.explain.journey import Journey
from probes.model.finding import Finding
from probes.model.path import Hop, Mark
from probes.model.reading import NamespaceReading
from probes.model.result import Result
from probes.model.topology import Network, Task
from probes.plan.lookup import address_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What the source's node knows of the way."""

    journey: Journey
    situation: Situation
    judge: Judge
    attempts: Attempts
    #: The source task's own namespace, read just now; None when it could not be.
    inside: NamespaceReading | None
    #: Why it could not be read.
    why_not: str = ""

    @property
    def place(self) -> str:
        return f"{self.journey.source_name} on {self.journey.source_node.name}"

    @property
    def node(self) -> str:
        return self.journey.source_node.name

    def name_of(self, task: Task) -> str:
        return self.situation.lookup.name_of(task)

    def node_of(self, task: Task) -> str:
        node = self.situation.lookup.nodes.get(task.node_id)
        return node.name if node else task.node_id


def before_the_network(near: Near) -> Iterator[Hop]:
    """Walk from the source's process to its port of the overlay's bridge."""
    yield _source(near)
    yield _shared(near)
    if near.attempts.name is not None:
        yield _name(near, near.attempts.name)
    network = near.journey.network
    if network is None:
        return
    yield _interface(near, network)
    yield near.judge.hop(
        "bridge port",
        f"overlay {network.name} on {near.node}",
        f"the port of {near.journey.source_name}",
        ("overlay_",),
        lambda item: (
            item.subject.network == network.name and item.subject.task == near.journey.source_name
        ),
    )


def at_the_balancer(near: Near, network: Network) -> Hop:
    """Look at what turns the virtual address into a task's."""
    journey = near.journey
    answers = ", ".join(
        f"{near.name_of(task)} {result.outcome}"
        for task in journey.backends
        if (result := near.attempts.tasks.get(task.id))
    )
    hop = near.judge.hop(
        "load balancer",
        f"lb {network.name} on {near.node}",
        f"{journey.vip} for {len(journey.backends)} tasks: {answers}",
        ("balancer_", "host_no_ipvs", "host_balancer_forwarding"),
        lambda item: _is_about(item, journey.destination.name, network.name),
    )
    direct = near.attempts.tasks.values()
    vip = near.attempts.vip
    if hop.mark is Mark.OK and vip and failed(vip) and not any(map(failed, direct)):
        return tried(
            hop.name,
            hop.place,
            vip,
            "The tasks answer, and their virtual address does not: this node's load balancer "
            "does not pass it on.",
            remedy=f"docker service update --force {journey.destination.name}",
        )
    return hop


def towards(near: Near, network: Network, backend: Task) -> Iterator[Hop]:
    """Walk from the bridge to the backend's node; nothing of it for one on this very node."""
    judge, peer, address = near.judge, near.node_of(backend), address_on(backend, network.id)
    overlay = f"overlay {network.name} on {near.node}"
    addressed = str(address)
    yield judge.hop(
        "forwarding entry",
        overlay,
        f"{addressed} is behind {'a port here' if peer == near.node else peer}",
        ("fdb_", "neighbour_"),
        lambda item: item.subject.network == network.name and item.subject.item == addressed,
    )
    yield judge.hop(
        "overlay device",
        overlay,
        "vxlan0 and br0 are as they should be",
        ("overlay_",),
        lambda item: (
            item.subject.network in {network.name, ""}
            and not item.subject.task
            and item.subject.peer in {peer, ""}
        ),
    )
    if peer == near.node:
        return
    if network.encrypted:
        yield judge.hop(
            "encryption",
            f"host {near.node}",
            f"keys for {peer}",
            ("encryption_",),
            lambda item: (
                item.subject.network in {network.name, ""} and item.subject.peer in {peer, ""}
            ),
        )
    yield judge.hop(
        "host",
        f"host {near.node}",
        "forwards, and has room in its tables",
        ("host_forward", "host_conntrack", "host_neighbours"),
        lambda _: True,
    )
    yield _underlay(near, backend)


def _source(near: Near) -> Hop:
    journey = near.journey
    if not journey.source.running:
        return Hop(
            name="source",
            place=near.place,
            mark=Mark.BROKEN,
            saw=f"{journey.source.state}, wanted {journey.source.desired_state}",
            why=f"{journey.source_name} does not run: nothing can leave it.",
            remedy=f"docker service ps --no-trunc {journey.source_service.name}",
        )
    if near.inside is None:
        return Hop(name="source", place=near.place, mark=Mark.UNKNOWN, saw=near.why_not)
    return Hop(name="source", place=near.place, mark=Mark.OK, saw="running")


def _shared(near: Near) -> Hop:
    """Find the overlay that both are on: without one, no packet can pass."""
    journey = near.journey
    place = f"{journey.source_service.name} and {journey.destination.name}"
    if not journey.shared:
        return Hop(
            name="network",
            place=place,
            mark=Mark.BROKEN,
            saw="no overlay has both",
            why=f"{place} share no overlay network, so there is no way between them.",
            remedy="docker service update --network-add NETWORK "
            f"{journey.source_service.name}  # one of the destination's",
        )
    if not journey.backends:
        return Hop(
            name="network",
            place=place,
            mark=Mark.BROKEN,
            saw=f"no task of {journey.destination.name} runs",
            why=f"No task of {journey.destination.name} runs, so nobody can answer.",
            remedy=f"docker service ps --no-trunc {journey.destination.name}",
        )
    names = ", ".join(network.name for network in journey.shared)
    return Hop(name="network", place=place, mark=Mark.OK, saw=f"both on {names}")


def _name(near: Near, result: Result) -> Hop:
    """Tell what the name resolves to; it is no hop for who knows the address."""
    name = near.journey.destination.name
    hop = tried(
        "name",
        f"resolver of {near.place}",
        result,
        f"{near.journey.source_name} asks for {name} and is not told what the Swarm says.",
        remedy=f"docker service update --force {name}",
    )
    if hop.mark is Mark.OK and result.observed.answer:
        told = ", ".join(str(address) for address in result.observed.answer.addresses)
        return Hop(name=hop.name, place=hop.place, mark=hop.mark, saw=f"{name} is {told}")
    return hop


def _interface(near: Near, network: Network) -> Hop:
    """Look at the task's own device on the network, and at the route that leads there."""
    name, place, address = "interface", near.place, near.journey.address
    if near.inside is None:
        return Hop(name=name, place=place, mark=Mark.UNKNOWN, saw=near.why_not)
    remedy = f"docker service update --force {near.journey.source_service.name}"

    def broken(saw: str, why: str) -> Hop:
        return Hop(name=name, place=place, mark=Mark.BROKEN, saw=saw, why=why, remedy=remedy)

    own = next((item for item in near.inside.addresses if item.address == address), None)
    link = next((x for x in near.inside.links if own and x.index == own.device_index), None)
    if own is None or link is None:
        return broken(
            f"{address} is on no device",
            f"{near.journey.source_name} has lost its address on {network.name}.",
        )
    if not link.up:
        why = f"{near.journey.source_name}'s own device on {network.name} is down."
        return broken(f"{link.name} is down", why)
    target = near.journey.vip or _first_address(near, network)
    route = _route(near.inside, target) if target else None
    if target and (route is None or route != link.index):
        return broken(
            f"no route to {target} over {link.name}",
            f"{near.journey.source_name} has no route to {target} on {network.name}.",
        )
    return Hop(name=name, place=place, mark=Mark.OK, saw=f"{address} on {link.name}")


def _first_address(near: Near, network: Network) -> IPv4Address | None:
    addresses = (address_on(task, network.id) for task in near.journey.backends)
    return next((address for address in addresses if address), None)


def _route(inside: NamespaceReading, target: IPv4Address) -> int | None:
    """Find the device that the longest matching route leads to."""
    matching = [route for route in inside.routes if target in route.destination]
    best = max(matching, key=lambda route: route.destination.prefixlen, default=None)
    return best.device_index if best else None


def _underlay(near: Near, backend: Task) -> Hop:
    peer, place = near.node_of(backend), f"{near.node} to {near.node_of(backend)}"
    node = near.situation.lookup.nodes.get(backend.node_id)
    if node and node.state == "down":
        return Hop(
            name="underlay",
            place=place,
            mark=Mark.BROKEN,
            saw=f"{peer} is down, by the Swarm",
            why=f"The node {peer} is down.",
            remedy=f"docker node inspect --pretty {peer}",
        )
    result = near.attempts.nodes.get(backend.node_id)
    if result is None:
        return Hop(name="underlay", place=place, mark=Mark.UNKNOWN, saw="its address is unknown")
    why = f"{peer} cannot be reached from {near.node}, not even beside the overlay."
    return tried("underlay", place, result, why, remedy=f"docker node inspect --pretty {peer}")


def _is_about(item: Finding, service: str, network: str) -> bool:
    subject = item.subject
    return subject.service in {service, ""} and subject.network in {network, ""}
