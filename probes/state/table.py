"""What is a table of state, and how do two nodes' differ?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

#: Columns that name a service, or a task of it.
_OF_SERVICES = ("service", "whose", "task", "from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; a cell for each column."""

    cells: tuple[str, ...]
    #: "" as long as nothing disagrees with what should be, else what is wrong: findings' codes.
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table, of one node."""

    #: As the command is called, such as "fdb".
    kind: str
    node: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    #: The first so many columns say by names what a row is about.
    key: int = 1
    #: Columns that differ between nodes by nature, such as counters.
    own: frozenset[str] = frozenset()
    #: Whether rows are held against what should be.
    judged: bool = False
    #: Why something is missing; "" for nothing.
    note: str = ""

    def where(self, *, network: str = "", service: str = "") -> "Table":
        """Keep the rows of a network and of a service, where these are named and told of."""
        rows = [row for row in self.rows if self._is_of(row, ("network",), network)]
        kept = tuple(row for row in rows if self._is_of(row, _OF_SERVICES, service))
        return replace(self, rows=kept)

    def _is_of(self, row: Row, columns: tuple[str, ...], wanted: str) -> bool:
        cells = [row.cells[self.columns.index(name)] for name in columns if name in self.columns]
        return not wanted or not cells or any(_is(cell, wanted) for cell in cells)


def _is(cell: str, wanted: str) -> bool:
    """Tell whether a cell belongs to what is wanted: "shop_api.2" is of "shop_api", or "api"."""
    return any(f"_{wanted}." in f"_{word}." for word in cell.split(", "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two nodes do not have alike."""

    #: The key's cells.
    about: tuple[str, ...]
    column: str
    #: What each has; "" for nothing.
    here: str
    there: str


def differences(here: Table, there: Table) -> Iterator[Difference]:
    """Compare two nodes' tables of one kind by meaning, in the order of their keys."""
    compared = [
        (place, column)
        for place, column in enumerate(here.columns)
        if place >= here.key and column not in here.own
    ]
    left, right = _by_key(here), _by_key(there)
    for key in sorted(left.keys() | right.keys()):
        one, other = left.get(key), right.get(key)
        if one is None or other is None:
            yield Difference(
                about=key,
                column="",
                here="" if one is None else "present",
                there="" if other is None else "present",
            )
            continue
        for place, column in compared:
            if one.cells[place] != other.cells[place]:
                yield Difference(
                    about=key, column=column, here=one.cells[place], there=other.cells[place]
                )


def _by_key(table: Table) -> dict[tuple[str, ...], Row]:
    return {row.cells[: table.key]: row for row in table.rows}
