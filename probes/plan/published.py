"""Which published ports should this node look at, and on whose addresses?

The routing mesh answers on every node, drained ones too, wherever the tasks are: each node looks at
its own address, where nobody else's network can be at fault, and at the other nodes' as clients do.
"""

from collections.abc import Iterator
from itertools import product

from probes.model.probe import Kind, Probe, ProbeId, Target, TcpLook
from probes.model.topology import Node, Service
from probes.model.vantage import HOST
from probes.plan.budget import Candidate, Tier
from probes.plan.candidates import Pace
from probes.plan.lookup import Lookup


def published_tcp_ports(service: Service) -> tuple[int, ...]:
    """List the TCP ports that the routing mesh gives to a service, in order."""
    return tuple(
        sorted(
            port.published
            for port in service.ports
            if port.published and port.protocol == "tcp" and port.mode == "ingress"
        )
    )


def towards_published(
    lookup: Lookup,
    node: Node,
    agent_service: str,
    pace: Pace,
) -> Iterator[Candidate]:
    """Want a TCP connection to each published port of each service that runs, on every node.

    Only nodes that Swarm calls ready are expected to answer.
    """
    network = next((item.name for item in lookup.networks.values() if item.ingress), "")
    ready = [item for item in lookup.nodes.values() if item.state == "ready"]
    for service in lookup.services.values():
        declared = lookup.intent_of(service)
        runs = any(task.running for task in lookup.tasks_of(service))
        if not runs or not declared.probed or Kind.TCP in declared.without:
            continue
        own = pace.towards(declared)
        for port, place in product(published_tcp_ports(service), ready):
            if place.address is None:
                continue
            probe_id = ProbeId(
                probe=Kind.TCP,
                target=Target.PUBLISHED,
                network=network,
                source_service=agent_service,
                source_node=node.name,
                destination_service=service.name,
                destination_node=place.name,
                endpoint=str(port),
            )
            probe = Probe(
                id=probe_id,
                look=TcpLook(address=place.address, port=port),
                vantage=HOST,
                interval_seconds=own.interval_seconds,
                timeout_seconds=own.timeout_seconds,
                slow_seconds=own.slow_seconds,
            )
            if place.id == node.id:
                yield Candidate(probe, Tier.SERVICES, (node.id,))
            else:
                others = tuple(item.id for item in ready if item.id != place.id)
                yield Candidate(probe, Tier.TASKS, others)
