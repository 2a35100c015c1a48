"""Which service reaches which? By the source's stack, the worst first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from exporter.page.stacks import Name, Stacks
from exporter.page.state import State, state_of, worst
from exporter.page.summary import Counted
from exporter.page.swarm import Swarm

PAIR_PATH = "/pair"

#: Stacks beyond so many cells stay folded, and are only written when somebody opens one.
_MOST_CELLS = 1500
#: Stacks are folded when nothing is wrong in them and there are more cells than one takes in.
_MOST_OPEN_CELLS = 150

Counts = Mapping[tuple[str, str], Counted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """From one service to another, over all nodes."""

    destination: str
    state: State
    counted: Counted
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One source; a cell for each of the table's columns, None where nothing is probed."""

    name: Name
    state: State
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackMatrix:
    """The services of one stack, and all that they look at."""

    #: "" for services of no stack.
    stack: str
    state: State
    pairs: int
    failing: int
    #: Whether it is unfolded from the start.
    open: bool
    #: Pairs that are not there: in a large Swarm, the good ones wait to be asked for.
    left_out: int
    href: str
    columns: tuple[Name, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All pairs of services that any agent probes."""

    stacks: tuple[StackMatrix, ...]
    pairs: int
    failing: int
    unknown: int


def matrix(swarm: Swarm, asked: str | None = None) -> Matrix:
    """Add up what all agents saw; of the stack that is *asked* for, everything is written."""
    counts = pairs_of(swarm)
    stacks = Stacks(swarm.topology)
    by_stack = defaultdict[str, dict[tuple[str, str], Counted]](dict)
    for key, counted in counts.items():
        by_stack[stacks.name(key[0]).stack][key] = counted
    states = [_state(counted) for counted in counts.values()]
    order = sorted(by_stack, key=lambda stack: (*_badness(by_stack[stack].values()), stack))
    return Matrix(
        stacks=_tables(order, by_stack, stacks, asked),
        pairs=len(states),
        failing=states.count(State.BAD),
        unknown=states.count(State.UNKNOWN),
    )


def pairs_of(swarm: Swarm) -> Counts:
    """Add up every pair over all nodes."""
    found = defaultdict[tuple[str, str], list[Counted]](list)
    for summary in swarm.summaries:
        for pair in summary.pairs:
            found[pair.source, pair.destination].append(pair.counted)
    return {key: added(counts) for key, counts in found.items()}


def added(counts: Sequence[Counted]) -> Counted:
    """Add up what several agents counted; of reasons, one is enough."""
    if len(counts) == 1:
        return counts[0]
    failed = next((item.why for item in counts if item.failed), "")
    return Counted(
        probes=sum(item.probes for item in counts),
        failed=sum(item.failed for item in counts),
        unknown=sum(item.unknown for item in counts),
        seconds=max((item.seconds for item in counts if item.seconds is not None), default=None),
        why=failed or next((item.why for item in counts if item.why), ""),
    )


def _tables(
    order: Sequence[str],
    by_stack: Mapping[str, Counts],
    stacks: Stacks,
    asked: str | None,
) -> tuple[StackMatrix, ...]:
    tables, room = [], _MOST_CELLS
    small = sum(map(len, by_stack.values())) <= _MOST_OPEN_CELLS
    for stack in order:
        counts = by_stack[stack]
        broken = any(_state(item) is not State.OK for item in counts.values())
        fits = len(counts) <= room or stack == asked
        shown = counts if fits else _worst_rows(counts, room) if broken else {}
        room -= len(shown)
        unfolded = small or broken or stack == asked
        tables.append(_table(stack, shown, stacks, counted=counts, unfolded=unfolded))
    return tuple(tables)


def _worst_rows(counts: Counts, room: int) -> Counts:
    """Take whole rows that are not all right, for as long as there is room."""
    by_source = _by_source(counts)
    shown: dict[tuple[str, str], Counted] = {}
    for source in sorted(by_source, key=lambda name: (*_badness(by_source[name].values()), name)):
        row = by_source[source]
        good = all(_state(item) is State.OK for item in row.values())
        if good or len(shown) + len(row) > room:
            break
        shown.update({(source, destination): item for destination, item in row.items()})
    return shown


def _by_source(counts: Counts) -> Mapping[str, Mapping[str, Counted]]:
    rows = defaultdict[str, dict[str, Counted]](dict)
    for (source, destination), item in counts.items():
        rows[source][destination] = item
    return rows


def _table(
    stack: str, shown: Counts, stacks: Stacks, *, counted: Counts, unfolded: bool
) -> StackMatrix:
    columns = _columns(stack, shown, stacks)
    rows = [
        _row(stacks.name(source), cells, columns) for source, cells in _by_source(shown).items()
    ]
    return StackMatrix(
        stack=stack,
        state=worst(_state(item) for item in counted.values()),
        pairs=len(counted),
        failing=sum(item.failed > 0 for item in counted.values()),
        open=unfolded,
        left_out=len(counted) - len(shown),
        href=f"/?{urlencode({'stack': stack})}#matrix",
        columns=columns,
        rows=tuple(sorted(rows, key=lambda row: (row.state.rank, row.name.full))),
    )


def _columns(stack: str, shown: Counts, stacks: Stacks) -> tuple[Name, ...]:
    """Put the stack's own services first, and what is outside behind them."""
    names = {stacks.name(destination) for _, destination in shown}
    return tuple(sorted(names, key=lambda name: (name.stack != stack, name.full)))


def _row(name: Name, cells: Mapping[str, Counted], columns: Iterable[Name]) -> Row:
    made = tuple(_cell(name, column, cells.get(column.full)) for column in columns)
    return Row(name=name, state=worst(cell.state for cell in made if cell), cells=made)


def _cell(source: Name, destination: Name, counted: Counted | None) -> Cell | None:
    if counted is None:
        return None
    return Cell(
        destination=destination.full,
        state=_state(counted),
        counted=counted,
        href=pair_href(source.full, destination.full),
    )


def pair_href(source: str, destination: str) -> str:
    """Link to a pair's own page."""
    return f"{PAIR_PATH}?{urlencode({'source': source, 'destination': destination})}"


def _state(counted: Counted) -> State:
    return state_of(counted.failed, counted.unknown)


def _badness(counts: Iterable[Counted]) -> tuple[int, int]:
    """Sort the worst first, and of those the one with the most that fails."""
    states = [_state(item) for item in counts]
    return worst(states).rank, -states.count(State.BAD)
