"""Which names may a shell be handed? What is read of them while somebody waits for a key.

So this stands on the standard library alone: what knows a topology takes a while to load.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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


def plain(names: Iterable[str]) -> tuple[str, ...]:
    """Keep the names that a shell takes as they are, each once, in order."""
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
            tasks=plain(document["tasks"]),
            nodes=plain(document["nodes"]),
            networks=plain(document["networks"]),
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"these are no names: {exc!r}") from exc
