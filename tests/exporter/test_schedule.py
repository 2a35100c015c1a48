"""Does each probe run when it should, and never beside itself?"""

import asyncio
import logging
from collections import Counter

import pytest

from exporter.schedule import ProbeSchedule
from probes.model.probe import Probe
from tests.exporter.test_wheel import probe
from tests.waiting import until


class Runs:
    """Counts runs; a probe named "stuck" never ends."""

    def __init__(self) -> None:
        self.started = Counter[str]()
        self.under_way = 0
        self.most_at_once = 0

    async def __call__(self, item: Probe) -> None:
        """Run once."""
        self.started[item.id.destination_service] += 1
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            if item.id.destination_service == "stuck":
                await asyncio.Event().wait()
            if item.id.destination_service == "bug":
                raise ZeroDivisionError
            await asyncio.sleep(0)
        finally:
            self.under_way -= 1


async def test_new_probes_run_soon_and_then_at_their_interval() -> None:
    """The first result of a new service does not wait for its slot."""
    runs = Runs()
    schedule = ProbeSchedule(runs, concurrent=10, per_second=100)
    schedule.start()
    schedule.set([probe("slow", 60), probe("fast", 0.5)])

    await until(lambda: runs.started["slow"] == 1 and runs.started["fast"] >= 3)

    assert runs.started["slow"] == 1
    await schedule.stop()


async def test_a_probe_never_overlaps_itself() -> None:
    """What was due meanwhile is counted as missed."""
    runs = Runs()
    schedule = ProbeSchedule(runs, concurrent=10, per_second=100)
    schedule.start()
    schedule.set([probe("stuck", 0.5)])

    await until(lambda: schedule.pressure().missed >= 2)

    assert runs.started["stuck"] == 1
    assert schedule.pressure().running == 1
    await schedule.stop()
    assert schedule.pressure().running == 0


async def test_no_more_than_so_many_run_at_once() -> None:
    """The others wait for a place, and their lag is measured."""
    runs = Runs()
    schedule = ProbeSchedule(runs, concurrent=2, per_second=1000)
    schedule.start()
    schedule.set([probe("stuck", 60), *(probe(f"p{number}", 60) for number in range(20))])

    await until(lambda: sum(runs.started.values()) == 21)

    assert runs.most_at_once <= 2
    assert schedule.pressure().lag.cumulative()[-1] == ("+Inf", 21)
    await schedule.stop()


async def test_a_probe_that_is_no_longer_planned_is_cancelled() -> None:
    """It neither ends in its own time nor starts again."""
    runs = Runs()
    schedule = ProbeSchedule(runs, concurrent=10, per_second=100)
    schedule.start()
    schedule.set([probe("stuck", 0.5)])
    await until(lambda: runs.under_way == 1)

    schedule.set([probe("other", 0.5)])

    await until(lambda: runs.under_way == 0 and runs.started["other"] >= 2)
    assert runs.started["stuck"] == 1
    await schedule.stop()


async def test_a_bug_in_a_probe_is_told_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It reaches the log as a traceback; the other probes go on."""
    runs = Runs()
    schedule = ProbeSchedule(runs, concurrent=10, per_second=100)
    schedule.start()
    with caplog.at_level(logging.ERROR):
        schedule.set([probe("bug", 0.5), probe("fine", 0.5)])
        await until(lambda: runs.started["bug"] >= 2 and runs.started["fine"] >= 2)

    assert "ZeroDivisionError" in caplog.text
    await schedule.stop()
