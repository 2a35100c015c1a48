"""How does what takes work to make cost nothing for many who want it at once?"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class TooMuchError(Exception):
    """More is wanted at once than is made; the message says what to do."""


class Kept(Generic[_Key, _Value]):
    """Makes each value once, for all who wait for it and who come some seconds later."""

    def __init__(self, seconds: float, *, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._kept: dict[_Key, asyncio.Future[_Value]] = {}

    async def get(self, key: _Key, make: Callable[[], Awaitable[_Value]]) -> _Value:
        """Give what there is, or make it; TooMuchError where too many others are kept."""
        made = self._kept.get(key)
        if made is None:
            if len(self._kept) >= self._most:
                raise TooMuchError("too many different pages are asked for: try again in a moment")
            made = asyncio.ensure_future(make())
            self._kept[key] = made
            made.add_done_callback(lambda _: self._forget_later(key))
        return await asyncio.shield(made)  # who goes away must not end it for the others

    def _forget_later(self, key: _Key) -> None:
        asyncio.get_running_loop().call_later(self._seconds, self._kept.pop, key, None)
