"""What happens when the way is really taken? The looks that an explanation starts from."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from probes.explain.journey import Journey
from probes.model.probe import (
    KIND_OF,
    DnsLook,
    IcmpLook,
    Look,
    Probe,
    ProbeId,
    Target,
    TcpLook,
    endpoint_of,
)
from probes.model.result import Outcome, Result, Verdict
from probes.model.vantage import Vantage
from probes.net import RESPONSE_BYTES
from probes.plan import answers
from probes.plan.candidates import EMBEDDED_RESOLVER
from probes.plan.lookup import Lookup, address_on
from probes.runner import run

#: A lost SYN is sent again after a second (RFC 6298); who answers at all does so within this.
_PATIENCE_SECONDS = 1.5
_ECHO_SECONDS = 0.2
#: More than a person reads, and fewer than a service may have.
_MOST_BACKENDS = 16
#: IPVS takes one backend after the other: twice as many tries meet each of a few.
_TRIES_PER_BACKEND, _MOST_TRIES = 2, 8
#: The peer's kernel answered, whatever it said.
_ARRIVED = frozenset({Outcome.OK, Outcome.REFUSED, Outcome.RESET})

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How each attempt ended; those that make no sense are absent."""

    #: The destination's name, at the source's resolver.
    name: Result | None = None
    #: Connections to the virtual address.
    vip: tuple[Result, ...] = ()
    #: The destination's tasks themselves, by id: on the port, or by an echo where none is known.
    tasks: Mapping[str, Result] = field(default_factory=dict)
    echoes: Mapping[str, Result] = field(default_factory=dict)
    #: Echoes from the load balancer of the source's node, which takes what is for the VIP there.
    passed_on: Mapping[str, Result] = field(default_factory=dict)
    #: The agents on the tasks' nodes, and the nodes themselves, over the underlay, by node id.
    agents: Mapping[str, Result] = field(default_factory=dict)
    nodes: Mapping[str, Result] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Whether the destination answers however it was tried."""
        tried = [*self.vip, *self.tasks.values()]
        return (
            bool(self.tasks)
            and all(_worked(result) for result in tried)
            and (self.name is None or _worked(self.name))
        )

    @property
    def vip_works(self) -> bool | None:
        """Whether each connection to the virtual address came about; None if none was tried."""
        return all(map(_worked, self.vip)) if self.vip else None

    def reaches(self, task_id: str) -> bool:
        """Tell whether packets come to a task and back, be it listening or not."""
        tried = (self.tasks.get(task_id), self.echoes.get(task_id))
        return any(result is not None and result.outcome in _ARRIVED for result in tried)

    def misses_node(self, node_id: str) -> bool:
        """Tell whether nothing came back from a node, not even beside the overlay."""
        tried = [found for found in (self.agents.get(node_id), self.nodes.get(node_id)) if found]
        return bool(tried) and all(result.outcome not in _ARRIVED for result in tried)


def failed(result: Result | None) -> bool:
    """Tell whether an attempt was made and the network said no."""
    return result is not None and result.outcome.verdict is Verdict.FAILED


def _worked(result: Result) -> bool:
    return result.outcome.verdict is Verdict.WORKED


async def resolve(journey: Journey, vantage: Vantage, lookup: Lookup) -> Result | None:
    """Ask the source's resolver for the destination; None where no name leads to it."""
    if not journey.shared or journey.only:
        return None
    networks = [network.id for network in journey.shared]
    expected = answers.of_service_name(journey.destination, networks, lookup)
    question = DnsLook(name=journey.destination.name, server=EMBEDDED_RESOLVER, expected=expected)
    return await _take(question, vantage, journey)


async def attempt(
    journey: Journey,
    vantage: Vantage,
    balancer: Vantage | None,
    host: Vantage,
    *,
    lookup: Lookup,
    agent_port: int,
    name: Result | None,
) -> Attempts:
    """Take the way from the source's namespace, all looks at once.

    *balancer* is the namespace of the network's load balancer on this node, where there is one;
    *name* is what came of `resolve`.
    """
    looks: dict[_Key, tuple[Look, Vantage]] = {
        **dict(_to_tasks(journey, vantage, balancer)),
        **dict(_to_nodes(journey, host, lookup, agent_port)),
    }
    ended = await asyncio.gather(
        *(_take(look, place, journey) for look, place in looks.values()),
    )
    results = dict(zip(looks, ended, strict=True))

    def of(kind: str) -> Mapping[str, Result]:
        return {key: result for (each, key), result in results.items() if each == kind}

    return Attempts(
        name=name,
        vip=tuple(of("vip").values()),
        tasks=of("task"),
        echoes=of("echo"),
        passed_on=of("passed on"),
        agents=of("agent"),
        nodes=of("node"),
    )


def _to_tasks(
    journey: Journey,
    vantage: Vantage,
    balancer: Vantage | None,
) -> Iterator[tuple[_Key, tuple[Look, Vantage]]]:
    network, vip, port = journey.network, journey.vip, journey.port
    if network is None:
        return
    if vip and port:
        for number in range(min(_MOST_TRIES, _TRIES_PER_BACKEND * len(journey.backends))):
            yield ("vip", str(number)), (TcpLook(address=vip, port=port), vantage)
    for task in journey.backends[:_MOST_BACKENDS]:
        address = address_on(task, network.id)
        if address is None:
            continue
        echo = IcmpLook(address=address)
        yield ("task", task.id), (TcpLook(address=address, port=port) if port else echo, vantage)
        yield ("echo", task.id), (echo, vantage)
        if vip and balancer:
            yield ("passed on", task.id), (echo, balancer)


def _to_nodes(
    journey: Journey,
    host: Vantage,
    lookup: Lookup,
    agent_port: int,
) -> Iterator[tuple[_Key, tuple[Look, Vantage]]]:
    for node_id in {task.node_id for task in journey.backends} - {journey.source.node_id}:
        node = lookup.nodes.get(node_id)
        if node and node.address:
            yield ("agent", node_id), (TcpLook(address=node.address, port=agent_port), host)
            yield ("node", node_id), (IcmpLook(address=node.address), host)


async def keep_echoing(journey: Journey, address: IPv4Address, vantage: Vantage) -> None:
    """Send echoes to a task until cancelled, so that somebody can see whether they arrive."""
    while True:
        async with asyncio.TaskGroup() as group:
            group.create_task(_take(IcmpLook(address=address), vantage, journey, _ECHO_SECONDS))
            group.create_task(asyncio.sleep(_ECHO_SECONDS))


async def _take(
    look: Look,
    vantage: Vantage,
    journey: Journey,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> Result:
    probe = Probe(
        id=ProbeId(
            probe=KIND_OF[type(look)],
            target=Target.STATIC,
            network=journey.network.name if journey.network else "",
            source_service=journey.source_service.name,
            source_node=journey.node_name,
            destination_service=journey.destination.name,
            endpoint=endpoint_of(look),
        ),
        look=look,
        vantage=vantage,
        interval_seconds=patience_seconds * 2,
        timeout_seconds=patience_seconds,
    )
    return await run(probe, response_bytes=RESPONSE_BYTES)
