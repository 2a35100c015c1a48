"""Does the scorecard count honestly?"""

from dataclasses import replace
from pathlib import Path

from tests.lab.scorecard import card
from tests.lab.scorecard.card import Row, Told
from tests.lab.scorecard.pages import Alert, Notification
from tests.lab.scorecard.play import fold, is_right
from tests.lab.scorecard.scenario import Culprit

CULPRIT = Culprit(alerts=("SwarmNodeDown",), labels={"node": ("node3",)})


def notification(
    *alerts: tuple[str, str, bool], at: float = 1010.0, receiver: str = "page", group: str = "g"
) -> Notification:
    """Make one of alerts' names, nodes, and whether they fire."""
    listed = tuple(
        Alert(name=name, firing=firing, labels={"node": node}, annotations={"description": name})
        for name, node, firing in alerts
    )
    return Notification(at=at, receiver=receiver, group=group, alerts=listed, document={})


def row(name: str, *told: Told, expected: str = "SwarmNodeDown{node=node3}") -> Row:
    right = [item.seconds for item in told if item.right]
    return Row(
        name=name,
        words="a fault",
        expected=expected,
        critical=bool(expected),
        told=told,
        seconds_to_tell=right[0] if right else None,
        seconds_to_resolve=20.0,
        played="today",
    )


def told(*, right: bool, seconds: float = 30.0, receiver: str = "page") -> Told:
    return Told(receiver=receiver, seconds=seconds, alerts=("A{}",), text="words", right=right)


def test_only_the_right_alert_about_the_right_node_at_the_right_receiver_counts() -> None:
    """And only while it fires."""
    down = ("SwarmNodeDown", "node3", True)

    assert is_right(notification(down), CULPRIT)
    assert is_right(notification(("Other", "node3", True), down), CULPRIT)
    assert not is_right(notification(("SwarmNodeDown", "node2", True)), CULPRIT)
    assert not is_right(notification(("SwarmNodeDown", "node3", False)), CULPRIT)
    assert not is_right(notification(("Other", "node3", True)), CULPRIT)
    assert not is_right(notification(down, receiver="ticket"), CULPRIT)
    assert is_right(notification(down, receiver="ticket"), replace(CULPRIT, critical=False))


def test_an_incident_is_a_group_at_a_receiver() -> None:
    """Told of again and again, with more alerts, it is one; what ended only now is none."""
    received = [
        notification(("SwarmNodeDown", "node3", True), at=1010),
        notification(("Other", "node1", True), at=1015, group="h"),
        notification(("SwarmNodeDown", "node3", True), ("SwarmNodeDown", "node2", True), at=1020),
        notification(("Older", "node1", False), at=1030, group="i"),
    ]

    first, second = fold(received, 1000.0, CULPRIT)

    assert (first.seconds, first.right) == (10.0, True)
    assert first.alerts == ("SwarmNodeDown{node=node2}", "SwarmNodeDown{node=node3}")
    assert (second.seconds, second.right, second.text) == (15.0, False, "Other")


def test_a_fault_is_right_with_one_page_and_quiet_with_none() -> None:
    """A second page, a wrong one, or none, is not; tickets beside a page are."""
    assert row("a", told(right=True)).right
    assert row("a", told(right=True), told(right=False, receiver="ticket")).right
    assert not row("a", told(right=True), told(right=False)).right
    assert not row("a", told(right=False)).right
    assert not row("a").right
    assert not replace(row("a", told(right=True)), seconds_to_resolve=-5.0).right
    assert row("a", expected="").right
    assert not row("a", told(right=False), expected="").right


def test_totals_leave_nothing_out() -> None:
    """Wrong pages lower the precision, wherever they came; what was not told lowers the recall."""
    rows = [
        row("a", told(right=True, seconds=20)),
        row("b", told(right=False, seconds=5), told(right=True, seconds=50)),
        row("c"),
        row("quiet", told(right=False), expected=""),
    ]

    assert card.totals(rows) == {
        "faults": 3,
        "told_with_the_right_culprit": 2,
        "recall": 0.667,
        "pages": 4,
        "precision": 0.5,
        "pages_per_critical_fault": 1.0,
        "median_seconds_to_page": 35,
        "worst_seconds_to_page": 50,
        "quiet_scenarios": 1,
        "pages_while_quiet": 1,
    }


def test_a_card_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """So that a later run of some scenarios keeps the others."""
    rows = [row("a", told(right=True)), row("quiet", expected="")]
    file = tmp_path / "scorecard.json"

    file.write_text(card.rendered(rows))

    assert list(card.load(file).values()) == rows
    assert "| **a**: a fault |" in card.page(rows, {"b": "needs more"}, {})


def test_what_is_not_understood_is_not_hidden() -> None:
    """A later run that went well explains nothing."""
    written = card.page([row("quiet", expected="")], {}, {"quiet": "paged once"})

    assert "## Not explained yet\n\n- quiet: paged once\n" in written
    assert "Not played" not in written
