"""Where do the agent's pages come up?"""

import logging
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

logger = logging.getLogger(__name__)

#: A page under way when the agent ends gets this long.
_FINISH_WITHIN_SECONDS = 1.0


class Listeners:
    """One application on several sockets; closes them all when the context is left."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=_FINISH_WITHIN_SECONDS,
        )
        self._open: set[tuple[str, int]] = set()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    async def unix(self, path: Path) -> None:
        """Listen on a Unix socket that only its owner may open; OSError when that cannot be."""
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # of an agent that was killed
        await web.UnixSite(self._runner, str(path)).start()
        path.chmod(0o600)

    async def tcp(self, host: str, port: int) -> None:
        """Listen on an address too; nothing happens when we do already. OSError when taken."""
        if (host, port) in self._open:
            return
        await web.TCPSite(self._runner, host, port).start()
        self._open.add((host, port))
        logger.info("listening on http://%s:%d", host, port)

    @property
    def listening(self) -> bool:
        """Whether any address is listened on."""
        return bool(self._open)
