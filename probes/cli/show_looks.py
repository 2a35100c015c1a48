"""How do looks from several places, and many looks from one, look on a terminal?"""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from probes.cli.show import STYLES, aim_of, console_for, headline, milliseconds, print_report
from probes.looks.asking import Answer
from probes.looks.session import Place, Session
from probes.looks.tally import Summary
from probes.model.result import Outcome

#: With fewer columns, what was seen would be folded to pieces.
_LEAST_SAW = 24
_WIDEST = 1000
_NONE = "-"


def print_line(answer: Answer) -> None:
    """Print how one look ended, on one line."""
    if answer.report is None:
        said = f"{answer.node}: {answer.why}" if answer.node else answer.why
    else:
        result = answer.report.result
        said = f"{headline(result)}; {result.detail}" if result.detail else headline(result)
    console_for().print(Text.assemble(outcome_of(answer), "  ", said), soft_wrap=True)


def print_one(answer: Answer) -> None:
    """Print how the only look ended, with all its steps."""
    if answer.report:
        print_report(answer.report)
    else:
        print_line(answer)


def print_places(session: Session) -> None:
    """Print a line for each place's latest look, the worst first."""
    console = console_for()
    answers = [place.answers[-1] for place in session.places]
    table = plain_table("NODE", "FROM", "OUTCOME", "TIME")
    table.add_column("SAW", overflow="fold", min_width=_LEAST_SAW, max_width=_LEAST_SAW)
    for answer in answers:
        cells = (answer.node, origin(answer), outcome_of(answer), took(answer), _saw(answer))
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))
    if fits(table, console):
        table.columns[-1].max_width = None
        console.print(table)
    else:
        for answer in answers:
            heading = Text.assemble(outcome_of(answer), f"  {answer.node}  {took(answer)}".rstrip())
            console.print(heading, soft_wrap=True)
            console.print(Text(f"  {f'{origin(answer)} {_saw(answer)}'.strip()}"), soft_wrap=True)
    _print_left_out(session, console)


def print_summary(session: Session) -> None:
    """Print what came of all looks, from each place, the worst first."""
    console = console_for()
    places = session.places
    table = plain_table("NODE", "FROM", "LOOKS", "FAILED", "UNSEEN", "LOSS", *FIGURES, "")
    for place in places:
        summary = place.tally.summary()
        counts = map(str, (summary.looks, summary.failed, summary.unknown))
        cells = (place.node, seen_from(place), *counts, loss(summary), *figures(summary))
        table.add_row(*map(Text, cells), "ms" if summary.worked else "")
    if len(places) > 1 and fits(table, console):
        console.print(table)
    else:
        for place in places:
            if len(places) > 1:
                console.print(Text(f"{place.node}:", style="bold"), soft_wrap=True)
            for line in summary_lines(place.tally.summary()):
                console.print(Text(line), soft_wrap=True)
    _print_left_out(session, console)


FIGURES = ("MIN", "AVG", "P99", "MAX")


def summary_lines(summary: Summary) -> Iterator[str]:
    """Say it in two lines, as `ping` does."""
    looks = "1 look" if summary.looks == 1 else f"{summary.looks} looks"
    unseen = f", {summary.unknown} unseen" if summary.unknown else ""
    yield f"{looks}, {summary.failed} failed{unseen}, loss {loss(summary)}"
    if summary.worked:
        yield f"{'/'.join(FIGURES).lower()} {'/'.join(figures(summary))} ms"


def figures(summary: Summary) -> tuple[str, ...]:
    """Write the least, the mean, the 99th percentile and the most, in milliseconds."""
    seconds = (
        summary.min_seconds,
        summary.avg_seconds,
        summary.p99_seconds,
        summary.max_seconds,
    )
    return tuple(_NONE if item is None else f"{item * 1000:.2f}" for item in seconds)


def loss(summary: Summary) -> str:
    """Write the share that failed."""
    return _NONE if summary.loss is None else f"{summary.loss * 100:.3g} %"


def outcome_of(answer: Answer) -> Text:
    """Write how a look ended, in its colour."""
    outcome = answer.report.result.outcome if answer.report else Outcome.COULD_NOT_LOOK
    return Text(str(outcome), style=STYLES[outcome.verdict])


def origin(answer: Answer) -> str:
    """Write where on its node it was taken from."""
    return answer.report.result.probe.vantage.name if answer.report else ""


def seen_from(place: Place) -> str:
    """Write where on its node a place's looks were taken from, as far as any was."""
    return next(filter(None, map(origin, reversed(place.answers))), "")


def took(answer: Answer) -> str:
    """Write how long it took."""
    return milliseconds(answer.report.result.seconds) if answer.report else ""


def plain_table(*titles: str) -> Table:
    """Make a table without lines, whose columns keep their cells whole."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, no_wrap=True)
    return table


def fits(table: Table, console: Console) -> bool:
    """Tell whether a table has a place on the terminal with all its cells whole."""
    return width_of(table, console) <= console.width


def width_of(table: Table, console: Console) -> int:
    """Tell how wide a table is when nothing bounds it."""
    unbounded = console.options.update_width(_WIDEST)
    return console.measure(table, options=unbounded).maximum


def print_hints(answers: Iterable[Answer]) -> None:
    """Print what may have been meant, each once, where errors go."""
    hints = dict.fromkeys(answer.report.hint for answer in answers if answer.report)
    for hint in filter(None, hints):
        console_for(stderr=True).print(Text(hint), soft_wrap=True)


def _saw(answer: Answer) -> str:
    if answer.report is None:
        return answer.why
    result = answer.report.result
    return result.detail or aim_of(result.probe)


def _print_left_out(session: Session, console: Console) -> None:
    for node, why in session.left_out.items():
        console.print(Text(f"left out: {node}: {why}"), soft_wrap=True)
