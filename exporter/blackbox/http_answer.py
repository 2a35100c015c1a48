"""How is one request of a probe sent, and what comes back?"""

import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

import h11

from exporter.blackbox.http_body import Body, BodyReader
from exporter.blackbox.place import Place
from exporter.blackbox.targets import Url
from probes import http2, stream
from probes.errnos import translated
from probes.errors import CouldNotLookError
from probes.http1 import Http1
from probes.http2 import Http2
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream

#: Go takes 10 MB; no page needs so much.
_MOST_HEAD_BYTES = 256 * 1024
#: Digits: h11 takes no more either.
_LONGEST_LENGTH = 20
_WITHOUT_BODY = frozenset({204, 304})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent, and where."""

    url: Url
    method: str
    #: The `Host` header.
    host: str
    #: In TLS.
    server_name: str
    headers: Headers
    body: bytes
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The beginning of an answer."""

    status: int
    #: "1.1" or "2.0".
    version: str
    headers: Headers
    #: As announced; -1 where nothing was.
    length: int

    def values(self, name: str) -> tuple[str, ...]:
        """List the values of a header."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer."""

    head: Head
    #: None where it came without TLS.
    secure: TlsStream | None
    #: None where it was not wanted.
    body: Body | None


async def fetch(
    request: Request,
    address: IPv4Address,
    place: Place,
    phases: Phases,
    *,
    reader: BodyReader,
    wanted: Callable[[Head], bool],
) -> Answer:
    """Send *request* to *address*, and read the body of an answer that is *wanted*.

    Raises LookError.
    """
    with place.net.socket(socket.SOCK_STREAM) as sock:
        await stream.connect(sock, address, request.url.port, phases)
        with translated(f"{address}:{request.url.port}"):
            peer: Stream = PlainStream(sock)
            secure = None
            if request.url.tls and request.tls:
                peer = secure = TlsStream(sock, request.server_name, request.tls)
                with phases.timed("tls"):
                    await secure.handshake()
            if secure and secure.protocol() == http2.ALPN:
                head, chunks = await _over_http2(request, peer, phases)
            else:
                head, chunks = await _over_http1(request, peer, phases)
            body = None
            if wanted(head):
                with phases.timed("transfer"):
                    body = await reader.read(chunks)
    return Answer(head=head, secure=secure, body=body)


async def _over_http1(
    request: Request, peer: Stream, phases: Phases
) -> tuple[Head, AsyncIterator[bytes]]:
    headers = [("Host", request.host), *request.headers, ("Connection", "close")]
    if request.body or request.method not in {"GET", "HEAD"}:
        headers.append(("Content-Length", str(len(request.body))))
    try:
        sent = h11.Request(method=request.method, target=request.url.path, headers=headers)
    except h11.LocalProtocolError as exc:
        raise CouldNotLookError(f"no request can be made of {request.url}: {exc}") from exc
    exchange = Http1(peer, _MOST_HEAD_BYTES)
    response = await exchange.ask(sent, request.body, phases)
    head = Head(
        status=response.status_code,
        version=response.http_version.decode(),
        headers=_texts(response.headers),
        length=_length(response.status_code, _texts(response.headers)),
    )
    return head, exchange.chunks()


async def _over_http2(
    request: Request, peer: Stream, phases: Phases
) -> tuple[Head, AsyncIterator[bytes]]:
    pseudo = {
        ":method": request.method,
        ":scheme": request.url.scheme,
        ":authority": request.host,
        ":path": request.url.path,
    }
    sent = [*pseudo.items(), *((name.lower(), value) for name, value in request.headers)]
    exchange = Http2(peer)
    raw = [(name.encode(), value.encode()) for name, value in sent]
    answered = await exchange.ask(raw, request.body, phases)
    status, headers = http2.status_of(answered), _texts(answered)
    head = Head(
        status=status,
        version="2.0",
        headers=tuple(item for item in headers if not item[0].startswith(":")),
        length=_length(status, headers),
    )
    return head, exchange.chunks()


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _length(status: int, headers: Headers) -> int:
    if status in _WITHOUT_BODY:
        return 0
    announced = next((value for name, value in headers if name.lower() == "content-length"), "")
    plain = announced.isascii() and announced.isdecimal() and len(announced) <= _LONGEST_LENGTH
    return int(announced) if plain else -1
