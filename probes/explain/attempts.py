"""What happens when the way is really taken? The looks that an explanation starts from."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

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
from probes.model.result import Result, Verdict
from probes.model.topology import Task
from probes.model.vantage import HOST, Vantage
from probes.net import RESPONSE_BYTES
from probes.plan import answers
from probes.plan.candidates import EMBEDDED_RESOLVER
from probes.plan.lookup import Lookup, address_on
from probes.runner import run

_PATIENCE_SECONDS = 2.0
#: More than a person reads, and fewer than a service may have.
MOST_BACKENDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How each attempt ended; those that make no sense are absent."""

    #: The destination's name, at the source's resolver.
    name: Result | None = None
    #: The virtual address.
    vip: Result | None = None
    #: The destination's tasks themselves, by id: on the port, or by an echo where none is known.
    tasks: Mapping[str, Result] = field(default_factory=dict)
    echoes: Mapping[str, Result] = field(default_factory=dict)
    #: The agents on the tasks' nodes, over the underlay, by node id.
    nodes: Mapping[str, Result] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Whether the destination answers wherever it was tried."""
        tried = [self.vip, self.name, *self.tasks.values()]
        return bool(self.tasks) and all(
            result is None or result.outcome.verdict is Verdict.WORKED for result in tried
        )


def failed(result: Result | None) -> bool:
    """Tell whether an attempt was made and the network said no."""
    return result is not None and result.outcome.verdict is Verdict.FAILED


async def attempt(
    journey: Journey,
    vantage: Vantage,
    lookup: Lookup,
    agent_port: int,
) -> Attempts:
    """Take the way from the source's namespace, all looks at once."""
    network = journey.network
    if network is None:
        return Attempts()
    names = answers.of_service_name(journey.destination, [network.id], lookup)
    question = DnsLook(name=journey.destination.name, server=EMBEDDED_RESOLVER, expected=names)
    addresses = {
        task.id: address
        for task in journey.backends[:MOST_BACKENDS]
        if (address := address_on(task, network.id))
    }
    looks: dict[tuple[str, str], tuple[Look, Vantage]] = {("name", ""): (question, vantage)}
    if journey.vip and journey.port:
        looks["vip", ""] = TcpLook(address=journey.vip, port=journey.port), vantage
    for key, address in addresses.items():
        echo = IcmpLook(address=address)
        direct = TcpLook(address=address, port=journey.port) if journey.port else echo
        looks["task", key] = direct, vantage
        looks["echo", key] = echo, vantage
    for node_id in {task.node_id for task in journey.backends} - {journey.source.node_id}:
        node = lookup.nodes.get(node_id)
        if node and node.address:
            looks["node", node_id] = TcpLook(address=node.address, port=agent_port), HOST
    ended = await asyncio.gather(
        *(_take(look, place, journey) for look, place in looks.values()),
    )
    results = dict(zip(looks, ended, strict=True))

    def of(kind: str) -> Mapping[str, Result]:
        return {key: result for (each, key), result in results.items() if each == kind}

    return Attempts(
        name=results["name", ""],
        vip=results.get(("vip", "")),
        tasks=of("task"),
        echoes=of("echo"),
        nodes=of("node"),
    )


async def echo(journey: Journey, task: Task, vantage: Vantage, times: int) -> None:
    """Send echoes to a task, so that somebody can see whether they arrive."""
    address = address_on(task, journey.network.id) if journey.network else None
    if address is None:
        return
    for _ in range(times):
        await _take(IcmpLook(address=address), vantage, journey, patience_seconds=0.2)


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
            source_node=journey.source_node.name,
            destination_service=journey.destination.name,
            endpoint=endpoint_of(look),
        ),
        look=look,
        vantage=vantage,
        interval_seconds=patience_seconds * 2,
        timeout_seconds=patience_seconds,
    )
    return await run(probe, response_bytes=RESPONSE_BYTES)
