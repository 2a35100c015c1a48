"""How do looks from many nodes look, on terminals of several widths?"""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from probes.cli import show_looks
from probes.cli.live import drawn
from probes.looks.asking import Answer
from probes.looks.session import Session
from probes.model.result import Outcome
from tests.probes.looks.answers import answer

SILENT = Answer(node="node3", why="agent on 198.18.0.13: Cannot connect")
ROUND = (answer("node1"), answer("node2", Outcome.REFUSED, seconds=0.0004), SILENT)


def _session(*rounds: tuple[Answer, ...]) -> Session:
    session = Session()
    for answers in rounds:
        session.add(answers)
    return session


def _again() -> Session:
    """Look ten times: one node is ever slower, one failed twice, one is silent."""
    return _session(
        *(
            (
                answer("node1", seconds=0.001 * number),
                answer("node2", Outcome.REFUSED if number in {3, 4} else Outcome.OK),
                SILENT,
            )
            for number in range(1, 11)
        )
    )


@pytest.fixture
def lines_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Print something at a width; the lines, without what fills them up."""

    def at(width: int, show: Callable[[Console], object]) -> list[str]:
        console = Console(file=StringIO(), width=width, color_system=None, force_terminal=True)

        def same(*, stderr: bool = False) -> Console:
            del stderr
            return console

        monkeypatch.setattr(show_looks, "console_for", same)
        show(console)
        assert isinstance(console.file, StringIO)
        return [line.rstrip() for line in console.file.getvalue().splitlines()]

    return at


LinesAt = Callable[[int, Callable[[Console], object]], list[str]]


def test_places_have_a_line_each_on_a_terminal(lines_at: LinesAt) -> None:
    """The worst first."""
    session = _session((*ROUND, Answer(node="node4", why="no task here", pointless=True)))

    assert lines_at(80, lambda _: show_looks.print_places(session)) == [
        "NODE   FROM        OUTCOME         TIME     SAW",
        "node2  shop_web.2  refused         0.40 ms  10.0.1.21:80: Connection refused",
        "node3              could_not_look           agent on 198.18.0.13: Cannot connect",
        "node1  shop_web.1  ok              1.75 ms  shop_api.1 10.0.1.21:80",
        "left out: node4: no task here",
    ]


def test_places_have_no_table_on_a_narrow_terminal(lines_at: LinesAt) -> None:
    """Whose cells would be folded to pieces; the terminal folds the lines."""
    session = _session(ROUND)

    assert lines_at(40, lambda _: show_looks.print_places(session)) == [
        "refused  node2  0.40 ms",
        "  shop_web.2 10.0.1.21:80: Connection refused",
        "could_not_look  node3",
        "  agent on 198.18.0.13: Cannot connect",
        "ok  node1  1.75 ms",
        "  shop_web.1 shop_api.1 10.0.1.21:80",
    ]


def test_many_looks_are_summed_up_in_a_line_each(lines_at: LinesAt) -> None:
    """In milliseconds; who never worked has no figures."""
    session = _again()

    assert lines_at(80, lambda _: show_looks.print_summary(session)) == [
        "NODE   FROM        LOOKS  FAILED  UNSEEN  LOSS  MIN   AVG   P99    MAX",
        "node2  shop_web.2  10     2       0       20 %  1.75  1.75  1.75   1.75   ms",
        "node3              10     0       10      -     -     -     -      -",
        "node1  shop_web.1  10     0       0       0 %   1.00  5.50  10.00  10.00  ms",
    ]


def test_many_looks_are_summed_up_on_a_narrow_terminal(lines_at: LinesAt) -> None:
    """In two short lines each, as `ping` does."""
    session = _again()

    assert lines_at(40, lambda _: show_looks.print_summary(session)) == [
        "node2:",
        "10 looks, 2 failed, loss 20 %",
        "min/avg/p99/max 1.75/1.75/1.75/1.75 ms",
        "node3:",
        "10 looks, 0 failed, 10 unseen, loss -",
        "node1:",
        "10 looks, 0 failed, loss 0 %",
        "min/avg/p99/max 1.00/5.50/10.00/10.00 ms",
    ]


def test_the_live_display_draws_the_latest_looks(lines_at: LinesAt) -> None:
    """How long each took, "!" for a failure, "?" for what could not look."""
    session = _again()

    def show(console: Console) -> None:
        console.print(drawn(session, "from all, every 1 s; Ctrl-C ends", console))

    assert lines_at(80, show) == [
        "from all, every 1 s; Ctrl-C ends",
        "NODE   FROM        LAST            LOSS  MIN   AVG   P99",
        "node2  shop_web.2  ok              20 %  1.75  1.75  1.75   ms  ██!!██████",
        "node3              could_not_look  -     -     -     -          ??????????",
        "node1  shop_web.1  ok              0 %   1.00  5.50  10.00  ms  ▂▂▃▄▅▅▆▇▇█",
    ]
    assert lines_at(40, show) == [
        "from all, every 1 s; Ctrl-C ends",
        "ok  node2 shop_web.2",
        "  10 looks, 2 failed, loss 20 %",
        "  min/avg/p99/max 1.75/1.75/1.75/1.75 ms",
        "  ██!!██████",
        "could_not_look  node3",
        "  10 looks, 0 failed, 10 unseen, loss -",
        "  ??????????",
        "ok  node1 shop_web.1",
        "  10 looks, 0 failed, loss 0 %",
        "  min/avg/p99/max 1.00/5.50/10.00/10.00",
        "ms",
        "  ▂▂▃▄▅▅▆▇▇█",
    ]
