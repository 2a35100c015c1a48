"""How do many looks become one cell: the worst outcome, and how long those took that worked?"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from probes.mesh.model import Mesh, MeshLook
from probes.model.result import Outcome, Verdict

#: What a look is folded by.
_Key = Callable[[MeshLook], tuple[str, str]]

_RANK = {Verdict.FAILED: 0, Verdict.UNKNOWN: 1, Verdict.WORKED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All looks from one at another."""

    source: str
    destination: str
    #: The worst: a failure, then what could not be looked at.
    outcome: Outcome
    looks: int
    failed: int
    #: Of those that worked; None where none did.
    median_seconds: float | None
    #: What the first of the worst said.
    detail: str


def by_service(mesh: Mesh) -> tuple[Cell, ...]:
    """Fold by services, the worst first."""
    return _folded(mesh, lambda look: (look.source, look.destination))


def by_node(mesh: Mesh) -> tuple[Cell, ...]:
    """Fold by nodes, the worst first."""
    return _folded(mesh, lambda look: (look.source_node, look.destination_node))


def _folded(mesh: Mesh, key: _Key) -> tuple[Cell, ...]:
    found = defaultdict[tuple[str, str], list[MeshLook]](list)
    for node in mesh.nodes:
        for look in node.looks:
            found[key(look)].append(look)
    cells = (_cell(names, looks) for names, looks in found.items())
    return tuple(sorted(cells, key=_order))


def _cell(names: tuple[str, str], looks: Iterable[MeshLook]) -> Cell:
    ordered = sorted(looks, key=lambda look: _RANK[look.outcome.verdict])
    worked = [look.seconds for look in ordered if look.outcome is Outcome.OK]
    return Cell(
        source=names[0],
        destination=names[1],
        outcome=ordered[0].outcome,
        looks=len(ordered),
        failed=sum(look.outcome.verdict is Verdict.FAILED for look in ordered),
        median_seconds=median(worked) if worked else None,
        detail=ordered[0].detail,
    )


def _order(cell: Cell) -> tuple[int, float, float, str, str]:
    share = cell.failed / cell.looks
    return (
        _RANK[cell.outcome.verdict],
        -share,
        -(cell.median_seconds or 0.0),
        cell.source,
        cell.destination,
    )


def verdict_of(mesh: Mesh) -> Verdict:
    """Say how all of it ended: a failure is a failure; nothing looked at is unknown."""
    verdicts = {look.outcome.verdict for node in mesh.nodes for look in node.looks}
    for verdict in (Verdict.FAILED, Verdict.WORKED):
        if verdict in verdicts:
            return Verdict.UNKNOWN if mesh.silent and verdict is Verdict.WORKED else verdict
    return Verdict.UNKNOWN


def grid(cells: Iterable[Cell]) -> tuple[list[str], list[str], Mapping[tuple[str, str], Cell]]:
    """Lay cells out: names of rows, names of columns, and each cell by both."""
    placed = {(cell.source, cell.destination): cell for cell in cells}
    rows, columns = ({names[side] for names in placed} for side in (0, 1))
    return sorted(rows), sorted(columns), placed
