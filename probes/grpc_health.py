"""How is a gRPC server asked for its health, and what does it say?

`grpc.health.v1.Health/Check` (grpc/grpc-proto, grpc/health/v1/health.proto) over HTTP/2 (grpc/grpc,
doc/PROTOCOL-HTTP2.md). The two messages are so small that they are written by hand: one text in the
question, one number in the answer.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from probes import http2
from probes.http2 import Header, Http2
from probes.phases import Phases
from probes.stream import Stream

METHOD = "/grpc.health.v1.Health/Check"
#: HealthCheckResponse.ServingStatus, by its numbers.
STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")

#: Whether what follows is compressed, and its length.
_PREFIX = struct.Struct("!BI")
_PLAIN = 0
_MOST_BYTES = 64 * 1024
#: Field 1, of a length; field 1, a number (protobuf's wire format).
_TEXT, _NUMBER = 0x0A, 0x08
_CODE_DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What came back."""

    http_status: int
    #: gRPC's status; None where there is none, or none that can be read.
    code: int | None
    #: What gRPC says of it; "" for nothing.
    message: str
    #: The number of `STATUSES`; None where the body is no HealthCheckResponse.
    serving: int | None
    #: Whether there was more of a body than anybody needs.
    too_long: bool = False


def headers_for(
    authority: str, *, tls: bool, metadata: Sequence[tuple[str, str]] = ()
) -> list[Header]:
    """Write the request's head."""
    own = (
        (":method", "POST"),
        (":scheme", "https" if tls else "http"),
        (":path", METHOD),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "swarmscope"),
    )
    return [(name.encode(), value.encode()) for name, value in (*own, *metadata)]


async def ask(peer: Stream, headers: Sequence[Header], service: str, phases: Phases) -> Health:
    """Ask for one service's health, "" for the server's. Raises what `Http2` raises."""
    question = _question(service)
    exchange = Http2(peer)
    head = await exchange.ask(headers, _PREFIX.pack(_PLAIN, len(question)) + question, phases)
    status = http2.status_of(head)
    body = bytearray()
    async for chunk in exchange.chunks():
        body += chunk
        if len(body) > _MOST_BYTES:
            return Health(http_status=status, code=None, message="", serving=None, too_long=True)
    ending = {**dict(head), **dict(exchange.trailers)}
    text = ending.get(b"grpc-status", b"")
    readable = text.isdigit() and len(text) <= _CODE_DIGITS
    return Health(
        http_status=status,
        code=int(text) if readable else None,
        message=unquote(ending.get(b"grpc-message", b"").decode(errors="replace")),
        serving=_serving(bytes(body)),
    )


def _question(service: str) -> bytes:
    name = service.encode()
    return bytes([_TEXT]) + _varint(len(name)) + name if name else b""


def _varint(number: int) -> bytes:
    """Write a number in groups of seven bits, the lowest first."""
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004 -- seven bits
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def _serving(body: bytes) -> int | None:
    """Read field 1, a number; a default is left out."""
    message = body[_PREFIX.size :]
    if len(body) < _PREFIX.size or body[0] != _PLAIN:
        return None
    if not message:
        return 0
    return message[1] if len(message) > 1 and message[0] == _NUMBER else None
