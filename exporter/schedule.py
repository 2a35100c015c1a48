"""When does each probe run? The only home of apscheduler.

Probes are spread evenly over the slots of their interval, and one job starts a slot of them, one
after the other: a job per probe would cost more than the probe does. A probe never overlaps
itself, and no more than so many run at once.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from time import monotonic

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from exporter.histogram import EMPTY, Histogram
from exporter.wheel import SLOT_SECONDS, Wheel
from probes.model.probe import Probe, ProbeId

logger = logging.getLogger(__name__)

#: New probes run for the first time within this time, more slowly when there are many.
_FIRST_RUNS_WITHIN_SECONDS = 1.0
#: Between two starts of a slot: close enough to find the processor's caches warm, which takes a
#: third off the cost of a probe, and far enough that one's work does not show in the other's time.
_APART_SECONDS = 0.001
#: After a pause of the whole process, older slots are missed rather than run late.
_OLDEST_SLOTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """How well the schedule is kept."""

    running: int
    missed: int
    lag: Histogram


class ProbeSchedule:
    """Runs planned probes, each at its own interval, until stopped."""

    def __init__(
        self,
        run: Callable[[Probe], Awaitable[None]],
        *,
        concurrent: int,
        per_second: float,
    ) -> None:
        self._run = run
        self._places = asyncio.Semaphore(concurrent)
        self._per_second = per_second
        self._wheel = Wheel()
        self._wanted: dict[ProbeId, Probe] = {}
        #: Loop time at which each probe's last run was due.
        self._began: dict[ProbeId, float] = {}
        self._running: dict[ProbeId, asyncio.Task[None]] = {}
        self._scheduler = AsyncIOScheduler()
        self._started_at = monotonic()
        self._last_tick = 0
        self._missed = 0
        self._lag = EMPTY

    def start(self) -> None:
        """Begin; needs the running event loop."""
        self._started_at = monotonic()
        self._scheduler.add_job(
            self._tick,
            IntervalTrigger(seconds=SLOT_SECONDS),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    def set(self, probes: Iterable[Probe]) -> None:
        """Follow a new plan: what is gone stops, what is new runs soon, the rest is untouched."""
        self._wanted = {probe.id: probe for probe in probes}
        for probe_id in self._running.keys() - self._wanted.keys():
            self._running[probe_id].cancel()
        self._began = {key: due for key, due in self._began.items() if key in self._wanted}
        new = self._wheel.set(self._wanted.values())
        within = max(_FIRST_RUNS_WITHIN_SECONDS, len(new) / self._per_second)
        self._start_spread(new, within)

    def limit(self, *, concurrent: int, per_second: float) -> None:
        """Follow a new budget; probes under way keep the places that they have."""
        self._places = asyncio.Semaphore(concurrent)
        self._per_second = per_second

    async def _tick(self) -> None:
        """Start the slots that have come due; a coroutine, so that it runs on the event loop."""
        now = int((monotonic() - self._started_at) / SLOT_SECONDS)
        for tick in range(self._last_tick + 1, now + 1):
            due = self._wheel.due(tick)
            if tick <= now - _OLDEST_SLOTS:
                self._missed += len(due)
            else:
                self._start_spread(due, min(SLOT_SECONDS, _APART_SECONDS * len(due)))
        self._last_tick = now

    def _start_spread(self, probes: list[Probe], within_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        for position, probe in enumerate(probes):
            due = loop.time() + within_seconds * position / len(probes)
            loop.call_at(due, self._start, probe.id, due)

    def _start(self, probe_id: ProbeId, due: float) -> None:
        probe = self._wanted.get(probe_id)
        if probe is None:
            return
        began = self._began.get(probe_id, -math.inf)
        if due - began < probe.interval_seconds / 2:
            return  # its first run was out of turn, and this slot follows too closely
        if probe_id in self._running:
            self._missed += 1
            return
        self._began[probe_id] = due
        task = asyncio.create_task(self._run_in_turn(probe, due))
        self._running[probe_id] = task
        task.add_done_callback(partial(self._ended, probe_id))

    def _ended(self, probe_id: ProbeId, task: asyncio.Task[None]) -> None:
        del self._running[probe_id]
        if not task.cancelled() and (bug := task.exception()):
            logger.error("probe %s: this is a bug of ours", probe_id, exc_info=bug)

    async def _run_in_turn(self, probe: Probe, due: float) -> None:
        async with self._places:
            self._lag = self._lag.with_one(max(0.0, asyncio.get_running_loop().time() - due))
            await self._run(probe)

    def pressure(self) -> Pressure:
        """Tell how well the schedule is kept."""
        return Pressure(running=len(self._running), missed=self._missed, lag=self._lag)

    async def stop(self) -> None:
        """Start no more, cancel what is under way, and wait until it has ended."""
        self._scheduler.shutdown(wait=False)
        self._wanted = {}
        under_way = list(self._running.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
