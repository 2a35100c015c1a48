"""Does a finding count when it lasts, and not before?"""

from collections.abc import Collection, Mapping

from probes.audit.hold import Key, Pending, advance
from probes.findings import fdb
from probes.model.finding import Evidence, Finding, Subject

MISSING = fdb.MISSING.found(
    Subject(network="shop_app", item="10.0.1.4"),
    Evidence(what="fdb", expected="a row", actual="none"),
)
STALE = fdb.STALE.found(Subject(network="shop_app", item="10.0.1.5"))
HOLD = {fdb.MISSING.code: 20.0, fdb.STALE.code: 120.0}


def _always(_: Finding) -> bool:
    return True


def _never(_: Finding) -> bool:
    return False


def rounds(
    *found: tuple[Finding, ...],
    blind: Collection[int] = (),
    moving: Collection[int] = (),
    every: float = 10.0,
) -> Mapping[Key, Pending]:
    """Take one round for each tuple; in some nothing can be seen, or everything moves."""
    pending: Mapping[Key, Pending] = {}
    for number, findings in enumerate(found):
        pending = advance(
            pending,
            findings,
            blind=HOLD if number in blind else (),
            unsettled=_always if number in moving else _never,
            hold_of=HOLD.__getitem__,
            now=number * every,
        )
    return pending


def lasting(pending: Mapping[Key, Pending]) -> list[Finding]:
    return [item.finding for item in pending.values() if item.lasting]


def test_a_finding_lasts_after_its_hold() -> None:
    """One hold is not the other's."""
    both = (MISSING, STALE)

    assert lasting(rounds(both, both)) == []
    assert lasting(rounds(both, both, both)) == [MISSING]
    assert lasting(rounds(*[both] * 13)) == [MISSING, STALE]


def test_one_round_proves_nothing_however_long_ago() -> None:
    """Two consecutive rounds are the least."""
    assert lasting(rounds((MISSING,), every=100)) == []
    assert lasting(rounds((MISSING,), (MISSING,), every=100)) == [MISSING]


def test_what_is_gone_once_begins_anew() -> None:
    """It must be there in every round."""
    pending = rounds((MISSING,), (MISSING,), (), (MISSING,))

    assert lasting(pending) == []
    assert [item.since for item in pending.values()] == [30.0]


def test_what_could_not_be_looked_at_stays_as_it_was() -> None:
    """Not seeing it does not mean that it is gone, nor that it lasts."""
    assert lasting(rounds((MISSING,), (MISSING,), (), blind={2})) == []
    assert lasting(rounds((MISSING,), (MISSING,), (), (MISSING,), blind={2})) == [MISSING]
    assert lasting(rounds((MISSING,), (MISSING,), (MISSING,), (), blind={3})) == [MISSING]


def test_what_moves_is_not_counted() -> None:
    """The clock begins when everything has come to rest."""
    assert lasting(rounds(*[(MISSING,)] * 4, moving={0, 1, 2})) == []
    assert lasting(rounds(*[(MISSING,)] * 6, moving={0, 1, 2})) == [MISSING]


def test_what_lasts_stays_while_somebody_mends_it() -> None:
    """An update of the service must not hide the fault that it is to mend."""
    assert lasting(rounds(*[(MISSING,)] * 5, moving={4})) == [MISSING]


def test_the_newest_evidence_is_shown() -> None:
    """A finding is the same one by code and subject."""
    newer = fdb.MISSING.found(
        MISSING.subject, Evidence(what="fdb", expected="a row", actual="another")
    )

    assert lasting(rounds((MISSING,), (MISSING,), (newer,))) == [newer]
