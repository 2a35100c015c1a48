"""Which hops does the way have from the source's process to its port of the overlay?"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit.fdb import mac_of
from probes.audit.situation import Situation
from probes.explain.attempts import Attempts
from probes.explain.hops import Judge, tried
from probes.explain.journey import Journey
from probes.model.path import Hop, Mark
from probes.model.reading import NamespaceReading, Neighbour
from probes.model.result import Outcome, Result
from probes.model.topology import Network, Node, Task
from probes.plan.lookup import address_on

_NOBODY_TOLD = frozenset({Outcome.NXDOMAIN, Outcome.NO_DATA})


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
        return self.journey.place

    @property
    def node(self) -> str:
        return self.situation.node.name

    def name_of(self, task: Task) -> str:
        return self.situation.lookup.name_of(task)

    def peer(self, task: Task) -> Node | None:
        return self.situation.lookup.nodes.get(task.node_id)

    def node_of(self, task: Task) -> str:
        node = self.peer(task)
        return node.name if node else task.node_id

    @property
    def gets_out(self) -> bool:
        """Whether packets of the source came to some task, and back."""
        return any(self.attempts.reaches(task.id) for task in self.journey.backends)


def source(journey: Journey, *, why_not: str = "") -> Hop:
    """Tell whether the source runs; *why_not* is why its namespace could not be looked into."""
    name, place, task = "source", journey.place, journey.source
    if not task.running:
        said = f": {task.error}" if task.error else ""
        return Hop(
            name=name,
            place=place,
            mark=Mark.BROKEN,
            saw=f"{task.state}, wanted {task.desired_state}{said}",
            why=f"{journey.source_name} does not run, so nothing can leave it.",
            remedy=f"docker service ps --no-trunc {journey.source_service.name}",
        )
    if why_not:
        return Hop(name=name, place=place, mark=Mark.UNKNOWN, saw=why_not)
    return Hop(name=name, place=place, mark=Mark.OK, saw="runs")


def destination(journey: Journey) -> Hop:
    """Find the overlay that both are on, and somebody on it who could answer."""
    aimed = journey.destination
    both = f"{journey.source_service.name} and {aimed.name}"
    if not journey.shared:
        return Hop(
            name="network",
            place=journey.place,
            mark=Mark.BROKEN,
            saw="no overlay has both",
            why=f"{both} share no overlay network, so there is no way between them.",
            remedy=f"docker service inspect --pretty {aimed.name}; "
            f"docker service update --network-add NETWORK {journey.source_service.name}",
        )
    if journey.backends:
        names = ", ".join(network.name for network in journey.shared)
        saw = f"on {names}, as {aimed.name} is"
        return Hop(name="network", place=journey.place, mark=Mark.OK, saw=saw)
    broken, remedy = f"No task of {aimed.name} runs", f"docker service ps --no-trunc {aimed.name}"
    if journey.only:
        broken = f"The task that was asked for, of {aimed.name}, does not run"
    elif aimed.replicas == 0:
        broken, remedy = f"{aimed.name} is scaled to 0", f"docker service scale {aimed.name}=1"
    return Hop(
        name="destination",
        place=aimed.name,
        mark=Mark.BROKEN,
        saw="no task runs",
        why=f"{broken}, so nobody can answer.",
        remedy=remedy,
    )


def out_of_the_task(near: Near) -> Iterator[Hop]:
    """Walk from the source's process to its port of the overlay's bridge."""
    if near.attempts.name is not None:
        yield _name(near, near.attempts.name)
    network = near.journey.network
    if network is None:
        return
    yield _interface(near, network)
    yield near.judge.hop(
        "bridge port",
        f"overlay {network.name} on {near.node}",
        f"{near.journey.source_name} is on br0",
        ("overlay_port_",),
        lambda item: (
            item.subject.network == network.name and item.subject.task == near.journey.source_name
        ),
        works=near.gets_out,
    )


def _name(near: Near, result: Result) -> Hop:
    """Tell what the name resolves to."""
    asked, place = near.journey.destination.name, near.place
    source_service = near.journey.source_service.name
    answer = result.observed.answer
    told = ", ".join(str(address) for address in answer.addresses) if answer else ""
    if result.outcome is Outcome.OK:
        return Hop(name="name", place=place, mark=Mark.OK, saw=f"{asked} is {told}")
    if result.outcome in _NOBODY_TOLD:
        why = (
            f"The resolver of {near.place} knows no address of {asked}: "
            "the node's Engine was never told of it."
        )
        remedy = f"docker service update --force {asked}"
    elif result.outcome is Outcome.WRONG_ANSWER:
        why = f"The resolver of {near.place} gives addresses of {asked} that are not the Swarm's."
        remedy = f"docker service update --force {asked}"
    else:
        why = f"The resolver of {near.place} does not answer, so no name leads anywhere from there."
        remedy = f"docker service update --force {source_service}"
    return tried("name", place, result, why, remedy=remedy)


def _interface(near: Near, network: Network) -> Hop:
    """Look at the task's own device on the network, its route and its neighbour."""
    place, address, inside = near.place, near.journey.address, near.inside
    if inside is None:
        return Hop(name="interface", place=place, mark=Mark.UNKNOWN, saw=near.why_not)
    source = near.journey.source_name
    anew = f"docker service update --force {near.journey.source_service.name}"

    def broken(saw: str, why: str, remedy: str = anew) -> Hop:
        return Hop(name="interface", place=place, mark=Mark.BROKEN, saw=saw, why=why, remedy=remedy)

    own = next((item for item in inside.addresses if item.address == address), None)
    link = next((item for item in inside.links if own and item.index == own.device_index), None)
    if own is None or link is None:
        return broken(
            f"{address} is on no device",
            f"{source} has no device with its address {address} on {network.name}.",
        )
    if not link.enabled:
        return broken(
            f"{link.name} is down",
            f"{link.name} of {source}, its device on {network.name}, is down.",
        )
    for target in _targets(near, network):
        if _route(inside, target) != link.index:
            return broken(
                f"no route to {target} over {link.name}",
                f"{source} has no route to {target} over {link.name}, its device on "
                f"{network.name}.",
            )
    wrong = _wrong_neighbour(near, inside)
    if wrong is not None and not near.gets_out:
        row, mac = wrong
        return broken(
            f"{row.address} lladdr {row.mac} {row.state}, not {mac}",
            f"{source} sends what is for {row.address} to the MAC of somebody else.",
            f"nsenter --net=/var/run/docker/netns/{_file(inside)} "
            f"ip neigh del {row.address} dev {row.device}  # on {near.node}",
        )
    return Hop(
        name="interface", place=place, mark=Mark.OK, saw=f"{address} on {link.name}, with routes"
    )


def _wrong_neighbour(near: Near, inside: NamespaceReading) -> tuple[Neighbour, str] | None:
    """Find what the task believes of a backend's MAC, and the MAC that it has."""
    network = near.journey.network
    for task in near.journey.backends:
        address = address_on(task, network.id) if network else None
        row = next((item for item in inside.neighbours if item.address == address), None)
        known = mac_of(address) if address else ""
        if row and row.mac and row.mac != known:
            return row, known
    return None


def _file(inside: NamespaceReading) -> str:
    return (inside.vantage.netns or "").rpartition("/")[2]


def _targets(near: Near, network: Network) -> list[IPv4Address]:
    tasks = (address_on(task, network.id) for task in near.journey.backends)
    return [address for address in (near.journey.vip, *tasks) if address]


def _route(inside: NamespaceReading, target: IPv4Address) -> int | None:
    """Find the device that the longest matching route leads to."""
    matching = [route for route in inside.routes if target in route.destination]
    best = max(matching, key=lambda route: route.destination.prefixlen, default=None)
    return best.device_index if best else None
