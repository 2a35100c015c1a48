"""What came of each path in the last hour? One row a minute, packed, since every agent keeps it.

A path takes 1 kB, whatever its probes' number and pace (measured: 10,000 paths, 9.5 MiB).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct

from probes.model.result import Result, Verdict

MINUTES = 60
_SECONDS = 60.0

#: Which minute a row is of, runs, failures, unknown, sum and most of the seconds of good runs.
_ROW = Struct("<IHHHff")
_MOST_COUNT = 0xFFFF
#: Enough to see whether it is always the same.
_LAST_ERRORS = 5
#: What a server said may be long.
_LONGEST_DETAIL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What came of one path within a minute."""

    #: Unix seconds of its beginning.
    at: float
    runs: int
    failures: int
    unknown: int
    #: Of runs that worked; 0 when none did.
    mean_seconds: float
    most_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """A run that did not work."""

    #: Unix seconds.
    at: float
    outcome: str
    detail: str
    #: What was looked at: a task, a node or the service, with its port.
    towards: str


class PathHistory:
    """One path's last hour."""

    __slots__ = ("_errors", "_rows")

    def __init__(self) -> None:
        self._rows = bytearray(_ROW.size * MINUTES)
        self._errors: deque[Error] | None = None

    def put(self, result: Result) -> None:
        """Count a run in its minute, and remember how it failed."""
        minute = int(result.started_at // _SECONDS)
        offset = (minute % MINUTES) * _ROW.size
        of, runs, failures, unknown, total, most = _ROW.unpack_from(self._rows, offset)
        if of != minute:
            runs = failures = unknown = 0
            total = most = 0.0
        verdict = result.outcome.verdict
        if verdict is Verdict.WORKED:
            total, most = total + result.seconds, max(most, result.seconds)
        else:
            self._remember(result)
        _ROW.pack_into(
            self._rows,
            offset,
            minute,
            min(runs + 1, _MOST_COUNT),
            min(failures + (verdict is Verdict.FAILED), _MOST_COUNT),
            min(unknown + (verdict is Verdict.UNKNOWN), _MOST_COUNT),
            total,
            most,
        )

    def _remember(self, result: Result) -> None:
        if self._errors is None:  # most paths never fail, and an empty deque takes 600 bytes
            self._errors = deque(maxlen=_LAST_ERRORS)
        self._errors.append(
            Error(
                at=result.started_at,
                outcome=str(result.outcome),
                detail=result.detail[:_LONGEST_DETAIL],
                towards=towards(result),
            ),
        )

    def minutes(self, now: float) -> tuple[Minute, ...]:
        """List the minutes of the last hour that had a run, oldest first."""
        newest = int(now // _SECONDS)
        rows = (row for row in _ROW.iter_unpack(self._rows) if newest - MINUTES < row[0] <= newest)
        return tuple(_minute(row) for row in sorted(rows))

    def errors(self, now: float) -> tuple[Error, ...]:
        """List the last errors of the last hour, newest first."""
        since = now - MINUTES * _SECONDS
        return tuple(error for error in reversed(self._errors or ()) if error.at >= since)


def towards(result: Result) -> str:
    """Name what a probe looks at, as people do."""
    probe = result.probe.id
    name = probe.destination_task or probe.destination_service
    where = f" on {probe.destination_node}" if probe.destination_node else ""
    return f"{name}{where} {probe.endpoint}".rstrip()


def _minute(row: tuple[int, int, int, int, float, float]) -> Minute:
    of, runs, failures, unknown, total, most = row
    worked = runs - failures - unknown
    return Minute(
        at=of * _SECONDS,
        runs=runs,
        failures=failures,
        unknown=unknown,
        mean_seconds=total / worked if worked > 0 else 0.0,
        most_seconds=most,
    )


def merged(histories: Iterable[Iterable[Minute]]) -> Iterator[Minute]:
    """Add up what several agents saw, minute by minute, oldest first."""
    by_minute: dict[float, list[Minute]] = {}
    for history in histories:
        for minute in history:
            by_minute.setdefault(minute.at, []).append(minute)
    for at, rows in sorted(by_minute.items()):
        worked = [(row.runs - row.failures - row.unknown, row.mean_seconds) for row in rows]
        count = sum(number for number, _ in worked)
        total = sum(number * mean for number, mean in worked)
        yield Minute(
            at=at,
            runs=sum(row.runs for row in rows),
            failures=sum(row.failures for row in rows),
            unknown=sum(row.unknown for row in rows),
            mean_seconds=total / count if count else 0.0,
            most_seconds=max(row.most_seconds for row in rows),
        )
