"""What did any agent hold for a fault, at any moment while something went on?"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from tests.lab.agent.observe import series
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node

_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, order=True)
class Held:
    """A finding that lasted, and the node that told it."""

    node: str
    code: str
    network: str
    service: str
    peer: str


@dataclass
class Watch:
    """Everything that was held, and when it was seen first: seconds since the watch began."""

    held: dict[Held, float] = field(default_factory=dict)
    #: How often each node's agent could be read.
    looks: dict[str, int] = field(default_factory=dict)


def held_on(node: Node) -> set[Held]:
    """List what a node's agent holds now; LabError while it cannot be read."""
    return {
        Held(node.name, seen["code"], seen["network"], seen["service"], seen["peer_node"])
        for seen in series(node, "swarmscope_findings")
        if seen.value
    }


@contextmanager
def watching(lab: Lab) -> Iterator[Watch]:
    """Watch all agents for as long as the block lasts; one that is away is passed over."""
    watch, ended, began = Watch(), threading.Event(), monotonic()

    def look() -> None:
        while not ended.wait(_PAUSE_SECONDS):
            for node in lab.nodes:
                try:
                    found = held_on(node)
                except LabError:
                    continue
                watch.looks[node.name] = watch.looks.get(node.name, 0) + 1
                for item in found:
                    watch.held.setdefault(item, monotonic() - began)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()
