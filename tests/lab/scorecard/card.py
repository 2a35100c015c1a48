"""What does the scorecard say? One row a scenario, and what they come to together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

_HEAD = """\
# Scorecard

What came of each fault on a real three-node Swarm with the stack as it is shipped, its default
intervals and holds, and a webhook in the place of a pager. `make scorecard` plays all of it and
writes this page; `docs/scorecard.json` has the same with each first notification as it arrived.

A page is an incident of Alertmanager's (one group) at the receiver for `critical`, a ticket one at
the receiver for `warning`. Seconds count from the moment at which the fault was in place, to the
first notification with the right culprit; and from its removal to the notification that all of it
is resolved.

Each row is the last run of its scenario.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One incident: a group of alerts at one receiver."""

    receiver: str
    #: Seconds after the fault.
    seconds: float
    #: Each alert with its labels, as `Name{label=value}`.
    alerts: tuple[str, ...]
    #: What a person would read.
    text: str
    right: bool
    #: Its first notification, as it came.
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one scenario went."""

    name: str
    words: str
    #: Whom to blame; "" where nothing is wrong.
    expected: str
    critical: bool
    told: tuple[Told, ...]
    seconds_to_tell: float | None
    seconds_to_resolve: float | None
    #: Date, Engine, and whether the kernel balances.
    played: str

    @property
    def quiet(self) -> bool:
        return not self.expected

    @property
    def pages(self) -> tuple[Told, ...]:
        return tuple(item for item in self.told if item.receiver == "page")

    @property
    def tickets(self) -> tuple[Told, ...]:
        return tuple(item for item in self.told if item.receiver == "ticket")

    @property
    def right(self) -> bool:
        """Whether it was told of rightly, to its end, and no page came that should not have."""
        if self.quiet:
            return not self.pages
        if self.seconds_to_resolve is not None and self.seconds_to_resolve < 0:
            return False
        most = 1 if self.critical else 0
        return self.seconds_to_tell is not None and len(self.pages) <= most


def load(path: Path) -> dict[str, Row]:
    """Read the rows of an earlier run, by scenario; none where there was none."""
    if not path.exists():
        return {}
    return {row["name"]: row_of(row) for row in json.loads(path.read_text())["rows"]}


def row_of(document: Mapping[str, Any]) -> Row:
    """Read one row."""
    told = (Told(**{**item, "alerts": tuple(item["alerts"])}) for item in document["told"])
    return Row(**{**document, "told": tuple(told)})


def rendered(rows: Sequence[Row]) -> str:
    """Write all rows, and their totals, as JSON."""
    document = {"rows": [asdict(row) for row in rows], "totals": totals(rows)}
    return json.dumps(document, indent=1) + "\n"


def totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Add up: how much was told, how much of it rightly, and how soon."""
    faults = [row for row in rows if not row.quiet]
    critical = [row for row in faults if row.critical]
    pages = [told for row in rows for told in row.pages]
    told = [row for row in faults if row.seconds_to_tell is not None]
    seconds = [row.seconds_to_tell for row in critical if row.seconds_to_tell is not None]
    in_faults = [item for row in critical for item in row.pages]
    return {
        "faults": len(faults),
        "told_with_the_right_culprit": len(told),
        "recall": _share(len(told), len(faults)),
        "pages": len(pages),
        "precision": _share(sum(item.right for item in pages), len(pages)),
        "pages_per_critical_fault": _share(len(in_faults), len(critical)),
        "median_seconds_to_page": round(median(seconds), 1) if seconds else None,
        "worst_seconds_to_page": round(max(seconds), 1) if seconds else None,
        "quiet_scenarios": len(rows) - len(faults),
        "pages_while_quiet": sum(len(row.pages) for row in rows if row.quiet),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def page(rows: Sequence[Row], not_played: Mapping[str, str], unexplained: Mapping[str, str]) -> str:
    """Write the page.

    *not_played* says of each scenario without a row why there is none; *unexplained*, what an
    earlier run of one brought that nobody understands yet.
    """
    sums = totals(rows)
    lines = [_HEAD, "| total | |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {value} |" for name, value in sums.items()]
    lines += ["", "## Faults", ""]
    lines += [
        "| fault | expected | pages | tickets | right | s to tell | s to resolve | what came |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_fault(row) for row in rows if not row.quiet]
    lines += ["", "## Work that harms nobody", "", "| work | pages | tickets | what came |"]
    lines += ["|---|---|---|---|"]
    lines += [_work(row) for row in rows if row.quiet]
    for title, remarks in (("Not played", not_played), ("Not explained yet", unexplained)):
        if remarks:
            lines += ["", f"## {title}", ""]
            lines += [f"- {name}: {text}" for name, text in remarks.items()]
    played = sorted({row.played for row in rows})
    lines += ["", "Played: " + "; ".join(played) + ".", ""]
    return "\n".join(lines)


def _fault(row: Row) -> str:
    cells = (
        f"**{row.name}**: {row.words}",
        row.expected,
        str(len(row.pages)),
        str(len(row.tickets)),
        "yes" if row.right else "**no**",
        _number(row.seconds_to_tell),
        _number(row.seconds_to_resolve),
        _what_came(row),
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _work(row: Row) -> str:
    cells = (
        f"**{row.name}**: {row.words}",
        str(len(row.pages)),
        str(len(row.tickets)),
        _what_came(row),
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _what_came(row: Row) -> str:
    return "; ".join(
        f"{told.receiver} after {told.seconds:.0f} s: {', '.join(told.alerts)}" for told in row.told
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
