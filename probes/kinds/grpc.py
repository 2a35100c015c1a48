"""Does a gRPC server say that it serves? Its health service, version 1.

Over h2, which does no I/O of its own. The two messages are so small that they are written by hand:
HealthCheckRequest{string service = 1}, HealthCheckResponse{ServingStatus status = 1}
(grpc/grpc-proto, grpc/health/v1/health.proto).
"""

from collections.abc import Mapping
from types import MappingProxyType

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from probes.conversation import Conversation, talking
from probes.errors import BadReplyError, NotReadyError
from probes.model.probe import GrpcLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_PATH = "/grpc.health.v1.Health/Check"
_SERVING = 1
_STATUSES: Mapping[int, str] = MappingProxyType(
    {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
)
#: Codes that a health check is likely to meet (grpc/grpc doc/statuscodes.md).
_CODES: Mapping[str, str] = MappingProxyType(
    {
        "5": "it does not know this service",
        "12": "it has no health service",
        "14": "it is unavailable",
        "16": "it wants credentials",
    }
)
#: Field 1, of a length; field 1, a number (protobuf's wire format).
_STRING, _VARINT = b"\x0a", b"\x08"
_FRAME_HEAD = 5
#: Length, type, flags and stream; and a type (RFC 9113, 4.1 and 6.5).
_HTTP_FRAME_HEAD, _SETTINGS = 9, 4


async def look(look: GrpcLook, net: Net, phases: Phases) -> Observation:
    """Ask for the health of one service, or of the server."""
    async with talking(look, net, phases) as server:
        if look.tls:
            await server.secure("h2")
        with phases.timed("answer"):
            status = await _Call(server, look).run()
        server.tell("health", _STATUSES.get(status, str(status)))
        if status != _SERVING:
            what = look.service or "the server"
            raise NotReadyError(f"{what} says {_STATUSES.get(status, status)}", server.observed)
        return server.observed


class _Call:
    """One unary call on a connection of its own."""

    def __init__(self, server: Conversation, look: GrpcLook) -> None:
        self._server = server
        self._look = look
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._body = bytearray()
        self._headers: dict[str, str] = {}
        self._ended = False

    async def run(self) -> int:
        """Give the status that the health service answers with."""
        self._http.initiate_connection()
        self._http.send_headers(1, self._request())
        name = self._look.service.encode()
        message = _STRING + _varint(len(name)) + name if name else b""
        self._http.send_data(1, b"\0" + len(message).to_bytes(4) + message, end_stream=True)
        await self._server.send(self._http.data_to_send())
        await self._greeted()
        while not self._ended:
            await self._step()
        self._check()
        return _status_of(bytes(self._body[_FRAME_HEAD:]))

    def _request(self) -> list[tuple[str, str]]:
        host = self._look.host or str(self._look.address)
        return [
            (":method", "POST"),
            (":scheme", "https" if self._look.tls else "http"),
            (":authority", f"{host}:{self._look.port}"),
            (":path", _PATH),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("user-agent", "swarmscope"),
        ]

    async def _greeted(self) -> None:
        """Make sure that the first frame is SETTINGS, as it must be (RFC 9113, 3.4)."""
        head = await self._server.exactly(_HTTP_FRAME_HEAD)
        if head[3] != _SETTINGS:
            raise BadReplyError("the answer is not HTTP/2", self._server.observed)
        self._http.receive_data(head)

    async def _step(self) -> None:
        try:
            events = self._http.receive_data(await self._server.some())
        except h2.exceptions.ProtocolError as exc:
            raise BadReplyError(f"the answer is not HTTP/2: {exc}", self._server.observed) from exc
        for event in events:
            self._take(event)
        await self._server.send(self._http.data_to_send())

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                self._headers |= {str(name): str(value) for name, value in event.headers or ()}
            case h2.events.DataReceived():
                self._body += event.data or b""
                if event.flow_controlled_length:
                    self._http.acknowledge_received_data(event.flow_controlled_length, 1)
            case h2.events.StreamEnded():
                self._ended = True
            case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                raise BadReplyError("the server broke the call off", self._server.observed)
            case _:
                pass

    def _check(self) -> None:
        status, code = self._headers.get(":status", ""), self._headers.get("grpc-status", "")
        if status != "200" or not code:
            raise BadReplyError(f"no gRPC is spoken there (status {status})", self._server.observed)
        if code != "0":
            said = self._headers.get("grpc-message", "")
            why = _CODES.get(code, said or f"its answer is code {code}")
            raise NotReadyError(f"no health from the server: {why}", self._server.observed)


def _varint(number: int) -> bytes:
    """Write a number as protobuf does: seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def _status_of(message: bytes) -> int:
    """Read field 1; a message without it means the default, 0."""
    return message[1] if message[:1] == _VARINT and len(message) > 1 else 0
