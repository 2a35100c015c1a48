"""How is a round of looks asked for, and shown so that it fits a terminal?"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from rich.table import Table as Grid
from rich.text import Text

from probes.cli import show
from probes.cli.agent import ask_agent
from probes.cli.around import Around
from probes.cli.mesh_here import look_from_here
from probes.cli.options import Addresses
from probes.looks.errors import EXIT_STATUS, CannotLookError, CommandError, NoAgentError
from probes.mesh.fold import Cell, by_node, by_service, grid, verdict_of
from probes.mesh.model import Mesh
from probes.model.result import Verdict
from probes.wire import DOCUMENT_VERSION, load_mesh

_PATH = "/api/v1/mesh"
#: All agents look at the same time; each has 20 s.
_WITHIN_SECONDS = 30
_STYLES = {Verdict.WORKED: "green", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "yellow"}
_CELL_COLUMNS = 10
_MOST_WORST = 20


def mesh(addresses: Addresses, kind: str, network: str, *, json: bool) -> int:
    """Have everyone look at everyone, and print who reaches whom."""
    try:
        found = _found(addresses, kind, network)
    except CommandError as exc:
        return show.told(exc)
    cells = by_node(found) if kind == "nodes" else by_service(found)
    if json:
        show.print_json(_document(found, cells))
    else:
        _print(found, cells)
    return EXIT_STATUS[verdict_of(found)]


def _found(addresses: Addresses, kind: str, network: str) -> Mesh:
    """Ask the agents; where there is none here, this node's tasks are all we can look from."""
    try:
        return _fetch(addresses, kind, network)
    except NoAgentError as exc:
        try:
            here = look_from_here(Around(addresses), kind, network)
        except CannotLookError:
            raise exc from None
        show.say(f"from {here.node} alone: {exc}")
        return Mesh(kind=kind, nodes=(here,))


def _fetch(addresses: Addresses, kind: str, network: str) -> Mesh:
    query = urlencode({"kind": kind, "network": network, "nodes": "all"})
    body = ask_agent(addresses.agent, f"{_PATH}?{query}", _WITHIN_SECONDS)
    try:
        return load_mesh(body)
    except ValueError as exc:
        raise CannotLookError(f"the agent at {addresses.agent} is of another version") from exc


def _document(found: Mesh, cells: tuple[Cell, ...]) -> Mapping[str, Any]:
    return {
        "version": DOCUMENT_VERSION,
        "kind": found.kind,
        "pairs": [asdict(cell) for cell in cells],
        "nodes": [
            {"node": node.node, "looks": len(node.looks), "left_out": node.left_out}
            for node in found.nodes
        ],
        "silent": [asdict(item) for item in found.silent],
    }


def _print(found: Mesh, cells: tuple[Cell, ...]) -> None:
    rows, columns, placed = grid(cells)
    console = show.console_for()
    if cells and max(map(len, rows)) + _CELL_COLUMNS * len(columns) <= console.width:
        matrix = Grid("", *columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            matrix.add_row(Text(row), *(_cell(placed.get((row, column))) for column in columns))
        console.print(matrix)
    bad = [cell for cell in cells if cell.outcome.verdict is not Verdict.WORKED]
    shown = bad[:_MOST_WORST] or (cells[:_MOST_WORST] if cells and console.width < 80 else [])  # noqa: PLR2004
    for cell in shown:
        failed = f", {cell.failed} of {cell.looks} fail" if cell.failed else ""
        line = Text.assemble(
            (str(cell.outcome), _STYLES[cell.outcome.verdict]),
            f"  {cell.source} -> {cell.destination}{failed}",
            f": {cell.detail}" if cell.detail else "",
        )
        console.print(line, soft_wrap=True)
    if len(bad) > len(shown):
        show.say(f"and {len(bad) - len(shown)} pairs more")
    looks = sum(len(node.looks) for node in found.nodes)
    pairs = f"{len(bad)} of {len(cells)} pairs not well"
    show.say(f"{looks} looks from {len(found.nodes)} nodes, {pairs}")
    for node in found.nodes:
        if node.left_out:
            why = "there were too many, or they took too long"
            show.say(f"{node.node} left out {node.left_out} looks: {why}")
    for item in found.silent:
        show.say(f"{item.node} did not look: {item.why}")


def _cell(cell: Cell | None) -> Text:
    if cell is None:
        return Text("-", "dim")
    style = _STYLES[cell.outcome.verdict]
    if cell.outcome.verdict is Verdict.WORKED and cell.median_seconds is not None:
        return Text(f"{cell.median_seconds * 1000:.1f} ms", style)
    return Text(str(cell.outcome), style)
