"""How are many durations kept in few numbers?"""

from bisect import bisect_left
from dataclasses import dataclass

#: Upper bounds in seconds: a healthy Swarm answers in well under a millisecond, a timeout takes
#: seconds, and both ends must be told from their neighbours. Each bound is a line per path on every
#: scrape, so there are no more than that takes.
BOUNDS_SECONDS = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.1,
    0.25,
    1.0,
    2.5,
)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of durations per bucket; the last bucket has no bound."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS_SECONDS) + 1)
    sum_seconds: float = 0.0

    def with_one(self, seconds: float) -> "Histogram":
        """Count one more duration."""
        at = bisect_left(BOUNDS_SECONDS, seconds)
        counts = (*self.counts[:at], self.counts[at] + 1, *self.counts[at + 1 :])
        return Histogram(counts, self.sum_seconds + seconds)

    def cumulative(self) -> list[tuple[str, float]]:
        """List (upper bound, count up to it) as the exposition format wants them."""
        total, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS_SECONDS), "+Inf"), self.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets


EMPTY = Histogram()
