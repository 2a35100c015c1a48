"""How is a table of state fetched, shown, and held against another node's?"""

from collections.abc import Iterable
from urllib.parse import urlencode

from rich.table import Table as Grid
from rich.text import Text

from probes.cli import show
from probes.cli.agent import ask_agent
from probes.cli.options import Addresses
from probes.looks.errors import CannotLookError, CommandError
from probes.state.table import Difference, Table, differences
from probes.wire import DOCUMENT_VERSION, load_table, table_document

_PATH = "/api/v1/state"
#: Below this, columns that are about numbers alone are left out.
_NARROW_COLUMNS = 100
_ONLY_WIDE = frozenset({"driver", "mac", "mark", "rx", "tx", "active", "engine", "device", "age"})


def table(
    addresses: Addresses, kind: str, node: str, network: str, service: str, *, json: bool
) -> int:
    """Print one table; 1 where a row disagrees with what should be, 3 where nothing was read."""
    try:
        found = _fetch(addresses, kind, node).where(network=network, service=service)
    except CommandError as exc:
        return show.told(exc)
    if json:
        show.print_json(table_document(found))
    else:
        _print(found)
    if found.note and not found.rows:
        return CannotLookError.status
    return int(any(row.wrong for row in found.rows))


def diff(addresses: Addresses, kind: str, nodes: tuple[str, str], *, json: bool) -> int:
    """Print what two nodes do not have alike; 1 where there is anything."""
    try:
        one, other = (_fetch(addresses, kind, node) for node in nodes)
    except CommandError as exc:
        return show.told(exc)
    found = [item for item in differences(one, other) if not _is_their_own(item, nodes, one, other)]
    if json:
        rows = [
            {"about": item.about, "column": item.column, nodes[0]: item.here, nodes[1]: item.there}
            for item in found
        ]
        show.print_json({"version": DOCUMENT_VERSION, "kind": kind, "differences": rows})
    elif found:
        show.print_table(
            ("WHAT", "COLUMN", *(node.upper() for node in nodes)),
            (
                (" ".join(item.about), item.column, item.here or "-", item.there or "-")
                for item in found
            ),
        )
    else:
        show.say(f"{kind}: {nodes[0]} and {nodes[1]} have the same")
    return int(bool(found))


def _is_their_own(item: Difference, nodes: Iterable[str], one: Table, other: Table) -> bool:
    """Tell whether it is by nature.

    A node has no entry that leads to itself, and tasks have ports on their own node alone.
    """
    rows = [row for row in (*one.rows, *other.rows) if row.cells[: one.key] == item.about]
    if one.kind == "links" and not item.column:
        return all(row.cells[one.columns.index("kind")] == "veth" for row in rows)
    if "node" not in one.columns or item.column:
        return False
    place = one.columns.index("node")
    return any(row.cells[place] in nodes for row in rows)


def _fetch(addresses: Addresses, kind: str, node: str) -> Table:
    query = urlencode({"kind": kind, **({"node": node} if node else {})})
    body = ask_agent(addresses.agent, f"{_PATH}?{query}")
    try:
        return load_table(body)
    except ValueError as exc:
        raise CannotLookError(f"the agent at {addresses.agent} is of another version") from exc


def _print(found: Table) -> None:
    console = show.console_for()
    wide = console.width >= _NARROW_COLUMNS
    shown = [
        place for place, column in enumerate(found.columns) if wide or column not in _ONLY_WIDE
    ]
    titles = [found.columns[place].upper() for place in shown]
    if found.judged:
        titles.append("WRONG")
    if found.rows:
        grid = Grid(*titles, box=None, pad_edge=False, header_style="bold")
        for row in found.rows:
            cells = [Text(row.cells[place]) for place in shown]
            grid.add_row(*cells, *([Text(row.wrong, "bold red")] if found.judged else []))
        console.print(grid)
    else:
        show.say(f"no {found.kind} on {found.node}")
    if found.note:
        show.say(found.note)
