"""What came of many looks from one place?"""

from collections import deque
from dataclasses import dataclass

from probes.model.result import Verdict

#: The 99th percentile is of the latest so many: somebody may look for days.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Looks from one place, folded. Durations are of those that worked, None while none did."""

    looks: int
    worked: int
    failed: int
    #: Where it could not be looked: nothing is known of the network then.
    unknown: int
    #: The share that failed, of those that could look: 0 to 1; None while none could.
    loss: float | None
    min_seconds: float | None
    avg_seconds: float | None
    #: Of the latest 10,000.
    p99_seconds: float | None
    max_seconds: float | None


class Tally:
    """Counts looks as they are taken."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Verdict, 0)
        self._total = 0.0
        self._least = self._most = 0.0
        self._latest = deque[float](maxlen=_REMEMBERED)

    def add(self, verdict: Verdict, seconds: float) -> None:
        """Count one look, which took *seconds*."""
        self._counts[verdict] += 1
        if verdict is Verdict.WORKED:
            self._least = min(self._least, seconds) if self._latest else seconds
            self._most = max(self._most, seconds)
            self._total += seconds
            self._latest.append(seconds)

    def summary(self) -> Summary:
        """Fold what was counted so far."""
        worked, failed = self._counts[Verdict.WORKED], self._counts[Verdict.FAILED]
        looked = worked + failed
        return Summary(
            looks=sum(self._counts.values()),
            worked=worked,
            failed=failed,
            unknown=self._counts[Verdict.UNKNOWN],
            loss=failed / looked if looked else None,
            min_seconds=self._least if worked else None,
            avg_seconds=self._total / worked if worked else None,
            p99_seconds=_percentile(self._latest) if worked else None,
            max_seconds=self._most if worked else None,
        )


def _percentile(durations: deque[float]) -> float:
    """Find the smallest that 99 of 100 do not exceed (nearest rank)."""
    ordered = sorted(durations)
    rank = -(-99 * len(ordered) // 100)
    return ordered[rank - 1]
