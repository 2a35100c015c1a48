"""What does the page of two services say, and which way does it have explained?"""

from dataclasses import replace

from exporter.history import Error, Minute
from exporter.page.chart import HEIGHT, WIDTH, bars
from exporter.page.pair import (
    Gathered,
    PairPage,
    PairReport,
    PathReport,
    ProbeRow,
    dump_pair,
    load_pair,
    pair_page,
)
from exporter.page.question import question_of
from exporter.page.state import State
from exporter.page.swarm import Silent
from exporter.store import Path
from probes.explain.journey import Question
from probes.model.probe import Kind, Target
from probes.model.result import Phase, Verdict
from tests.exporter.page.told import NOW
from tests.swarms import SHOP

MINUTE = 60.0
PATH = Path(Kind.TCP, Target.TASK, "shop_app", "shop_web", "shop_api")
GOOD = Minute(
    at=NOW - 40 - 10 * MINUTE, runs=6, failures=0, unknown=0, mean_seconds=0.001, most_seconds=0.002
)
BAD = replace(GOOD, at=NOW - 40, runs=6, failures=3)
ROW = ProbeRow(
    node="node1",
    vantage="shop_web.1",
    from_task=True,
    kind=Kind.TCP,
    network="shop_app",
    towards="shop_api.2 on node2 8080",
    destination_task="shop_api.2",
    port=8080,
    verdict=Verdict.WORKED,
    outcome="ok",
    detail="",
    at=NOW - 3,
    seconds=0.001,
    rtt_seconds=0.0004,
    phases=(Phase(name="connect", seconds=0.001),),
    runs=12,
    failures=0,
)
LOST = replace(ROW, verdict=Verdict.FAILED, outcome="timeout", detail="nobody answered")


def error(at: float) -> Error:
    """Make an error."""
    return Error(at=at, outcome="timeout", detail="nobody answered", towards="shop_api.2")


def report(node: str, *rows: ProbeRow, minutes: tuple[Minute, ...] = (GOOD,)) -> PairReport:
    """Make what one node has."""
    errors = tuple(error(minute.at) for minute in minutes if minute.failures)
    path = PathReport(path=PATH, minutes=minutes, errors=errors)
    return PairReport(node=node, probes=rows or (ROW,), paths=(path,))


def shown(*reports: PairReport) -> PairPage:
    """Make the page."""
    return pair_page(
        Gathered(
            node="node1",
            version="0.1.0",
            source="shop_web",
            destination="shop_api",
            reports=reports,
            silent=(Silent(node="node3", why="refused"),),
            now=NOW,
        ),
    )


def test_the_worst_probe_and_the_newest_error_come_first() -> None:
    """Whichever node they are from; who did not answer is named."""
    made = shown(report("node1", minutes=(BAD,)), report("node2", LOST, minutes=(GOOD, BAD)))

    assert made.state is State.BAD
    assert [row.outcome for row in made.probes] == ["timeout", "ok"]
    assert [row.node for row in made.errors] == ["node1", "node2"]
    assert made.silent[0].node == "node3"


def test_a_path_is_added_up_over_nodes() -> None:
    """Runs, failures, and the mean of what worked."""
    (path,) = shown(report("node1", minutes=(GOOD, BAD)), report("node2")).paths

    assert path.name == "tcp to its task over shop_app"
    assert (path.runs, path.failures) == (18, 3)
    assert path.state is State.BAD
    assert [minute.failures for minute in path.failing_minutes] == [3]
    assert path.most_seconds == 0.002


def test_a_path_that_works_again_leaves_a_doubt() -> None:
    """For as long as its hour remembers."""
    before = replace(BAD, at=GOOD.at - 60)

    (path,) = shown(report("node1", minutes=(before, GOOD))).paths

    assert path.state is State.DOUBTFUL


def test_an_hour_is_drawn_within_its_frame() -> None:
    """Latency stands at the bottom, failures hang from above."""
    drawn = list(bars((GOOD, BAD), NOW))

    assert all(0 <= bar.x < WIDTH for bar in drawn)
    assert all(0 <= bar.y <= HEIGHT and bar.y + bar.height <= HEIGHT for bar in drawn)
    assert [bar.state for bar in drawn] == [State.OK, State.OK, State.BAD]
    assert drawn[2].y == 0
    assert drawn[2].height == HEIGHT // 2
    assert list(bars((), NOW)) == []


def test_what_fails_is_explained() -> None:
    """From the task that it fails from, to the task and the port that it fails at."""
    echo = replace(LOST, kind=Kind.ICMP, port=None)

    asked = question_of("shop_web", "shop_api", (echo, LOST, ROW), SHOP)

    assert asked == Question(
        source_task="t-shop_web-1-11",
        destination_service="s-shop_api",
        destination_task="t-shop_api-2-22",
        port=8080,
    )


def test_what_starts_in_no_running_task_cannot_be_explained() -> None:
    """The host is no task, and a task that is gone is none any more."""
    assert question_of("shop_web", "shop_api", (replace(ROW, from_task=False),), SHOP) is None
    assert question_of("shop_web", "shop_api", (replace(ROW, vantage="shop_web.9"),), SHOP) is None
    assert question_of("swarmscope", "shop_api", (ROW,), SHOP) is None


def test_a_report_travels_whole() -> None:
    """What one agent writes, another reads."""
    told = report("node2", LOST, minutes=(GOOD, BAD))

    assert load_pair(dump_pair(told)) == told
