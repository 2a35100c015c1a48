"""How is a way explained for whoever opens a page, without being a lever against the network?

One way at a time, each answer is kept, and only so many different ones are: whoever has no token
can make an agent walk eight ways in fifteen seconds, and no more.
"""

import asyncio
from collections.abc import Awaitable, Callable

from exporter.explain import CannotExplainError
from exporter.kept import Kept
from probes.explain.journey import NoSuchJourneyError, Question
from probes.model.path import Walk

_KEPT_SECONDS = 15.0
_MOST_KEPT = 8


class Desk:
    """Takes questions from the page."""

    def __init__(self, explain: Callable[[Question], Awaitable[Walk]]) -> None:
        self._explain = explain
        self._kept = Kept[Question, Walk | str](_KEPT_SECONDS, most=_MOST_KEPT)
        self._turn = asyncio.Lock()

    async def explain(self, question: Question) -> Walk | str:
        """Walk the way, or say why it cannot be walked; TooMuchError when too much is asked."""
        return await self._kept.get(question, lambda: self._walk(question))

    async def _walk(self, question: Question) -> Walk | str:
        async with self._turn:
            try:
                return await self._explain(question)
            except (NoSuchJourneyError, CannotExplainError) as exc:
                return str(exc)
