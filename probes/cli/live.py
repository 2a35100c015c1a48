"""How do looks that go on look on a terminal, while they do?"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from probes.cli.show import console_for
from probes.cli.show_looks import (
    NARROWEST_TABLE,
    figures,
    loss,
    outcome_of,
    plain_table,
    seen_from,
    summary_lines,
    took,
)
from probes.looks.asking import Answer
from probes.looks.session import Place, Session
from probes.model.result import Verdict

_LEVELS = "▁▂▃▄▅▆▇█"
_FAILED, _UNKNOWN = "!", "?"
_LATEST = 24


class LiveDisplay:
    """A display that each look renews."""

    def __init__(self, console: Console, live: Live, session: Session, title: str) -> None:
        self._console = console
        self._live = live
        self._session = session
        self._title = title

    def show(self) -> None:
        """Draw it anew."""
        self._live.update(drawn(self._session, self._title, self._console.width), refresh=True)


@contextmanager
def live_display(session: Session, title: str) -> Iterator[LiveDisplay]:
    """Show a session for as long as the body lasts; then it is gone, and a summary may follow."""
    console = console_for()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield LiveDisplay(console, live, session, title)


def drawn(session: Session, title: str, width: int) -> RenderableType:
    """Draw the places, the worst first: how each fares, and its latest looks as a line."""
    heading = Text(title, style="bold")
    places = session.places
    if width < NARROWEST_TABLE:
        return Group(heading, *(line for place in places for line in _stacked(place)))
    table = plain_table("NODE", "FROM", "LAST", "TIME", "LOSS", "MIN", "AVG", "P99", "")
    for place in places:
        summary, last = place.tally.summary(), place.answers[-1]
        least, mean, percentile, _ = figures(summary)
        cells = (took(last), loss(summary), least, mean, percentile)
        table.add_row(
            Text(place.node),
            Text(seen_from(place)),
            outcome_of(last),
            *map(Text, cells),
            sparkline(place),
        )
    return Group(heading, table)


def _stacked(place: Place) -> Iterator[Text]:
    last = place.answers[-1]
    where = f"{place.node} {seen_from(place)}".strip()
    yield Text.assemble(outcome_of(last), f"  {where}  {took(last)}".rstrip())
    for line in summary_lines(place.tally.summary()):
        yield Text(f"  {line}")
    yield Text.assemble("  ", sparkline(place))


def sparkline(place: Place) -> Text:
    """Draw the latest looks: how long each took, beside the longest of them, or that it failed."""
    latest = list(islice(reversed(place.answers), _LATEST))[::-1]
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
