"""What could this node look at, knowing nothing but what Swarm says and services declare?

From one local running task of each service, towards every service that shares a network with it;
and from the node itself, towards the nodes where our own agents run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from ipaddress import IPv4Address

from probes.model.intent import ServiceIntent
from probes.model.local import LocalTask
from probes.model.probe import (
    KIND_OF,
    DnsLook,
    HttpLook,
    IcmpLook,
    Kind,
    Look,
    Probe,
    ProbeId,
    Target,
    TcpLook,
    endpoint_of,
)
from probes.model.topology import Node, Service, Task
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.plan import answers
from probes.plan.budget import Candidate, Tier
from probes.plan.lookup import Lookup, address_on, vip_on

#: Docker's embedded resolver, in every container's own namespace.
EMBEDDED_RESOLVER = IPv4Address("127.0.0.11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to probe, how long to wait, and what is slow, where nobody declared otherwise."""

    interval_seconds: float
    timeout_seconds: float
    slow_seconds: float

    def towards(self, declared: ServiceIntent) -> "Pace":
        """Give the pace for one service, which may have been declared otherwise."""
        interval = declared.interval_seconds or self.interval_seconds
        timeout = declared.timeout_seconds or self.timeout_seconds
        # A probe never overlaps itself, so it may not wait as long as its interval.
        return Pace(
            interval_seconds=interval,
            timeout_seconds=min(timeout, interval * 0.9),
            slow_seconds=declared.slow_seconds or self.slow_seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """A local running task that its service is probed from."""

    service: Service
    task: Task
    vantage: Vantage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """From a standpoint to a service, over the networks that they share."""

    source: Standpoint
    destination: Service
    node: Node
    networks: tuple[str, ...]
    #: Nodes (ids) from which the source service could look.
    runners: tuple[str, ...]


def standpoints(lookup: Lookup, local: Iterable[LocalTask]) -> list[Standpoint]:
    """Choose one local task per service: the first by name that runs and is meant to."""
    chosen: dict[str, Standpoint] = {}
    placed = [(lookup.tasks.get(item.task_id), item) for item in local if item.netns]
    running = [(task, item) for task, item in placed if task and task.running]
    for task, item in sorted(running, key=lambda pair: lookup.name_of(pair[0])):
        service = lookup.services.get(task.service_id)
        if service and service.id not in chosen and lookup.intent_of(service).probed:
            vantage = Vantage(kind=VantageKind.TASK, name=lookup.name_of(task), netns=item.netns)
            chosen[service.id] = Standpoint(service=service, task=task, vantage=vantage)
    return list(chosen.values())


def towards_services(
    lookup: Lookup,
    node: Node,
    sources: Iterable[Standpoint],
    pace: Pace,
) -> Iterator[Candidate]:
    """Want every source to look at every service that it shares an overlay with, itself too."""
    overlays = {service.id: lookup.overlays_of(service) for service in lookup.services.values()}
    for source in sources:
        runners = {task.node_id for task in lookup.tasks_of(source.service) if task.running}
        for destination in lookup.services.values():
            shared = overlays[source.service.id] & overlays[destination.id]
            if shared and lookup.intent_of(destination).probed:
                edge = _Edge(
                    source=source,
                    destination=destination,
                    node=node,
                    networks=tuple(sorted(shared)),
                    runners=tuple(sorted(runners)),
                )
                yield from _over_edge(edge, lookup, pace)


def _over_edge(edge: _Edge, lookup: Lookup, pace: Pace) -> Iterator[Candidate]:
    declared = lookup.intent_of(edge.destination)
    own = pace.towards(declared)
    for candidate in (*_names(edge, lookup), *_vips(edge, lookup), *_tasks(edge, lookup)):
        probe = candidate.probe
        if probe.id.probe not in declared.without and not _is_forbidden(edge, probe.look, lookup):
            paced = replace(
                probe,
                interval_seconds=own.interval_seconds,
                timeout_seconds=own.timeout_seconds,
                slow_seconds=own.slow_seconds,
            )
            yield replace(candidate, probe=paced)


def _is_forbidden(edge: _Edge, look: Look, lookup: Lookup) -> bool:
    """Tell whether the policy says that it must fail; a name may be known to whom it says no."""
    flows = lookup.forbidden(edge.source.service, edge.destination)
    match look:
        case TcpLook(port=port) | HttpLook(port=port):
            return any(flow.forbids(port) for flow in flows)
        case IcmpLook():
            return any(not flow.ports for flow in flows)
        case _:
            return False


def _names(edge: _Edge, lookup: Lookup) -> Iterator[Candidate]:
    """Names have no answer before a first task runs, so there is nothing to expect then."""
    service = edge.destination
    if not any(task.running for task in lookup.tasks_of(service)):
        return
    network = lookup.networks[edge.networks[0]].name if len(edge.networks) == 1 else ""
    for name, expected in (
        (service.name, answers.of_service_name(service, edge.networks, lookup)),
        (f"tasks.{service.name}", answers.of_tasks_name(service, edge.networks, lookup)),
    ):
        if expected:
            look = DnsLook(name=name, server=EMBEDDED_RESOLVER, expected=expected)
            yield _candidate(edge, Tier.NAMES, look, Target.NAME, network=network)


def _vips(edge: _Edge, lookup: Lookup) -> Iterator[Candidate]:
    """A VIP without a running task has nobody to answer for it: not the network's fault."""
    service = edge.destination
    if not any(task.running for task in lookup.tasks_of(service)):
        return
    for network_id in edge.networks:
        vip = vip_on(service, network_id)
        if vip:
            network = lookup.networks[network_id].name
            for look, assumed in _conversations(service, vip, lookup):
                yield _candidate(
                    edge,
                    Tier.SERVICES,
                    look,
                    Target.VIP,
                    network=network,
                    assumed=assumed,
                )


def _tasks(edge: _Edge, lookup: Lookup) -> Iterator[Candidate]:
    """Look at each running task but the one that we stand in."""
    for task in lookup.tasks_of(edge.destination):
        if not task.running or task.id == edge.source.task.id:
            continue
        for network_id in edge.networks:
            address = address_on(task, network_id)
            if address is None:
                continue
            echo = (IcmpLook(address=address), False)
            for look, assumed in (echo, *_conversations(edge.destination, address, lookup)):
                yield _candidate(
                    edge,
                    Tier.TASKS,
                    look,
                    Target.TASK,
                    network=lookup.networks[network_id].name,
                    assumed=assumed,
                    destination_node=lookup.nodes[task.node_id].name,
                    destination_task=lookup.name_of(task),
                )


def _conversations(
    service: Service,
    address: IPv4Address,
    lookup: Lookup,
) -> Iterator[tuple[Look, bool]]:
    """List what the service should answer at *address*, and whether that is only assumed."""
    declared = lookup.intent_of(service)
    known = {port.target for port in service.ports if port.protocol == "tcp"} | {*declared.tcp}
    by_http = {check.port for check in declared.http}
    for port in sorted(known | lookup.exposed_by(service)):
        yield TcpLook(address=address, port=port), port not in known | by_http
    for check in declared.http:
        yield HttpLook(address=address, **asdict(check)), False


def _candidate(
    edge: _Edge,
    tier: Tier,
    look: Look,
    target: Target,
    *,
    network: str,
    assumed: bool = False,
    destination_node: str = "",
    destination_task: str = "",
) -> Candidate:
    probe_id = ProbeId(
        probe=KIND_OF[type(look)],
        target=target,
        network=network,
        source_service=edge.source.service.name,
        source_node=edge.node.name,
        destination_service=edge.destination.name,
        destination_node=destination_node,
        destination_task=destination_task,
        endpoint=endpoint_of(look),
    )
    probe = Probe(
        id=probe_id,
        look=look,
        vantage=edge.source.vantage,
        interval_seconds=0,
        timeout_seconds=0,
        assumed=assumed,
    )
    return Candidate(probe, tier, edge.runners)


def towards_agents(
    lookup: Lookup,
    node: Node,
    agent_service: str,
    agent_port: int,
    pace: Pace,
) -> Iterator[Candidate]:
    """Want a TCP connection over the underlay to the agent on every other node.

    A dead node's agent is still wanted: its task stays in transition until Swarm gives it up.
    """
    service = next((item for item in lookup.services.values() if item.name == agent_service), None)
    if service is None:
        return
    placed = {task.node_id for task in lookup.tasks_of(service)}
    for other in lookup.nodes.values():
        if other.id == node.id or other.id not in placed or other.address is None:
            continue
        probe_id = ProbeId(
            probe=Kind.TCP,
            target=Target.NODE,
            network="host",
            source_service=agent_service,
            source_node=node.name,
            destination_service=agent_service,
            destination_node=other.name,
            endpoint=str(agent_port),
        )
        probe = Probe(
            id=probe_id,
            look=TcpLook(address=other.address, port=agent_port),
            vantage=HOST,
            interval_seconds=pace.interval_seconds,
            timeout_seconds=pace.timeout_seconds,
            slow_seconds=pace.slow_seconds,
        )
        yield Candidate(probe, Tier.NODES, (node.id,))
