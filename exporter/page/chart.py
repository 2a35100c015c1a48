"""How is an hour drawn? A bar a minute: how slow it was, and how much of it failed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exporter.history import MINUTES, Minute
from exporter.page.state import State

BAR_WIDTH = 5
WIDTH = BAR_WIDTH * MINUTES
HEIGHT = 36
_SECONDS = 60.0
#: So that a fast minute, or a single failure, still shows.
_LEAST_HEIGHT = 2
_LEAST_FAILED_HEIGHT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One rectangle, in the units of the drawing."""

    x: int
    y: int
    height: int
    state: State


def bars(minutes: Iterable[Minute], now: float) -> Iterator[Bar]:
    """Draw the newest minute at the right; what failed hangs from above."""
    drawn = list(minutes)
    slowest = max((minute.most_seconds for minute in drawn), default=0.0)
    newest = int(now // _SECONDS)
    for minute in drawn:
        x = BAR_WIDTH * (MINUTES - 1 - (newest - int(minute.at // _SECONDS)))
        if minute.most_seconds > 0:
            height = max(_LEAST_HEIGHT, round(HEIGHT * minute.most_seconds / slowest))
            yield Bar(x=x, y=HEIGHT - height, height=height, state=State.OK)
        for count, state in ((minute.failures, State.BAD), (minute.unknown, State.UNKNOWN)):
            if count:
                height = max(_LEAST_FAILED_HEIGHT, round(HEIGHT * count / minute.runs))
                yield Bar(x=x, y=0, height=height, state=state)
