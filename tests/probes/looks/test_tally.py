"""Are many answers folded into what people expect, with the worst first?"""

import pytest

from probes.looks.asking import Answer
from probes.looks.errors import UsageError
from probes.looks.session import MOST_KEPT, Session
from probes.looks.tally import Tally
from probes.model.result import Outcome, Verdict
from tests.probes.looks.answers import answer


def test_durations_are_folded_as_people_expect() -> None:
    """The 99th percentile is one that was measured; failures have no duration worth telling."""
    tally = Tally()
    for milliseconds in range(1, 201):
        tally.add(Verdict.WORKED, milliseconds / 1000)
    tally.add(Verdict.FAILED, 2.0)
    tally.add(Verdict.UNKNOWN, 0.0)

    summary = tally.summary()

    assert (summary.looks, summary.worked, summary.failed, summary.unknown) == (202, 200, 1, 1)
    assert (summary.min_seconds, summary.p99_seconds, summary.max_seconds) == (0.001, 0.198, 0.2)
    assert summary.avg_seconds == pytest.approx(0.1005)
    assert summary.loss == pytest.approx(1 / 201)


def test_one_look_is_all_its_figures() -> None:
    """And none has none."""
    tally = Tally()
    assert (tally.summary().loss, tally.summary().p99_seconds) == (None, None)

    tally.add(Verdict.WORKED, 0.5)

    summary = tally.summary()
    assert {summary.min_seconds, summary.avg_seconds, summary.p99_seconds, summary.max_seconds} == {
        0.5
    }
    assert summary.loss == 0


def test_what_could_not_look_is_no_loss() -> None:
    """Nothing is known of the network then."""
    tally = Tally()
    tally.add(Verdict.UNKNOWN, 0.0)

    assert (tally.summary().loss, tally.summary().unknown) == (None, 1)


def test_the_worst_place_comes_first_and_decides() -> None:
    """A failure before what could not look before what worked."""
    session = Session()
    session.add(
        [
            answer("node1"),
            Answer(node="node2", why="no agent"),
            answer("node3", Outcome.REFUSED),
        ]
    )

    assert [place.node for place in session.places] == ["node3", "node2", "node1"]
    assert (session.verdict, session.status) == (Verdict.FAILED, 1)


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([answer("node1"), answer("node2")], 0),
        ([answer("node1"), Answer(node="node2", why="no agent")], 3),
        ([], 3),
    ],
)
def test_a_place_that_could_not_look_is_not_passed_over(answers: list[Answer], status: int) -> None:
    """Nor is it a no of the network."""
    session = Session()
    session.add(answers)

    assert session.status == status


def test_one_failure_of_many_decides() -> None:
    """A place is as bad as its worst look."""
    session = Session()
    for outcome in (Outcome.OK, Outcome.TIMEOUT, Outcome.OK):
        session.add([answer("node1", outcome)])

    assert session.status == 1


def test_nodes_without_a_place_are_left_out_unless_all_are() -> None:
    """Somebody who asks for what is nowhere has made a mistake."""
    pointless = Answer(node="node2", why="no task here is on shop_data", pointless=True)
    session = Session()

    assert session.add([answer("node1"), pointless]) == [answer("node1")]

    assert session.left_out == {"node2": "no task here is on shop_data"}
    assert session.status == 0
    with pytest.raises(UsageError, match="no task here is on shop_data"):
        Session().add([pointless])


def test_an_endless_session_keeps_so_many_answers_alone() -> None:
    """The latest, in their order, while all are counted."""
    session = Session()
    for _ in range(MOST_KEPT + 5):
        session.add([answer("node1")])
    session.miss("the agent is gone")

    (place,) = session.places
    assert len(place.answers) == MOST_KEPT
    assert place.tally.summary().looks == MOST_KEPT + 6
    assert place.answers[-1] == Answer(node="node1", why="the agent is gone")
