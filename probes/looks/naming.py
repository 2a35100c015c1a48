"""Which names of a topology can somebody type?"""

from collections import Counter

from probes.looks.nameable import Nameable, plain
from probes.looks.names import short_name
from probes.model.topology import Topology
from probes.plan.lookup import Lookup


def nameable(topology: Topology) -> Nameable:
    """List them: services and tasks by full name and, where nobody else has it, by the short."""
    lookup = Lookup(topology)
    count = Counter(
        name for service in topology.services for name in {service.name, short_name(service)}
    )
    services: dict[str, tuple[int, ...]] = {}
    tasks: list[str] = []
    for service in topology.services:
        numbers = [
            lookup.name_of(task).removeprefix(service.name)
            for task in lookup.tasks_of(service)
            if task.running
        ]
        for name in {service.name, short_name(service)}:
            if count[name] == 1:
                services[name] = tuple(sorted(lookup.tcp_ports_of(service)))
                tasks.extend(f"{name}{number}" for number in numbers)
    return Nameable(
        services={name: services[name] for name in plain(services)},
        tasks=plain(tasks),
        nodes=plain(node.name for node in topology.nodes),
        networks=plain(network.name for network in topology.networks),
    )
