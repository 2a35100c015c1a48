"""How do looks that go on look on a terminal, while they do?"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from probes.cli.show import console_for
from probes.cli.show_looks import (
    figures,
    loss,
    outcome_of,
    plain_table,
    seen_from,
    summary_lines,
    width_of,
)
from probes.looks.asking import Answer
from probes.looks.session import Place, Session
from probes.model.result import Verdict

_LEVELS = "▁▂▃▄▅▆▇█"
_FAILED, _UNKNOWN = "!", "?"
#: Of the line of the latest looks; with less, it says nothing.
_SHORTEST, _LONGEST = 8, 32
_GAP = 2


class LiveDisplay:
    """A display that each look renews."""

    def __init__(self, console: Console, live: Live, session: Session, title: str) -> None:
        self._console = console
        self._live = live
        self._session = session
        self._title = title

    def show(self) -> None:
        """Draw it anew."""
        self._live.update(drawn(self._session, self._title, self._console), refresh=True)


@contextmanager
def live_display(session: Session, title: str) -> Iterator[LiveDisplay]:
    """Show a session for as long as the body lasts; then it is gone, and a summary may follow."""
    console = console_for()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield LiveDisplay(console, live, session, title)


def drawn(session: Session, title: str, console: Console) -> RenderableType:
    """Draw the places, the worst first: how each fares, and its latest looks as a line."""
    heading = Text(title, style="bold")
    places = session.places
    table = plain_table("NODE", "FROM", "LAST", "LOSS", "MIN", "AVG", "P99", "")
    for place in places:
        summary = place.tally.summary()
        cells = (loss(summary), *figures(summary)[:3], "ms" if summary.worked else "")
        where = (Text(place.node), Text(seen_from(place)), outcome_of(place.answers[-1]))
        table.add_row(*where, *map(Text, cells))
    left = console.width - width_of(table, console) - _GAP
    if left < _SHORTEST:
        return Group(heading, *(line for place in places for line in _stacked(place)))
    lines = plain_table("")
    for place in places:
        lines.add_row(sparkline(place, min(left, _LONGEST)))
    both = Table.grid(padding=(0, _GAP, 0, 0))
    both.add_row(table, lines)
    return Group(heading, both)


def _stacked(place: Place) -> Iterator[Text]:
    where = f"{place.node} {seen_from(place)}".strip()
    yield Text.assemble(outcome_of(place.answers[-1]), f"  {where}")
    for line in summary_lines(place.tally.summary()):
        yield Text(f"  {line}")
    yield Text.assemble("  ", sparkline(place, _LONGEST))


def sparkline(place: Place, length: int) -> Text:
    """Draw the latest looks: how long each took, beside the longest of them, or that it failed."""
    latest = list(islice(reversed(place.answers), length))[::-1]
    most = max((_seconds(answer) for answer in latest), default=0.0)
    line = Text()
    for answer in latest:
        match answer.verdict:
            case Verdict.FAILED:
                line.append(_FAILED, style="bold red")
            case Verdict.UNKNOWN:
                line.append(_UNKNOWN, style="bold yellow")
            case Verdict.WORKED:
                line.append(_level(_seconds(answer), most))
    return line


def _level(seconds: float, most: float) -> str:
    return _LEVELS[round(seconds / most * (len(_LEVELS) - 1))] if most else _LEVELS[0]


def _seconds(answer: Answer) -> float:
    """Tell how long a look that worked took."""
    return answer.report.result.seconds if answer.report and answer.verdict is Verdict.WORKED else 0
