"""How is a short conversation held with a server: over TLS or not, and never read without end?"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from probes import stream
from probes.errnos import translated
from probes.errors import BadReplyError
from probes.model.probe import ServerLook
from probes.model.result import NOTHING_OBSERVED, Observation
from probes.net import Net
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream

_CHUNK_BYTES = 4096


class Conversation:
    """Bytes to and from one peer; what was seen of it so far goes along with every error."""

    def __init__(
        self, sock: socket.socket, look: ServerLook, most_bytes: int, phases: Phases
    ) -> None:
        self._sock = sock
        self._look = look
        self._left = most_bytes
        self._phases = phases
        self._peer: Stream = PlainStream(sock)
        self._buffer = bytearray()
        self.observed: Observation = NOTHING_OBSERVED

    async def secure(self, *protocols: str) -> TlsStream:
        """Go on through TLS, as phase "tls"; *protocols* are offered by ALPN."""
        host = self._look.host or str(self._look.address)
        context = stream.tls_context(verify=self._look.verify, protocols=protocols)
        secure = TlsStream(self._sock, host, context)
        with self._phases.timed("tls"):
            await secure.handshake()
        self._peer = secure
        self.observed = replace(
            self.observed, certificate_expires_at=secure.certificate_expires_at()
        )
        return secure

    def tell(self, name: str, value: str) -> None:
        """Keep what the peer told of itself; "" is nothing."""
        if value:
            self.observed = replace(self.observed, told=(*self.observed.told, (name, value)))

    async def send(self, data: bytes) -> None:
        """Send all of *data*."""
        await self._peer.send(data)

    async def exactly(self, count: int) -> bytes:
        """Wait for so many bytes; BadReplyError when the peer ends before."""
        while len(self._buffer) < count:
            await self._more()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def line(self) -> bytes:
        """Wait for a line, and give it without its end; BadReplyError when there is none."""
        while b"\r\n" not in self._buffer:
            await self._more()
        end = self._buffer.index(b"\r\n")
        data = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return data

    async def some(self) -> bytes:
        """Wait for whatever comes next."""
        if not self._buffer:
            await self._more()
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    async def _more(self) -> None:
        data = await self._peer.receive(min(_CHUNK_BYTES, self._left)) if self._left else b""
        if not data:
            did = "closed the connection in the middle of its answer"
            why = did if self._left else "answers without end"
            raise BadReplyError(f"the server {why}", self.observed)
        self._left -= len(data)
        self._buffer += data


@asynccontextmanager
async def talking(look: ServerLook, net: Net, phases: Phases) -> AsyncIterator[Conversation]:
    """Connect; TLS is begun by whoever knows when. Raises LookError for what the network does."""
    with net.socket(socket.SOCK_STREAM) as sock:
        await stream.connect(sock, look.address, look.port, phases)
        conversation = Conversation(sock, look, net.response_bytes, phases)
        conversation.observed = Observation(rtt_seconds=stream.rtt_seconds(sock))
        with translated(f"{look.address}:{look.port}"):
            yield conversation
