"""Is everything counted once, and forgotten in time?"""

from dataclasses import replace

from exporter.store import ResultStore, path_of
from probes.model.probe import Probe
from probes.model.result import Observation, Outcome, Phase, Result
from tests.exporter.test_wheel import probe


def result(of: Probe, outcome: Outcome = Outcome.OK, **fields: object) -> Result:
    """Make a result that took two milliseconds."""
    made = Result(probe=of, outcome=outcome, detail="", started_at=1.0, seconds=0.002)
    return replace(made, **fields)  # type: ignore[arg-type]


A = probe("a")


def test_worked_failed_and_could_not_look_are_counted_apart() -> None:
    """Every run counts as a run; a failure is no unknown."""
    store = ResultStore()
    store.retain([A])

    for outcome in (Outcome.OK, Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.VANISHED):
        store.put(result(A, outcome))

    kept = store.snapshot()
    tally = kept.tallies[A.id]
    assert (tally.runs, tally.failures, tally.unknown) == (4, 2, 1)
    assert tally.latest.outcome is Outcome.VANISHED
    assert kept.outcomes == {(path_of(A.id), "timeout"): 2, (path_of(A.id), "vanished"): 1}


def test_latencies_are_of_runs_that_worked() -> None:
    """A timeout would only tell our own patience."""
    store = ResultStore()
    store.retain([A])

    store.put(result(A, observed=Observation(rtt_seconds=0.0004)))
    store.put(result(A, Outcome.TIMEOUT, seconds=2.0))

    kept = store.snapshot().latencies[path_of(A.id)]
    assert kept.duration.cumulative()[-1] == ("+Inf", 1)
    assert kept.duration.sum_seconds == 0.002
    assert kept.round_trip is not None
    assert kept.round_trip.sum_seconds == 0.0004


def test_what_worked_and_took_longer_than_is_slow_is_counted() -> None:
    """None at first, so that a rate can be told from the first slow one on; a failure is none."""
    patient = replace(A, slow_seconds=0.002)
    store = ResultStore()
    store.retain([patient])

    store.put(result(patient))
    at_first = store.snapshot().latencies[path_of(A.id)].slow
    store.put(result(patient, seconds=0.003))
    store.put(result(patient, Outcome.TIMEOUT, seconds=2.0))

    assert (at_first, store.snapshot().latencies[path_of(A.id)].slow) == (0, 1)


def test_phases_are_kept_where_there_are_several() -> None:
    """One phase would say what the whole says already."""
    store = ResultStore()
    store.retain([A])
    connect, tls = Phase(name="connect", seconds=0.001), Phase(name="tls", seconds=0.003)

    store.put(result(A, phases=(connect,)))
    store.put(result(A, phases=(connect, tls)))

    phases = store.snapshot().latencies[path_of(A.id)].phases
    assert {name: kept.sum_seconds for name, kept in phases.items()} == {
        "connect": 0.001,
        "tls": 0.003,
    }


def test_an_assumed_port_counts_once_something_answered_there() -> None:
    """An image's EXPOSE is no promise; the first answer, from whichever task, makes it one."""
    one, other = replace(A, assumed=True), replace(A, assumed=True)
    other = replace(other, id=replace(other.id, destination_task="a.2"))
    store = ResultStore()
    store.retain([one, other])

    store.put(result(one, Outcome.REFUSED))
    unproven = store.snapshot()
    store.put(result(other))
    store.put(result(one, Outcome.REFUSED))

    assert (unproven.tallies, unproven.unproven) == ({}, 2)
    proven = store.snapshot()
    assert proven.tallies[one.id].failures == 1
    assert proven.unproven == 0


def test_a_series_whose_subject_is_gone_disappears() -> None:
    """And when it comes back it starts anew."""
    store = ResultStore()
    store.retain([A])
    store.put(result(A))
    store.put(result(A, Outcome.RESET))

    store.retain([probe("b")])

    kept = store.snapshot()
    assert (kept.tallies, kept.latencies, kept.outcomes) == ({}, {}, {})
    store.retain([A])
    store.put(result(A))
    assert store.snapshot().tallies[A.id].runs == 1


def test_a_result_of_yesterdays_plan_is_dropped() -> None:
    """Its probe went away, or expects something else by now."""
    store = ResultStore()
    store.retain([replace(A, timeout_seconds=2)])

    store.put(result(A, Outcome.WRONG_ANSWER))
    store.put(result(probe("gone")))

    assert store.snapshot().tallies == {}
