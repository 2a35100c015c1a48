"""What changed lately? Eventually consistent is not broken: what is moving gets time to settle."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from probes.audit.situation import Departed
from probes.model.finding import Subject
from probes.model.topology import NO_TOPOLOGY, Node, Service, Task, Topology
from probes.plan.lookup import Lookup

#: Gossip reaches every node within seconds; an Engine that has just joined may take 30 s (moby
#: 07c6062e1f, fixed in 29.6).
GRACE_SECONDS = 30.0
#: What never comes to rest, such as a task that fails again and again, is looked at all the same.
LONGEST_GRACE_SECONDS = 300.0
#: Swarm starts a task within seconds; what takes longer waits for something.
_ON_ITS_WAY_SECONDS = 60.0
_REMEMBER_SECONDS = 86_400.0
_REMEMBER_MOST = 10_000
_UPDATING = frozenset({"updating", "rollback_started"})


@dataclass(frozen=True, slots=True)
class Unrest:
    """A spell of changes, none of them longer than the grace apart."""

    began_at: float
    last_at: float

    def holds(self, now: float) -> bool:
        """Tell whether it is too early to judge."""
        return now - self.last_at < GRACE_SECONDS and now - self.began_at < LONGEST_GRACE_SECONDS


class Parts:
    """A topology by names, each part with what makes it another one."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.lookup = Lookup(topology)
        tasks = defaultdict[str, list[tuple[object, ...]]](list)
        for task in topology.tasks:
            tasks[task.service_id].append(_state(task))
        self.services = {
            service.name: (_specification(service), tuple(tasks[service.id]))
            for service in topology.services
        }
        self.networks = {network.name: network for network in topology.networks}
        self.nodes = {node.name: _member(node) for node in topology.nodes}
        self.networks_of = {
            service.name: tuple(self._networks(service)) for service in topology.services
        }
        self.restless = set(self._restless(topology))
        self.addresses = {
            (item.network_id, item.address): task
            for task in topology.tasks
            if task.running or task.in_transition
            for item in task.addresses
        }

    def _networks(self, service: Service) -> Iterator[str]:
        ids = {item.network_id for item in service.attachments}
        ids |= {item.network_id for item in service.vips}
        for network_id in ids:
            if network_id in self.lookup.networks:
                yield self.lookup.networks[network_id].name

    def _restless(self, topology: Topology) -> Iterator[str]:
        for service in topology.services:
            if service.update_state in _UPDATING:
                yield service.name
        for task in topology.tasks:
            service_of = self.lookup.services.get(task.service_id)
            if task.in_transition and service_of and not _is_stuck(task, topology):
                yield service_of.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What has moved, by name; made anew by `follow` each time that somebody looks."""

    parts: Parts = field(default_factory=lambda: Parts(NO_TOPOLOGY), compare=False)
    services: Mapping[str, Unrest] = field(default_factory=dict)
    networks: Mapping[str, Unrest] = field(default_factory=dict)
    nodes: Mapping[str, Unrest] = field(default_factory=dict)
    departed: Mapping[tuple[str, IPv4Address], Departed] = field(default_factory=dict)

    def unsettled(self, subject: Subject, node: str, now: float) -> bool:
        """Tell whether what a finding of *node* is about is still on its way somewhere.

        A service's own calm counts for what concerns it; else that of its network.
        """
        concerned = [self.nodes.get(node), self.nodes.get(subject.peer)]
        if subject.service:
            concerned.append(self.services.get(subject.service))
        elif subject.network:
            concerned.append(self.networks.get(subject.network))
        return any(unrest is not None and unrest.holds(now) for unrest in concerned)


def follow(before: Changes, topology: Topology, now: float) -> Changes:
    """Compare with the topology that was looked at last, and note what moved.

    At the first look everything counts as just changed: nobody knows since when it is so.
    """
    old = before.parts
    if topology is old.topology and not old.restless:
        return before
    new = Parts(topology)
    moved = _differing(old.services, new.services) | set(new.restless)
    networks = {
        network
        for name in moved
        for network in (*old.networks_of.get(name, ()), *new.networks_of.get(name, ()))
    }
    networks |= _differing(old.networks, new.networks)
    return Changes(
        parts=new,
        services=_touched(before.services, moved, now),
        networks=_touched(before.networks, networks, now),
        nodes=_touched(before.nodes, _differing(old.nodes, new.nodes), now),
        departed=_departed(before, old, new, now),
    )


def _is_stuck(task: Task, topology: Topology) -> bool:
    """Tell whether a task has been on its way for so long that nothing moves any more."""
    return bool(task.updated_at) and topology.read_at - task.updated_at > _ON_ITS_WAY_SECONDS


def _state(task: Task) -> tuple[object, ...]:
    return task.id, task.state, task.desired_state, task.node_id, task.addresses


def _specification(service: Service) -> tuple[object, ...]:
    return (
        service.id,
        service.mode,
        service.replicas,
        service.endpoint_mode,
        service.vips,
        service.ports,
        service.attachments,
        service.update_state,
    )


def _member(node: Node) -> tuple[object, ...]:
    return node.id, node.address, node.state, node.availability, node.engine_version


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _touched(known: Mapping[str, Unrest], moved: Iterable[str], now: float) -> Mapping[str, Unrest]:
    lately = {
        name: unrest for name, unrest in known.items() if now - unrest.last_at < GRACE_SECONDS
    }
    return lately | {
        name: Unrest(lately[name].began_at if name in lately else now, now) for name in moved
    }


def _departed(
    before: Changes, old: Parts, new: Parts, now: float
) -> Mapping[tuple[str, IPv4Address], Departed]:
    kept = {
        place: gone
        for place, gone in before.departed.items()
        if place not in new.addresses and now - gone.at < _REMEMBER_SECONDS
    }
    for place in old.addresses.keys() - new.addresses.keys():
        task = old.addresses[place]
        kept[place] = Departed(name=old.lookup.name_of(task), node_id=task.node_id, at=now)
    newest = sorted(kept.items(), key=lambda item: item[1].at)[-_REMEMBER_MOST:]
    return dict(newest)
