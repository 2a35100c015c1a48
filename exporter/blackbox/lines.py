"""Which lines does a peer say?"""

import asyncio
from collections.abc import AsyncIterator

from exporter.blackbox.errors import FailedError
from probes.stream import Stream

_CHUNK_BYTES = 4096
#: Go's `bufio.MaxScanTokenSize`.
_LONGEST_LINE = 64 * 1024


class Lines:
    """What comes from a peer, cut at ends of lines."""

    def __init__(self, peer: Stream) -> None:
        self._peer = peer
        self._waiting = b""

    async def read(self) -> AsyncIterator[bytes]:
        """Wait for lines, without their ends; the last may lack one. FailedError for a long one."""
        while True:
            line, end, rest = self._waiting.partition(b"\n")
            if end:
                self._waiting = rest
                yield line.removesuffix(b"\r")
                continue
            if len(line) >= _LONGEST_LINE:
                raise FailedError(f"a line is longer than {_LONGEST_LINE} bytes")
            if not await self._receive():
                self._waiting = b""
                if line:
                    yield line
                return

    async def exactly(self, count: int) -> bytes:
        """Wait for so many bytes; fewer where the peer closes before."""
        while len(self._waiting) < count and await self._receive():
            pass
        found, self._waiting = self._waiting[:count], self._waiting[count:]
        return found

    async def _receive(self) -> bool:
        await asyncio.sleep(0)  # what comes fast must not keep other probes waiting
        data = await self._peer.receive(_CHUNK_BYTES)
        self._waiting += data
        return bool(data)
