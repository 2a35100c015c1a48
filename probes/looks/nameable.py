"""Which names of the Swarm can somebody type? For completion, which must be quick."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from probes.looks.names import short_name
from probes.model.topology import Topology
from probes.plan.lookup import Lookup

_VERSION = 1
#: What a shell takes as it is. Any other name, however it came to be, is not offered to one.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameable:
    """The names that stand for one thing alone, as a shell may be handed them."""

    #: Service -> the TCP ports that it is known to listen on.
    services: Mapping[str, tuple[int, ...]]
    #: Running tasks.
    tasks: tuple[str, ...]
    nodes: tuple[str, ...]
    #: Overlays, and the other networks of the Swarm.
    networks: tuple[str, ...]


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
        services={name: ports for name, ports in services.items() if _PLAIN.fullmatch(name)},
        tasks=_plain(tasks),
        nodes=_plain(node.name for node in topology.nodes),
        networks=_plain(network.name for network in topology.networks),
    )


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in set(names) if _PLAIN.fullmatch(name)))


def nameable_document(names: Nameable) -> Mapping[str, Any]:
    """Describe them as JSON; without the libraries that other documents take to load."""
    return {
        "version": _VERSION,
        "services": {name: list(ports) for name, ports in names.services.items()},
        "tasks": list(names.tasks),
        "nodes": list(names.nodes),
        "networks": list(names.networks),
    }


def load_nameable(body: bytes) -> Nameable:
    """Read the JSON of what `nameable_document` wrote; ValueError for anything else."""
    document = json.loads(body)
    try:
        if document["version"] != _VERSION:
            raise ValueError(f"names of version {document['version']}, not {_VERSION}")
        return Nameable(
            services={
                name: tuple(int(port) for port in ports)
                for name, ports in document["services"].items()
                if _PLAIN.fullmatch(name)
            },
            tasks=_plain(document["tasks"]),
            nodes=_plain(document["nodes"]),
            networks=_plain(document["networks"]),
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"these are no names: {exc!r}") from exc
