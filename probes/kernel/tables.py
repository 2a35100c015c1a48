"""What becomes of a table that cannot be read, or is too long?"""

from collections.abc import Callable, Generator
from functools import partial
from typing import TypeVar

from probes.errors import LookError
from probes.kernel.netlink import Item, read_table
from probes.model.reading import CouldNotLook

Row = TypeVar("Row")
T = TypeVar("T")


class Tables:
    """Reads the tables of one namespace, and notes in *failures* what lacks."""

    def __init__(self, where: str, max_rows: int, failures: list[CouldNotLook]) -> None:
        self._where = where
        self._max_rows = max_rows
        self._failures = failures

    def needed(
        self,
        name: str,
        dump: Generator[Item, None, None],
        parse: Callable[[Item], Row | None],
    ) -> tuple[Row, ...]:
        """Read the table called *name* without the rows that parse to None. Raises LookError.

        Of a table that is too long the rest is left out, and noted.
        """
        table = read_table(dump, parse, self._max_rows)
        if table.cut:
            self._note(name, f"it has more than {self._max_rows} rows: the rest was left out")
        return tuple(row for row in table.rows if row is not None)

    def rows(
        self,
        name: str,
        dump: Generator[Item, None, None],
        parse: Callable[[Item], Row | None],
    ) -> tuple[Row, ...]:
        """Read a table as `needed` does; empty, and noted, when it cannot be read."""
        return self.attempt(name, partial(self.needed, name, dump, parse), ())

    def attempt(self, name: str, look: Callable[[], T], otherwise: T) -> T:
        """Look once; when that fails, note it under *name* and give *otherwise*."""
        try:
            return look()
        except LookError as error:
            self._note(name, str(error))
            return otherwise

    def _note(self, name: str, why: str) -> None:
        self._failures.append(CouldNotLook(where=f"{self._where}, {name}", why=why))
