"""On which ways between nodes should a full-sized packet be tried?

One way over each overlay to each other node tells of all: what makes a way narrow lies between the
nodes, and not at a task.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from probes.model.probe import Kind, MtuLook, Probe, ProbeId, Target
from probes.model.topology import Network, Node, Task
from probes.plan.budget import Candidate, Tier
from probes.plan.candidates import Pace, Standpoint
from probes.plan.lookup import Lookup, address_on


def towards_widths(
    lookup: Lookup,
    node: Node,
    sources: Iterable[Standpoint],
    pace: Pace,
) -> Iterator[Candidate]:
    """Want it from the first standpoint on each overlay, to the first task on each other node."""
    standing = list(sources)
    for network in lookup.networks.values():
        here = (item for item in standing if network.id in lookup.overlays_of(item.service))
        source = next(here, None)
        if source is None:
            continue
        for task, address in _first_on_each_node(network, node, lookup):
            own = pace.towards(lookup.intent_of(lookup.services[task.service_id]))
            probe = Probe(
                id=_identity(source, task, network, node, lookup),
                look=MtuLook(address=address),
                vantage=source.vantage,
                interval_seconds=own.interval_seconds,
                timeout_seconds=own.timeout_seconds,
                slow_seconds=own.slow_seconds,
            )
            yield Candidate(probe, Tier.NODES, (node.id,))


def _first_on_each_node(
    network: Network, node: Node, lookup: Lookup
) -> list[tuple[Task, IPv4Address]]:
    first: dict[str, tuple[Task, IPv4Address]] = {}
    for task in sorted(lookup.tasks.values(), key=lookup.name_of):
        service = lookup.services.get(task.service_id)
        address = address_on(task, network.id)
        if service is None or address is None or not task.running or task.node_id == node.id:
            continue
        declared = lookup.intent_of(service)
        if declared.probed and Kind.MTU not in declared.without:
            first.setdefault(task.node_id, (task, address))
    return list(first.values())


def _identity(
    source: Standpoint, task: Task, network: Network, node: Node, lookup: Lookup
) -> ProbeId:
    return ProbeId(
        probe=Kind.MTU,
        target=Target.TASK,
        network=network.name,
        source_service=source.service.name,
        source_node=node.name,
        destination_service=lookup.services[task.service_id].name,
        destination_node=lookup.nodes[task.node_id].name,
        destination_task=lookup.name_of(task),
    )
