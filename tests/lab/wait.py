"""How does the lab wait: for a condition, and with a reason when it never comes?"""

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.lab.errors import LabError, NeverHappenedError

T = TypeVar("T")
R = TypeVar("R")

#: Seconds between two looks: short beside anything a Swarm does, long beside a look's own cost.
PAUSE_SECONDS = 0.1


def wait_until(
    condition: Callable[[], T],
    timeout: float,
    why: str,
    *,
    pause: float = PAUSE_SECONDS,
) -> T:
    """Look until *condition* returns something true, and return that.

    A LabError while looking counts as "not yet". After *timeout* seconds a NeverHappenedError says
    *why* this was awaited and what was seen last. `SWARM_LAB_PATIENCE` is how many times longer
    everything may take on a slow kernel.
    """
    timeout *= float(os.environ.get("SWARM_LAB_PATIENCE") or 1)
    deadline = time.monotonic() + timeout
    while True:
        try:
            seen = condition()
        except LabError as error:
            last = str(error)
        else:
            if seen:
                return seen
            last = repr(seen)
        if time.monotonic() >= deadline:
            raise NeverHappenedError(f"not within {timeout:g} s: {why}; last seen: {last}")
        time.sleep(pause)


def at_once(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do *work* on all *items* at the same time; the first failure is raised after all ended."""
    with ThreadPoolExecutor() as pool:
        return [done.result() for done in [pool.submit(work, item) for item in items]]
