"""How is a short conversation held with a server: over TLS or not, and never read without end?"""

import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from probes import certificates, stream
from probes.errnos import translated
from probes.errors import BadReplyError, LookError, TlsError
from probes.model.probe import ServerLook
from probes.model.result import NOTHING_OBSERVED, Observation
from probes.net import Net
from probes.phases import Phases
from probes.shown import watching_context
from probes.stream import PlainStream, Stream, TlsStream
from probes.trust import why_not

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
        """Go on through TLS, as phase "tls"; *protocols* are offered by ALPN.

        What the peer shows is kept, trusted or not; what is wrong with it is a TlsError.
        """
        if self._buffer:
            # Taken for what came through TLS, it would be anybody's (CVE-2021-23222).
            raise BadReplyError("the server said more in plain text after it agreed to TLS")
        context = watching_context(
            verify=self._look.verify,
            authorities_file=self._look.authorities_file,
            protocols=protocols,
        )
        secure = TlsStream(self._sock, self._look.host or str(self._look.address), context)
        try:
            with self._phases.timed("tls"):
                await secure.handshake()
        except TlsError as exc:
            self._keep_certificates(secure)
            raise TlsError(why_not(exc, self.observed.certificates, time.time())) from exc
        self._keep_certificates(secure)
        self._peer = secure
        return secure

    def _keep_certificates(self, secure: TlsStream) -> None:
        shown = [certificates.decode(item) for item in secure.shown_chain()]
        self.observed = replace(
            self.observed,
            certificates=tuple(item for item in shown if item),
            certificate_expires_at=shown[0].expires_at if shown and shown[0] else None,
        )

    @property
    def stream(self) -> Stream:
        """What it is held over, for who reads it in another way."""
        return self._peer

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
    """Connect; TLS is begun by whoever knows when. Raises LookError for what the network does.

    Such an error takes along what was seen before it.
    """
    with net.socket(socket.SOCK_STREAM) as sock:
        await stream.connect(sock, look.address, look.port, phases)
        conversation = Conversation(sock, look, net.response_bytes, phases)
        conversation.observed = Observation(rtt_seconds=stream.rtt_seconds(sock))
        try:
            with translated(f"{look.address}:{look.port}"):
                yield conversation
        except LookError as exc:
            if exc.observed is NOTHING_OBSERVED:
                exc.observed = conversation.observed
            raise
