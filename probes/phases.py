"""How long did each step of a look take?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from probes.model.result import Phase


class Phases:
    """A stopwatch with names; one per look."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}
        #: The last step begun; "" before the first.
        self.current = ""

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Count the body's time as *name*, also when it raises.

        Time of the same name adds up: a redirect connects again.
        """
        self.current = name
        started = self._clock()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + self._clock() - started

    def recorded(self) -> tuple[Phase, ...]:
        """List the steps in the order in which they first began."""
        return tuple(Phase(name=name, seconds=seconds) for name, seconds in self._seconds.items())
