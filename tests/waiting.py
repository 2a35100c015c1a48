"""How does a test wait? For a condition, never for luck."""

import asyncio
from collections.abc import Callable
from time import monotonic


async def until(condition: Callable[[], object], timeout: float = 15) -> None:
    """Return once *condition* holds; fails the test when it does not within *timeout* seconds."""
    end = monotonic() + timeout
    while not condition():
        assert monotonic() < end, f"it did not come true within {timeout} s"
        await asyncio.sleep(0.01)
