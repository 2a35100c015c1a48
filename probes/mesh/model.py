"""What comes of everyone looking at everyone?"""

from dataclasses import dataclass

from probes.model.result import Outcome, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshLook:
    """One look of the mesh, and how it ended."""

    source: str
    source_node: str
    destination: str
    destination_node: str
    #: The task, or the name, that was looked at.
    target: str
    network: str
    endpoint: str
    outcome: Outcome
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMesh:
    """What one node's agent looked at."""

    node: str
    looks: tuple[MeshLook, ...]
    #: Looks that were wanted, and were too many, or would have taken too long.
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A node whose agent did not look."""

    node: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """What all of them did."""

    kind: str
    nodes: tuple[NodeMesh, ...]
    silent: tuple[Silent, ...] = ()


def look_of(result: Result) -> MeshLook:
    """Take from a result what the mesh shows."""
    probe = result.probe.id
    return MeshLook(
        source=probe.source_service,
        source_node=probe.source_node,
        destination=probe.destination_service,
        destination_node=probe.destination_node,
        target=probe.destination_task or probe.endpoint,
        network=probe.network,
        endpoint=probe.endpoint,
        outcome=result.outcome,
        detail=result.detail,
        seconds=result.seconds,
    )
