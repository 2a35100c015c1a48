"""Which services outside of the Swarm do the agents watch in the lab?

A database's port, and a page with a certificate, both on this machine's address in the fabric.
"""

import asyncio
import datetime as dt
import ssl
import threading
from types import TracebackType
from typing import Self

import trustme

from tests.lab.layout import MACHINE_ADDRESS

DATABASE, PAGE = "ledger", "partner"
_VALID_DAYS = 90
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Dependencies:
    """Both, from `with` on; each can be made to fail."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._database: asyncio.Server | None = None
        self._page: asyncio.Server | None = None
        self._database_port = 0
        self._page_port = 0

    def targets(self) -> list[dict[str, object]]:
        """Describe both as the agent's configuration does."""
        host = str(MACHINE_ADDRESS)
        return [
            {"name": DATABASE, "tcp": f"{host}:{self._database_port}"},
            {
                "name": PAGE,
                "http": {"url": f"https://{host}:{self._page_port}/", "verify": False},
            },
        ]

    def stop_database(self) -> None:
        """Refuse connections."""
        self._do(self._close_database())

    def start_database(self) -> None:
        """Accept them again, on the same port."""
        self._do(self._open_database())

    def show_certificate(self, days: int = _VALID_DAYS) -> None:
        """Show a certificate that ends in so many days."""
        self._do(self._open_page(days))

    def __enter__(self) -> Self:
        self._thread.start()
        self.start_database()
        self.show_certificate()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in (self._database, self._page):
            if server is not None:
                self._loop.call_soon_threadsafe(server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    async def _open_database(self) -> None:
        self._database = await asyncio.start_server(
            _hang_up, str(MACHINE_ADDRESS), self._database_port
        )
        self._database_port = self._database.sockets[0].getsockname()[1]

    async def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()

    async def _open_page(self, days: int) -> None:
        if self._page is not None:
            self._page.close()
        until = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        certificate = trustme.CA().issue_cert(str(MACHINE_ADDRESS), not_after=until)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        self._page = await asyncio.start_server(
            _answer, str(MACHINE_ADDRESS), self._page_port, ssl=context
        )
        self._page_port = self._page.sockets[0].getsockname()[1]


async def _hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_PAGE)
    await writer.drain()
    writer.close()
