"""From which task to which service, over which networks?"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from probes.model.topology import Network, Node, Service, Task
from probes.plan.lookup import Lookup, address_on, vip_on


class NoSuchJourneyError(Exception):
    """The topology does not know the source or the destination; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody wants explained, by the ids of the Swarm."""

    source_task: str
    destination_service: str
    #: "" for the service as a whole.
    destination_task: str = ""
    #: None: an echo will do.
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A question, with everything it names looked up."""

    source: Task
    source_name: str
    source_service: Service
    #: None while the source has none.
    source_node: Node | None
    destination: Service
    #: The task that was asked for; None for the service as a whole.
    only: Task | None
    #: Running tasks of the destination, of the one asked for alone if there is one.
    backends: tuple[Task, ...]
    port: int | None
    #: The overlays that both are on; the first is the one that is taken.
    shared: tuple[Network, ...]

    @property
    def network(self) -> Network | None:
        """The overlay that is taken; None when there is none that both are on."""
        return self.shared[0] if self.shared else None

    @property
    def vip(self) -> IPv4Address | None:
        """The virtual address that is taken; None where the way leads to a task itself."""
        if self.network is None or self.only or self.destination.endpoint_mode != "vip":
            return None
        return vip_on(self.destination, self.network.id)

    @property
    def address(self) -> IPv4Address | None:
        """The source's own address on the way."""
        return address_on(self.source, self.network.id) if self.network else None

    @property
    def node_name(self) -> str:
        """Name the source's node; "" while it has none."""
        return self.source_node.name if self.source_node else ""

    @property
    def place(self) -> str:
        """Say who asks, and where it is."""
        return f"{self.source_name} on {self.node_name or 'no node yet'}"

    def over(self, told: Collection[IPv4Address]) -> "Journey":
        """Take the network of the addresses that the name resolved to, if it is one of these."""
        for network in self.shared:
            own = {address_on(task, network.id) for task in self.backends}
            if own | {vip_on(self.destination, network.id)} >= set(told) and told:
                others = tuple(item for item in self.shared if item is not network)
                return replace(self, shared=(network, *others))
        return self


def journey_of(question: Question, lookup: Lookup) -> Journey:
    """Look everything up; NoSuchJourneyError for what the topology does not know."""
    source = lookup.tasks.get(question.source_task)
    destination = lookup.services.get(question.destination_service)
    service = lookup.services.get(source.service_id) if source else None
    if source is None or service is None:
        raise NoSuchJourneyError(f"the Swarm has no task {question.source_task!r}")
    if destination is None:
        raise NoSuchJourneyError(f"the Swarm has no service {question.destination_service!r}")
    only = lookup.tasks.get(question.destination_task)
    if question.destination_task and (only is None or only.service_id != destination.id):
        raise NoSuchJourneyError(
            f"the Swarm has no task {question.destination_task!r} of {destination.name}"
        )
    ids = lookup.overlays_of(service) & lookup.overlays_of(destination)
    shared = sorted((lookup.networks[key] for key in ids), key=lambda network: network.name)
    candidates = [only] if only else lookup.tasks_of(destination)
    running = (task for task in candidates if task.running)
    return Journey(
        source=source,
        source_name=lookup.name_of(source),
        source_service=service,
        source_node=lookup.nodes.get(source.node_id),
        destination=destination,
        only=only,
        backends=tuple(sorted(running, key=lookup.name_of)),
        port=question.port,
        shared=tuple(shared),
    )
