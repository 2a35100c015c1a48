"""What came of the probes between two services in the last hour, and what may be asked next?"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from exporter.history import Error, Minute, merged, towards
from exporter.page.matrix import pair_href
from exporter.page.state import OF_VERDICT, State, state_of, worst
from exporter.page.swarm import Silent
from exporter.store import Path, Tally
from probes.model.probe import HttpLook, Kind, TcpLook
from probes.model.result import Phase, Verdict
from probes.model.vantage import VantageKind

#: So many minutes are told in words; the drawing has them all.
_MOST_MINUTES = 8
#: Newest first; more of the same tells nothing.
_MOST_ERRORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRow:
    """One probe's last run."""

    node: str
    #: Where it looks from: a task's name, or "host".
    vantage: str
    from_task: bool
    kind: Kind
    network: str
    towards: str
    #: The task that it is aimed at; "" for the service.
    destination_task: str
    port: int | None
    verdict: Verdict
    outcome: str
    detail: str
    #: Unix seconds.
    at: float
    seconds: float
    rtt_seconds: float | None
    phases: tuple[Phase, ...]
    runs: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PathReport:
    """One path's last hour, as one node has it."""

    path: Path
    minutes: tuple[Minute, ...]
    errors: tuple[Error, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairReport:
    """What one node has of a pair."""

    node: str
    probes: tuple[ProbeRow, ...]
    paths: tuple[PathReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRow:
    """One path's last hour, over all nodes."""

    name: str
    state: State
    minutes: tuple[Minute, ...]
    runs: int
    failures: int
    unknown: int
    mean_seconds: float | None
    most_seconds: float | None

    @property
    def failing_minutes(self) -> tuple[Minute, ...]:
        """List the last minutes in which something failed."""
        return tuple(minute for minute in self.minutes if minute.failures)[-_MOST_MINUTES:]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """An error, and the node whose agent saw it."""

    node: str
    error: Error


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPage:
    """The document that the template writes."""

    node: str
    version: str
    source: str
    destination: str
    #: Unix seconds.
    now: float
    state: State
    paths: tuple[PathRow, ...]
    probes: tuple[ProbeRow, ...]
    errors: tuple[ErrorRow, ...]
    silent: tuple[Silent, ...]
    #: Whether a way can be walked: it begins at a task.
    explainable: bool

    @property
    def address(self) -> str:
        """Where the page is."""
        return pair_href(self.source, self.destination)


_REPORT = TypeAdapter(PairReport)


def dump_pair(report: PairReport) -> bytes:
    """Write a report as one JSON object."""
    return _REPORT.dump_json(report)


def load_pair(document: bytes) -> PairReport:
    """Read what `dump_pair` wrote; ValueError for anything else."""
    return _REPORT.validate_json(document)


def probe_row(tally: Tally) -> ProbeRow:
    """Take from a probe's last run what the page shows."""
    result = tally.latest
    probe, look = result.probe, result.probe.look
    return ProbeRow(
        node=probe.id.source_node,
        vantage=probe.vantage.name,
        from_task=probe.vantage.kind is VantageKind.TASK,
        kind=probe.id.probe,
        network=probe.id.network,
        towards=towards(result),
        destination_task=probe.id.destination_task,
        port=look.port if isinstance(look, (TcpLook, HttpLook)) else None,
        verdict=result.outcome.verdict,
        outcome=str(result.outcome),
        detail=result.detail,
        at=result.started_at,
        seconds=result.seconds,
        rtt_seconds=result.observed.rtt_seconds,
        phases=result.phases,
        runs=tally.runs,
        failures=tally.failures,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What all agents that look at a pair told of it."""

    node: str
    version: str
    source: str
    destination: str
    reports: tuple[PairReport, ...]
    silent: tuple[Silent, ...]
    now: float


def pair_page(gathered: Gathered) -> PairPage:
    """Make the document: the worst first, the newest error first."""
    rows = [row for report in gathered.reports for row in report.probes]
    rows.sort(key=lambda row: (OF_VERDICT[row.verdict].rank, row.towards, row.kind, row.node))
    errors = [
        ErrorRow(node=report.node, error=error)
        for report in gathered.reports
        for path in report.paths
        for error in path.errors
    ]
    errors.sort(key=lambda row: row.error.at, reverse=True)
    return PairPage(
        node=gathered.node,
        version=gathered.version,
        source=gathered.source,
        destination=gathered.destination,
        now=gathered.now,
        state=worst(OF_VERDICT[row.verdict] for row in rows),
        paths=_paths(gathered.reports),
        probes=tuple(rows),
        errors=tuple(errors[:_MOST_ERRORS]),
        silent=gathered.silent,
        explainable=any(row.from_task for row in rows),
    )


def _paths(reports: Iterable[PairReport]) -> tuple[PathRow, ...]:
    by_path = defaultdict[Path, list[PathReport]](list)
    for report in reports:
        for path in report.paths:
            by_path[path.path].append(path)
    rows = (_path_row(path, items) for path, items in by_path.items())
    return tuple(sorted(rows, key=lambda row: (row.state.rank, row.name)))


def _path_row(path: Path, items: Sequence[PathReport]) -> PathRow:
    minutes = tuple(merged(item.minutes for item in items))
    failures = sum(minute.failures for minute in minutes)
    unknown = sum(minute.unknown for minute in minutes)
    runs = sum(minute.runs for minute in minutes)
    worked = [
        (minute.runs - minute.failures - minute.unknown, minute.mean_seconds) for minute in minutes
    ]
    count = runs - failures - unknown
    over = f" over {path.network}" if path.network else ""
    return PathRow(
        name=f"{path.probe} to its {path.target}{over}",
        state=_path_state(minutes),
        minutes=minutes,
        runs=runs,
        failures=failures,
        unknown=unknown,
        mean_seconds=sum(number * mean for number, mean in worked) / count if count else None,
        most_seconds=max((minute.most_seconds for minute in minutes), default=None)
        if count
        else None,
    )


def _path_state(minutes: Sequence[Minute]) -> State:
    """Tell how it is in the newest minute; what failed earlier leaves a doubt."""
    if not minutes:
        return State.UNKNOWN
    newest = state_of(minutes[-1].failures, minutes[-1].unknown)
    before = any(minute.failures for minute in minutes)
    return State.DOUBTFUL if before and newest is State.OK else newest
