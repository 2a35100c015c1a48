"""What came of the probes so far? Counters, latencies and the last result of each.

Written on the event loop; `snapshot` copies what a scrape renders in another thread.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from exporter.histogram import EMPTY, Histogram
from exporter.history import PathHistory
from probes.model.probe import Kind, Probe, ProbeId, Target
from probes.model.result import Result, Verdict


@dataclass(frozen=True, slots=True, order=True)
class Path:
    """What latencies are grouped by; the fields are the catalogue's PATH_LABELS."""

    probe: Kind
    target: Target
    network: str
    source_service: str
    destination_service: str


def path_of(probe_id: ProbeId) -> Path:
    """Fold a probe's identity to its path."""
    return Path(
        probe_id.probe,
        probe_id.target,
        probe_id.network,
        probe_id.source_service,
        probe_id.destination_service,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One probe's counters and its last result."""

    latest: Result
    runs: int = 0
    failures: int = 0
    unknown: int = 0
    #: Failures since the last run that did not fail.
    failures_in_a_row: int = 0
    #: Unix seconds at which the first of these began; 0 while there is none.
    failing_since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """One path's successful runs."""

    duration: Histogram = EMPTY
    #: Those that took longer than their probe's `slow_seconds`.
    slow: int = 0
    round_trip: Histogram | None = None
    phases: Mapping[str, Histogram]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the store held at one moment."""

    tallies: Mapping[ProbeId, Tally]
    latencies: Mapping[Path, Latencies]
    outcomes: Mapping[tuple[Path, str], int]
    unproven: int


class ResultStore:
    """Keeps results of planned probes, and forgets those no longer planned."""

    def __init__(self) -> None:
        self._wanted: Mapping[ProbeId, Probe] = {}
        self._tallies: dict[ProbeId, Tally] = {}
        self._latencies: dict[Path, Latencies] = {}
        self._outcomes = Counter[tuple[Path, str]]()
        self._histories: dict[Path, PathHistory] = {}
        #: Where something answered once: (destination service, endpoint).
        self._proven: set[tuple[str, str]] = set()

    def retain(self, wanted: Iterable[Probe]) -> None:
        """Forget every series whose probe is no longer wanted."""
        self._wanted = {probe.id: probe for probe in wanted}
        paths = {path_of(probe_id) for probe_id in self._wanted}
        endpoints = {_endpoint(probe_id) for probe_id in self._wanted}
        self._tallies = {key: tally for key, tally in self._tallies.items() if key in self._wanted}
        self._latencies = {key: kept for key, kept in self._latencies.items() if key in paths}
        self._histories = {key: kept for key, kept in self._histories.items() if key in paths}
        kept_outcomes = {key: count for key, count in self._outcomes.items() if key[0] in paths}
        self._outcomes = Counter(kept_outcomes)
        self._proven &= endpoints

    def put(self, result: Result) -> None:
        """Count a result, unless its probe went away while it ran, or expects otherwise now."""
        probe_id, verdict = result.probe.id, result.outcome.verdict
        if self._wanted.get(probe_id) != result.probe:
            return
        if verdict is Verdict.WORKED:
            self._proven.add(_endpoint(probe_id))
        elif self._is_unproven(result.probe):
            return
        tally = self._tallies.get(probe_id) or Tally(latest=result)
        failed = verdict is Verdict.FAILED
        self._tallies[probe_id] = Tally(
            latest=result,
            runs=tally.runs + 1,
            failures=tally.failures + failed,
            unknown=tally.unknown + (verdict is Verdict.UNKNOWN),
            failures_in_a_row=tally.failures_in_a_row + 1 if failed else 0,
            failing_since=(tally.failing_since or result.started_at) if failed else 0.0,
        )
        path = path_of(probe_id)
        if path not in self._histories:
            self._histories[path] = PathHistory()
        self._histories[path].put(result)
        if verdict is Verdict.WORKED:
            self._latencies[path] = _with_one(self._latencies.get(path), result)
        else:
            self._outcomes[path, str(result.outcome)] += 1

    def _is_unproven(self, probe: Probe) -> bool:
        return probe.assumed and _endpoint(probe.id) not in self._proven

    def histories(self, source: str, destination: str) -> Mapping[Path, PathHistory]:
        """Give the last hour of each path from one service to another."""
        return {
            path: history
            for path, history in self._histories.items()
            if (path.source_service, path.destination_service) == (source, destination)
        }

    def snapshot(self) -> Snapshot:
        """Copy what there is; the values are frozen."""
        return Snapshot(
            tallies=dict(self._tallies),
            latencies=dict(self._latencies),
            outcomes=dict(self._outcomes),
            unproven=sum(self._is_unproven(probe) for probe in self._wanted.values()),
        )


def _endpoint(probe_id: ProbeId) -> tuple[str, str]:
    return probe_id.destination_service, probe_id.endpoint


def _with_one(before: Latencies | None, result: Result) -> Latencies:
    latencies = before or Latencies(phases={})
    phases = dict(latencies.phases)
    if len(result.phases) > 1:
        for phase in result.phases:
            phases[phase.name] = phases.get(phase.name, EMPTY).with_one(phase.seconds)
    round_trip = latencies.round_trip
    if result.observed.rtt_seconds is not None:
        round_trip = (round_trip or EMPTY).with_one(result.observed.rtt_seconds)
    return replace(
        latencies,
        duration=latencies.duration.with_one(result.seconds),
        slow=latencies.slow + (result.seconds > result.probe.slow_seconds),
        round_trip=round_trip,
        phases=phases,
    )
