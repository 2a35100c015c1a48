"""How is an agent at work asked?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from exporter.agent import Agent
from tests.exporter.fakes import FakeEngine, FakeWatch


@dataclass(frozen=True)
class Running:
    """An agent at work."""

    agent: Agent
    engine: FakeEngine
    watch: FakeWatch
    socket: Path
    stop: asyncio.Event

    @asynccontextmanager
    async def get(
        self,
        path: str,
        *,
        method: str = "GET",
        **options: object,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask it over its Unix socket, where no token is needed."""
        connector = aiohttp.UnixConnector(str(self.socket))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, f"http://agent{path}", **options) as response,  # type: ignore[arg-type]
        ):
            yield response


Start = Callable[..., "asyncio.Future[Running]"]
