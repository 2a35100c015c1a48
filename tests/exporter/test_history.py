"""Is an hour kept of each path, in little memory, and no more than an hour?"""

import tracemalloc
from dataclasses import replace

from exporter.history import MINUTES, Minute, PathHistory, merged
from exporter.store import ResultStore
from probes.model.probe import IcmpLook, Kind, Probe, ProbeId, Target
from probes.model.result import Outcome, Result
from probes.model.vantage import HOST
from tests.swarms import APP, on

MINUTE = 60.0
START = 1_000_000 * MINUTE
PROBE = Probe(
    id=ProbeId(
        probe=Kind.ICMP,
        target=Target.TASK,
        network="shop_app",
        source_service="shop_web",
        source_node="node1",
        destination_service="shop_api",
        destination_node="node2",
        destination_task="shop_api.2",
    ),
    look=IcmpLook(address=on(APP, 22).address),
    vantage=HOST,
    interval_seconds=10,
    timeout_seconds=2,
)


def ended(at: float, seconds: float = 0.001, outcome: Outcome = Outcome.OK) -> Result:
    """End the probe."""
    detail = "" if outcome is Outcome.OK else f"it was {outcome}"
    return Result(probe=PROBE, outcome=outcome, detail=detail, started_at=at, seconds=seconds)


def history(*results: Result) -> PathHistory:
    """Keep results."""
    made = PathHistory()
    for result in results:
        made.put(result)
    return made


def test_runs_of_a_minute_are_one_row() -> None:
    """Counted by how they ended; only those that worked have a latency."""
    kept = history(
        ended(START + 1, 0.001),
        ended(START + 11, 0.003),
        ended(START + 21, 2.0, Outcome.TIMEOUT),
        ended(START + 31, 0.5, Outcome.VANISHED),
    )

    (minute,) = kept.minutes(START + 40)

    assert (minute.at, minute.runs, minute.failures, minute.unknown) == (START, 4, 1, 1)
    assert round(minute.mean_seconds, 6) == 0.002
    assert round(minute.most_seconds, 6) == 0.003


def test_after_an_hour_a_minute_is_gone() -> None:
    """Its place is taken by the newest, and a pause leaves no old ones behind."""
    kept = history(*(ended(START + number * MINUTE) for number in range(MINUTES + 5)))
    now = START + (MINUTES + 4) * MINUTE

    assert [minute.at for minute in kept.minutes(now)] == [
        START + number * MINUTE for number in range(5, MINUTES + 5)
    ]
    assert kept.minutes(now + 2 * MINUTES * MINUTE) == ()
    assert history().minutes(now) == ()


def test_the_last_errors_are_kept_with_their_time_newest_first() -> None:
    """A few, cut to what a person reads; what is older than an hour is not told."""
    failures = [ended(START + number, outcome=Outcome.REFUSED) for number in range(8)]
    long = replace(ended(START + 9, outcome=Outcome.TIMEOUT), detail="x" * 1000)
    kept = history(*failures, long)

    errors = kept.errors(START + 10)

    assert [error.at - START for error in errors] == [9, 7, 6, 5, 4]
    assert len(errors[0].detail) == 200
    assert errors[1].towards == "shop_api.2 on node2"
    assert kept.errors(START + 4000) == ()


def test_what_two_agents_saw_is_one_history() -> None:
    """The mean weighs runs, and not agents."""
    few = Minute(at=START, runs=1, failures=0, unknown=0, mean_seconds=0.004, most_seconds=0.004)
    many = Minute(at=START, runs=4, failures=1, unknown=0, mean_seconds=0.002, most_seconds=0.003)
    later = replace(few, at=START + MINUTE)

    both = list(merged([[few, later], [many]]))

    assert [minute.at for minute in both] == [START, START + MINUTE]
    assert (both[0].runs, both[0].failures) == (5, 1)
    assert round(both[0].mean_seconds, 6) == 0.0025
    assert both[0].most_seconds == 0.004


def test_an_hour_of_a_path_takes_less_than_two_kilobytes() -> None:
    """However often its probes run: every agent keeps one for each of its paths."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = [history(*(ended(START + at) for at in range(0, 3600, 60))) for _ in range(50)]
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (after - before) / len(kept) < 2048


def test_the_store_keeps_histories_of_what_is_planned_alone() -> None:
    """A pair whose probes go loses its hour, as it loses its series."""
    store = ResultStore()
    store.retain([PROBE])
    store.put(ended(START))

    assert len(store.histories("shop_web", "shop_api")) == 1
    assert store.histories("shop_api", "shop_web") == {}
    store.retain([])
    assert store.histories("shop_web", "shop_api") == {}
