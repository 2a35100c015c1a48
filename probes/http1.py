"""How is one request answered over HTTP/1.1?

The parser is h11, which does no I/O of its own, so that every phase can be timed.
"""

from collections.abc import AsyncIterator

import h11

from probes.errors import BadReplyError
from probes.model.result import NOTHING_OBSERVED, Observation
from probes.phases import Phases
from probes.stream import Stream

_CHUNK_BYTES = 16 * 1024


class Http1:
    """One request and its answer, of whose head no more is read than allowed.

    What goes wrong is an OSError, a TlsError, or a BadReplyError that carries *observed*.
    """

    def __init__(
        self,
        peer: Stream,
        most_head_bytes: int,
        observed: Observation = NOTHING_OBSERVED,
    ) -> None:
        self._peer = peer
        self._most_head_bytes = most_head_bytes
        self._observed = observed
        self._received = 0
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=most_head_bytes)
        #: Whether the body was read to its end.
        self.complete = False

    async def ask(self, request: h11.Request, body: bytes, phases: Phases) -> h11.Response:
        """Send the request, and read the answer's head."""
        try:
            with phases.timed("first_byte"):
                sent = self._parser.send(request) or b""
                if body:
                    sent += self._parser.send(h11.Data(data=body)) or b""
                await self._peer.send(sent + (self._parser.send(h11.EndOfMessage()) or b""))
                await self._receive(self._most_head_bytes)
            with phases.timed("transfer"):
                return await self._head()
        except h11.RemoteProtocolError as exc:
            raise self._no_http(exc) from exc

    async def chunks(self, most_bytes: int | None = None) -> AsyncIterator[bytes]:
        """Read the body as it comes, until *most_bytes* were received in all."""
        try:
            while True:
                event = self._parser.next_event()
                if isinstance(event, h11.Data):
                    yield bytes(event.data)
                elif event is not h11.NEED_DATA:
                    self.complete = True
                    return
                elif not await self._receive(most_bytes):
                    return
        except h11.RemoteProtocolError as exc:
            raise self._no_http(exc) from exc

    async def _receive(self, most_bytes: int | None) -> bool:
        """Feed the parser; False when *most_bytes* have been received in all."""
        room = _CHUNK_BYTES if most_bytes is None else most_bytes - self._received
        if room <= 0:
            return False
        data = await self._peer.receive(min(room, _CHUNK_BYTES))
        self._received += len(data)
        self._parser.receive_data(data)
        return True

    async def _head(self) -> h11.Response:
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Response):
                return event
            if event is h11.NEED_DATA:
                if not await self._receive(self._most_head_bytes):
                    raise BadReplyError(
                        f"the answer's head is longer than {self._most_head_bytes} bytes",
                        self._observed,
                    )
            elif not isinstance(event, h11.InformationalResponse):
                raise BadReplyError("the connection was closed without an answer", self._observed)

    def _no_http(self, exc: h11.RemoteProtocolError) -> BadReplyError:
        return BadReplyError(f"the answer is not HTTP/1: {exc}", self._observed)
