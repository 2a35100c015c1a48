"""How is one request answered over HTTP/2?

The parser is h2, which does no I/O of its own, so that every phase can be timed.
"""

from collections.abc import AsyncIterator, Sequence

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from probes.errors import BadReplyError, CouldNotLookError, ResetError
from probes.phases import Phases
from probes.stream import Stream

#: What TLS calls the protocol (RFC 9113, section 3.2).
ALPN = "h2"

Header = tuple[bytes, bytes]

_CHUNK_BYTES = 16 * 1024
_STATUS_DIGITS = 3
#: What a server says first is a frame of this type (RFC 9113, sections 3.4 and 6.5).
_FRAME_HEAD_BYTES, _TYPE_AT, _SETTINGS = 9, 3, b"\x04"


class Http2:
    """One connection with one request on it, and its answer.

    What goes wrong is an OSError, a TlsError, a BadReplyError or a ResetError; a CouldNotLookError
    where no request can be made of the headers.
    """

    def __init__(self, peer: Stream) -> None:
        self._peer = peer
        config = h2.config.H2Configuration(client_side=True, header_encoding=None)
        self._connection = h2.connection.H2Connection(config)
        self._beginning = b""
        self._events: list[h2.events.Event] = []
        self._stream = 1
        #: Headers after the body: where gRPC says how it ended.
        self.trailers: tuple[Header, ...] = ()
        #: Whether the body was read to its end.
        self.complete = False

    async def ask(
        self, headers: Sequence[Header], body: bytes, phases: Phases
    ) -> tuple[Header, ...]:
        """Send the request, and read the answer's head, with its pseudo-headers."""
        with phases.timed("first_byte"):
            self._connection.initiate_connection()
            self._stream = self._connection.get_next_available_stream_id()
            try:
                self._connection.send_headers(self._stream, headers, end_stream=not body)
            except h2.exceptions.ProtocolError as exc:
                raise CouldNotLookError(f"no request can be made: {exc}") from exc
            await self._flush()
            if body:
                await self._send_body(body)
            while True:
                event = await self._next()
                if isinstance(event, h2.events.ResponseReceived):
                    return _plain(event.headers)
                if isinstance(event, h2.events.StreamEnded):
                    raise BadReplyError("the stream ended without an answer")

    async def _send_body(self, body: bytes) -> None:
        """Send it in the pieces that the peer has room for."""
        while body:
            room = min(
                self._connection.local_flow_control_window(self._stream),
                self._connection.max_outbound_frame_size,
            )
            if room <= 0:
                await self._receive()
                continue
            piece, body = body[:room], body[room:]
            self._connection.send_data(self._stream, piece, end_stream=not body)
            await self._flush()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read the body as it comes."""
        while not self.complete:
            event = await self._next()
            if isinstance(event, h2.events.DataReceived):
                self._connection.acknowledge_received_data(
                    event.flow_controlled_length, self._stream
                )
                await self._flush()
                yield event.data
            elif isinstance(event, h2.events.TrailersReceived):
                self.trailers = _plain(event.headers)
            elif isinstance(event, h2.events.StreamEnded):
                self.complete = True

    async def _next(self) -> h2.events.Event:
        """Wait for the next event of our stream; those of the connection are dealt with."""
        while True:
            while self._events:
                event = self._events.pop(0)
                if isinstance(event, h2.events.StreamReset):
                    raise ResetError(f"the peer reset the stream: {event.error_code!r}")
                if isinstance(event, h2.events.ConnectionTerminated) and event.error_code:
                    raise ResetError(f"the peer ended the connection: {event.error_code!r}")
                if getattr(event, "stream_id", None) == self._stream:
                    return event
            await self._receive()

    async def _receive(self) -> None:
        data = await self._peer.receive(_CHUNK_BYTES)
        if not data:
            raise BadReplyError("the connection was closed without an answer")
        self._beginning += data[: _FRAME_HEAD_BYTES - len(self._beginning)]
        # A peer of another protocol would have us wait for a frame of millions of bytes.
        if self._beginning[_TYPE_AT : _TYPE_AT + 1] not in {b"", _SETTINGS}:
            raise BadReplyError("the answer is not HTTP/2")
        try:
            self._events += self._connection.receive_data(data)
        except h2.exceptions.ProtocolError as exc:
            raise BadReplyError(f"the answer is not HTTP/2: {exc}") from exc
        await self._flush()

    async def _flush(self) -> None:
        waiting = self._connection.data_to_send()
        if waiting:
            await self._peer.send(waiting)


def status_of(headers: Sequence[Header]) -> int:
    """Read the status out of an answer's head; BadReplyError where there is none."""
    text = dict(headers).get(b":status", b"")
    if len(text) != _STATUS_DIGITS or not text.isdigit():
        raise BadReplyError("the answer has no status")
    return int(text)


def _plain(headers: Sequence[Header] | None) -> tuple[Header, ...]:
    return tuple((bytes(name), bytes(value)) for name, value in headers or ())
