"""Does one round ask every check, whatever becomes of the others?"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from probes.audit.check import Answer, Check
from probes.audit.round import CHECKS, STALE_TOPOLOGY_SECONDS, audit
from probes.audit.situation import Situation
from probes.findings import FINDINGS, fdb
from probes.model.finding import Subject
from probes.model.reading import CouldNotLook
from tests.probes.audit.situations import NOW, situation
from tests.swarms import SHOP

FRESH = situation(replace(SHOP, read_at=NOW))
FOUND = fdb.MISSING.found(Subject(network="shop_app"))


def finds(_: Situation) -> Iterator[Answer]:
    yield FOUND


def breaks(_: Situation) -> Iterator[Answer]:
    raise ZeroDivisionError("a bug")
    yield FOUND


def is_blind(_: Situation) -> Iterator[Answer]:
    yield CouldNotLook(where="overlay shop_app", why="no permission")


ONE = Check(name="one", finds=(fdb.MISSING,), run=finds)


def test_a_check_that_breaks_does_not_end_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """Its codes count as not looked for, and the log has the bug."""
    made = audit(FRESH, (Check(name="two", finds=(fdb.STALE,), run=breaks), ONE))

    assert made.findings == (FOUND,)
    assert [item.check for item in made.unanswered] == ["two"]
    assert made.blind == {"fdb_stale"}
    assert "ZeroDivisionError" in caplog.text


def test_an_open_question_is_no_finding() -> None:
    """It is told, with where and why."""
    made = audit(FRESH, (Check(name="two", finds=(fdb.STALE,), run=is_blind),))

    assert made.findings == ()
    assert [(item.where, item.why) for item in made.unanswered] == [
        ("overlay shop_app", "no permission"),
    ]


def test_an_old_topology_says_nothing_of_what_should_be_now() -> None:
    """Checks that need none go on."""
    old = situation(replace(SHOP, read_at=NOW - STALE_TOPOLOGY_SECONDS - 1))
    free = replace(ONE, name="free", needs_topology=False)

    made = audit(old, (ONE, free))

    assert made.findings == (FOUND,)
    assert [item.check for item in made.unanswered] == ["one"]


def test_every_check_finds_what_the_catalogue_knows_and_all_of_it() -> None:
    """No finding without its row, no row that nobody can find."""
    assert {spec.code for check in CHECKS for spec in check.finds} == set(FINDINGS)
    assert all(FINDINGS[spec.code] is spec for check in CHECKS for spec in check.finds)
