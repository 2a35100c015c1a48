"""Who reaches whom from this node alone, where there is no agent to ask?"""

import asyncio
from typing import Protocol

from probes.looks.errors import CannotLookError
from probes.mesh.model import NodeMesh
from probes.mesh.take import chosen, take
from probes.model.local import LocalTask
from probes.model.probe import Probe
from probes.model.topology import Topology
from probes.plan.candidates import Pace, standpoints, towards_services
from probes.plan.lookup import Lookup
from probes.runner import run

#: As an agent's are, where nothing else was said; the interval only bounds the timeout.
_PACE = Pace(interval_seconds=10.0, timeout_seconds=2.0, slow_seconds=1.0)


class Surroundings(Protocol):
    """What is around this node; `probes.cli.around.Around` is it."""

    @property
    def topology(self) -> Topology: ...
    @property
    def local(self) -> tuple[LocalTask, ...]: ...


def look_from_here(around: Surroundings, kind: str, network: str) -> NodeMesh:
    """Look from the tasks of this node at all that they could reach. Raises CannotLookError."""
    name, probes = _candidates(around)
    return asyncio.run(take(name, chosen(probes, kind, network), run))


def _candidates(around: Surroundings) -> tuple[str, list[Probe]]:
    # Few commands read labels, and what reads them takes a while to load.
    from probes.intent.labels import read_labels  # noqa: PLC0415

    topology = around.topology
    lookup = Lookup(topology, read_labels(topology.services))
    here = (lookup.tasks.get(item.task_id) for item in around.local)
    node = next((lookup.nodes.get(task.node_id) for task in here if task), None)
    if node is None:
        raise CannotLookError("no task runs on this node, so there is nowhere to look from")
    sources = standpoints(lookup, around.local)
    found = towards_services(lookup, node, sources, _PACE)
    return node.name, [candidate.probe for candidate in found]
