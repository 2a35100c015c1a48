"""Which rows and cells does a table have, once Grafana's transformations are through?"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.grafana import Json
from dashboards.preview.prometheus import Series
from dashboards.preview.values import colour, mapped, text

_PLAIN = "#ffffff"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in it, and on what."""

    text: str
    colour: str = _PLAIN


@dataclass(frozen=True, slots=True)
class Grid:
    """A head and rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def table(panel: Json, answers: Sequence[Sequence[Series]]) -> Grid:
    """Merge the answers by their labels, and show the columns that the panel has."""
    columns = {
        item["matcher"]["options"]: {part["id"]: part["value"] for part in item["properties"]}
        for item in panel["fieldConfig"]["overrides"]
    }
    rows = _merged(answers)
    sort = next(iter(panel["options"]["sortBy"]), None)
    if sort:
        fields = {said["displayName"]: of for of, said in columns.items()}
        field = fields[sort["displayName"]]
        rows.sort(key=lambda row: float(row.get(field, "nan")), reverse=sort["desc"])
    defaults = panel["fieldConfig"]["defaults"]
    return Grid(
        tuple(said["displayName"] for said in columns.values()),
        tuple(
            tuple(_cell(row.get(field), said, defaults) for field, said in columns.items())
            for row in rows
        ),
    )


def _merged(answers: Sequence[Sequence[Series]]) -> list[dict[str, str | float]]:
    """Put values whose labels agree into one row, as Grafana's "merge" does."""
    rows: list[dict[str, str | float]] = []
    for letter, answer in zip("ABCDEFGH", answers, strict=False):
        name = f"Value #{letter}" if len(answers) > 1 else "Value"
        for series in answer:
            fitting = [row for row in rows if name not in row and _agrees(row, series)]
            for row in fitting:
                row[name] = series.last
            if not fitting:
                rows.append({**series.labels, name: series.last})
    return rows


def _agrees(row: dict[str, str | float], series: Series) -> bool:
    return all(row.get(label) == value for label, value in series.labels.items())


def _cell(value: str | float | None, said: Json, defaults: Json) -> Cell:
    if value is None:
        return Cell("")
    found = mapped(value, said.get("mappings") or ())
    if found:
        return Cell(*found)
    if isinstance(value, str):
        return Cell(value)
    written = text(value, said.get("unit") or defaults["unit"])
    steps = said.get("thresholds", {}).get("steps")
    return Cell(written, colour(value, steps) if steps else _PLAIN)


def matrix(panel: Json, answer: Sequence[Series]) -> Grid:
    """Turn pairs into rows and columns, as Grafana's "grouping to matrix" does."""
    (grouping,) = (item["options"] for item in panel["transformations"])
    row_of, column_of = grouping["rowField"], grouping["columnField"]
    cells = {
        (series.labels.get(row_of, ""), series.labels.get(column_of, "")): series.last
        for series in answer
    }
    columns = sorted({column for _, column in cells})
    defaults = panel["fieldConfig"]["defaults"]

    def cell(row: str, column: str) -> Cell:
        value = cells.get((row, column))
        if value is None:
            return Cell("")
        return Cell(text(value, defaults["unit"]), colour(value, defaults["thresholds"]["steps"]))

    return Grid(
        ("from \\ to", *columns),
        tuple(
            (Cell(row), *(cell(row, column) for column in columns))
            for row in sorted({row for row, _ in cells})
        ),
    )
