"""Which node reaches which, between the nodes themselves and over the overlays?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exporter.page.state import State, state_of, worst
from exporter.page.summary import Counted
from exporter.page.swarm import Swarm

#: More nodes make no table that anybody reads: then each node has one row of counts.
_MOST_IN_A_TABLE = 16
#: So many names are listed where something is wrong.
_MOST_NAMED = 8

_Ways = Mapping[tuple[str, str, bool], Counted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One way: how it is, and how long its slowest answer took."""

    state: State
    seconds: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshCell:
    """From one node to another, on both layers."""

    node: str
    state: State
    underlay: Look | None
    overlay: Look | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshRow:
    """One node looking at the others."""

    node: str
    state: State
    #: Whether its agent answered.
    answered: bool
    #: One for each node, None for itself and where nothing is known; empty for a large Swarm.
    cells: tuple[MeshCell | None, ...]
    #: Of the ways that are looked at, those that work.
    underlay_ok: int
    underlay_all: int
    overlay_ok: int
    overlay_all: int
    slowest_seconds: float | None
    #: Nodes that it does not reach.
    missing: tuple[str, ...]
    more_missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """All nodes."""

    nodes: tuple[str, ...]
    as_table: bool
    rows: tuple[MeshRow, ...]


def mesh(swarm: Swarm) -> Mesh:
    """Join what all agents saw of each other's nodes, the worst first."""
    nodes = tuple(sorted(node.name for node in swarm.topology.nodes))
    answered = {summary.node for summary in swarm.summaries}
    ways: _Ways = {
        (summary.node, way.node, way.overlay): way.counted
        for summary in swarm.summaries
        for way in summary.ways
    }
    as_table = len(nodes) <= _MOST_IN_A_TABLE
    rows = [_row(node, nodes, ways, answered, as_table=as_table) for node in nodes]
    rows.sort(key=lambda row: (0 if as_table else row.state.rank, row.node))
    return Mesh(nodes=nodes, as_table=as_table, rows=tuple(rows))


def _row(
    node: str, nodes: Iterable[str], ways: _Ways, answered: set[str], *, as_table: bool
) -> MeshRow:
    cells = tuple(_cell(node, other, ways) for other in nodes)
    known = [cell for cell in cells if cell]
    under = [cell.underlay for cell in known if cell.underlay]
    over = [cell.overlay for cell in known if cell.overlay]
    missing = [cell.node for cell in known if cell.state is State.BAD]
    state = worst(cell.state for cell in known) if node in answered else State.UNKNOWN
    return MeshRow(
        node=node,
        state=state,
        answered=node in answered,
        cells=cells if as_table else (),
        underlay_ok=_working(under),
        underlay_all=len(under),
        overlay_ok=_working(over),
        overlay_all=len(over),
        slowest_seconds=max(
            (look.seconds for look in (*under, *over) if look.seconds is not None), default=None
        ),
        missing=tuple(missing[:_MOST_NAMED]),
        more_missing=max(0, len(missing) - _MOST_NAMED),
    )


def _working(looks: Iterable[Look]) -> int:
    return sum(look.state is State.OK for look in looks)


def _cell(node: str, other: str, ways: _Ways) -> MeshCell | None:
    underlay = _look(ways.get((node, other, False)))
    overlay = _look(ways.get((node, other, True)))
    looks = [look for look in (underlay, overlay) if look]
    if not looks:
        return None
    state = worst(look.state for look in looks)
    return MeshCell(node=other, state=state, underlay=underlay, overlay=overlay)


def _look(counted: Counted | None) -> Look | None:
    if counted is None:
        return None
    state = state_of(counted.failed, counted.unknown)
    return Look(state=state, seconds=counted.seconds, why=counted.why)
