"""Is a service healthy, as it says itself over gRPC (health v1)?

The messages are small enough to be written by hand: one text in the question, one number in the
answer (grpc/health/v1/health.proto). How they travel: gRPC over HTTP/2 (PROTOCOL-HTTP2.md).
"""

import socket
import struct
from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType
from urllib.parse import unquote

from exporter.blackbox import metrics, targets
from exporter.blackbox.asked import Asked
from exporter.blackbox.errors import FailedError
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from exporter.blackbox.tls import record_connection
from probes import http2, stream
from probes.errnos import translated
from probes.errors import LookError, TlsError
from probes.http2 import Header, Http2
from probes.model.result import Verdict
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream

_PORT, _TLS_PORT = 80, 443
_METHOD = b"/grpc.health.v1.Health/Check"
#: Whether what follows is compressed, and its length.
_PREFIX = struct.Struct("!BI")
_PLAIN = 0
_MOST_BYTES = 64 * 1024
_SERVING = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")

# Codes of gRPC's statuses that we have to name ourselves (google.golang.org/grpc/codes).
_OK, _UNKNOWN, _DEADLINE_EXCEEDED, _INTERNAL, _UNAVAILABLE = 0, 2, 4, 13, 14
_CODE_DIGITS = 2
#: What an answer that is not gRPC's means (http-grpc-status-mapping.md).
_CODES_OF_HTTP: Mapping[int, int] = MappingProxyType(
    {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14},
)


async def probe(asked: Asked, place: Place, record: Record) -> None:
    """Ask once for the health of a service."""
    options = asked.module.options.grpc
    for spec in (metrics.GRPC_TLS, metrics.GRPC_STATUS, metrics.CERTIFICATE_EXPIRY):
        record.set(spec, 0)
    record.set(metrics.GRPC_SECONDS, 0, "resolve")
    host, port = _host_port(asked.target, _TLS_PORT if options.tls else _PORT)
    address = await place.first_address(host, record)
    record.set(metrics.GRPC_SECONDS, record.samples[metrics.LOOKUP_SECONDS][()], "resolve")
    for name in _SERVING:
        record.set(metrics.GRPC_HEALTH, 0, name)
    # Until something else is known: the deadline may end it at any step.
    record.set(metrics.GRPC_STATUS, _DEADLINE_EXCEEDED)
    began = perf_counter()
    try:
        with place.net.socket(socket.SOCK_STREAM) as sock, translated(f"{address}:{port}"):
            await stream.connect(sock, address, port, Phases())
            peer: Stream = PlainStream(sock)
            if options.tls and asked.module.tls:
                name = options.tls_config.server_name or asked.hostname or host
                peer = secure = TlsStream(sock, name, asked.module.tls)
                await secure.handshake()
                if secure.protocol() != http2.ALPN:
                    raise TlsError("the peer does not offer HTTP/2")
            authority = f"{host}:{port}"
            status, message, body = await _ask(peer, _headers(asked, authority), asked)
            if options.tls and status == _OK:
                record.set(metrics.GRPC_TLS, 1)
                record_connection(secure, record, chain_expiry=False)
    except LookError as exc:
        if exc.outcome.verdict is Verdict.FAILED:
            record.set(metrics.GRPC_STATUS, _UNAVAILABLE)
        raise
    finally:
        record.set(metrics.GRPC_SECONDS, perf_counter() - began, "check")
    record.set(metrics.GRPC_STATUS, status)
    if status != _OK:
        raise FailedError(f"gRPC status {status}: {message}")
    _judge(body, record)


def _host_port(target: str, default: int) -> tuple[str, int]:
    """Read [http[s]://]HOST[:PORT]."""
    for scheme in ("http://", "https://"):
        target = target.removeprefix(scheme)
    return targets.split_optional_port(target.partition("/")[0], default)


def _headers(asked: Asked, authority: str) -> list[Header]:
    options = asked.module.options.grpc
    scheme = "https" if options.tls else "http"
    own = {
        ":method": "POST",
        ":scheme": scheme,
        ":path": _METHOD.decode(),
        ":authority": authority,
        "te": "trailers",
        "content-type": "application/grpc",
        "user-agent": "swarmscope",
    }
    metadata = [(key.lower(), value) for key, all_ in options.metadata.items() for value in all_]
    return [(key.encode(), value.encode()) for key, value in [*own.items(), *metadata]]


async def _ask(peer: Stream, headers: list[Header], asked: Asked) -> tuple[int, str, bytes]:
    """Give gRPC's status, its message, and the answer's bytes."""
    name = asked.module.options.grpc.service.encode()
    # Field 1, a text (protobuf's wire type 2); an empty one is left out.
    question = b"\x0a" + _varint(len(name)) + name if name else b""
    exchange = Http2(peer)
    message = _PREFIX.pack(_PLAIN, len(question)) + question
    head = await exchange.ask(headers, message, Phases())
    http_status = http2.status_of(head)
    body = bytearray()
    async for chunk in exchange.chunks():
        body += chunk
        if len(body) > _MOST_BYTES:
            return _INTERNAL, f"the answer is larger than {_MOST_BYTES} bytes", b""
    ending = {**dict(head), **dict(exchange.trailers)}
    if b"grpc-status" not in ending:
        return _CODES_OF_HTTP.get(http_status, _UNKNOWN), f"HTTP status {http_status}", b""
    text = ending[b"grpc-status"]
    status = int(text) if text.isdigit() and len(text) <= _CODE_DIGITS else _UNKNOWN
    why = unquote(ending.get(b"grpc-message", b"").decode(errors="replace"))
    return status, why, bytes(body)


def _judge(body: bytes, record: Record) -> None:
    number = _serving(body)
    said = _SERVING[number] if number < len(_SERVING) else str(number)
    record.info("Got health", serving_status=said)
    record.set(metrics.GRPC_HEALTH, 1, said)
    if said != "SERVING":
        raise FailedError(f"the service is {said}")


def _serving(body: bytes) -> int:
    """Read field 1, a number; a default is left out."""
    message = body[_PREFIX.size :]
    if body[:1] != b"\0" or (len(message) > 1 and message[0] != 0x08):  # noqa: PLR2004 -- field 1, varint
        raise FailedError("the answer is no HealthCheckResponse")
    return message[1] if len(message) > 1 else 0


def _varint(number: int) -> bytes:
    """Write a number in groups of seven bits, the lowest first."""
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004 -- seven bits
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
