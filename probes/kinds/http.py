"""Does an HTTP endpoint answer as declared?"""

import socket
from dataclasses import dataclass, replace
from urllib.parse import quote, urljoin, urlsplit

import h11

from probes import stream
from probes.errnos import translated
from probes.errors import BadBodyError, BadStatusError, CouldNotLookError
from probes.http1 import Http1
from probes.model.probe import HttpLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream

_DEFAULT_PORTS = {"http": 80, "https": 443}
_OK_STATUSES = range(200, 300)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Of text that a stranger chose: so much goes into our messages.
_QUOTED = 200


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    #: "" for none.
    location: str
    #: What the header that was asked for says; "" for nothing.
    header: str
    body: bytes
    #: Whether there was more of the body than we read.
    cut: bool


async def look(look: HttpLook, net: Net, phases: Phases) -> Observation:
    """Send one GET, follow as many redirects as declared, and judge the last answer."""
    answer, observed = await _get(look, net, phases)
    for _ in range(look.redirects):
        if answer.status not in _REDIRECTS or not answer.location:
            break
        look = _followed(look, answer.location, observed)
        answer, observed = await _get(look, net, phases)
    _judge(look, answer, observed)
    return observed


async def _get(look: HttpLook, net: Net, phases: Phases) -> tuple[_Answer, Observation]:
    # Closed in the ordinary way: the server, told so, usually closes first and keeps the TIME_WAIT.
    with net.socket(socket.SOCK_STREAM) as sock:
        await stream.connect(sock, look.address, look.port, phases)
        observed = Observation(rtt_seconds=stream.rtt_seconds(sock))
        with translated(f"{look.address}:{look.port}"):
            peer: Stream = PlainStream(sock)
            if look.tls:
                context = stream.tls_context(verify=look.verify)
                peer = secure = TlsStream(sock, _server_name(look), context)
                with phases.timed("tls"):
                    await secure.handshake()
                expires_at = secure.certificate_expires_at()
                observed = replace(observed, certificate_expires_at=expires_at)
            exchange = Http1(peer, net.response_bytes, observed)
            response = await exchange.ask(_request(look), b"", phases)
            with phases.timed("transfer"):
                body = await _body(exchange, net.response_bytes)
    answer = _Answer(
        status=response.status_code,
        location=_header(response, b"location"),
        header=_header(response, look.header.lower().encode()) if look.header else "",
        body=body[: net.response_bytes],
        cut=not exchange.complete,
    )
    return answer, replace(observed, status=answer.status)


async def _body(exchange: Http1, most_bytes: int) -> bytes:
    """Read the body, or a little more than its allowed beginning."""
    body = bytearray()
    async for chunk in exchange.chunks(2 * most_bytes):  # chunks have heads, too
        body += chunk
        if len(body) > most_bytes:
            break
    return bytes(body)


def _request(look: HttpLook) -> h11.Request:
    headers = [
        ("Host", look.host or _authority(look)),
        ("User-Agent", "swarmscope"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),  # the body is searched as it comes
        ("Connection", "close"),
    ]
    target = quote(look.path, safe="/?%:@!$&'()*+,;=~[]")
    try:
        return h11.Request(method="GET", target=target, headers=headers)
    except h11.LocalProtocolError as exc:
        raise CouldNotLookError(f"no request can be made of {look.path!r}: {exc}") from exc


def _authority(look: HttpLook) -> str:
    default = _DEFAULT_PORTS["https" if look.tls else "http"]
    return str(look.address) if look.port == default else f"{look.address}:{look.port}"


def _server_name(look: HttpLook) -> str:
    return look.host.partition(":")[0] or str(look.address)


def _header(response: h11.Response, wanted: bytes) -> str:
    values = (value for name, value in response.headers if name == wanted)
    return next(values, b"").decode("latin-1")


def _followed(look: HttpLook, location: str, observed: Observation) -> HttpLook:
    """Aim at where a redirect points, if that is the same host: another one is another look."""
    host = _server_name(look)
    base = f"{'https' if look.tls else 'http'}://{host}:{look.port}{look.path}"
    refusal = BadStatusError(
        f"redirects to {location[:_QUOTED]!r}, which is not at {host}",
        observed,
    )
    try:
        target = urlsplit(urljoin(base, location))
        port = target.port or _DEFAULT_PORTS[target.scheme]
    except (ValueError, KeyError):
        raise refusal from None
    if target.hostname != host.lower():
        raise refusal
    query = f"?{target.query}" if target.query else ""
    tls = target.scheme == "https"
    return replace(look, port=port, tls=tls, path=(target.path or "/") + query)


def _judge(look: HttpLook, answer: _Answer, observed: Observation) -> None:
    if answer.status not in (look.statuses or _OK_STATUSES):
        to = f", to {answer.location[:_QUOTED]!r}" if answer.location else ""
        raise BadStatusError(f"status {answer.status}{to}", observed)
    if look.header and look.header_contains not in answer.header:
        said = f"is {answer.header[:_QUOTED]!r}" if answer.header else "is not there"
        raise BadBodyError(f"another answered: {look.header} {said}", observed)
    if look.body.encode() not in answer.body:
        among = f"the first {len(answer.body)} bytes of the body" if answer.cut else "the body"
        raise BadBodyError(f"{look.body!r} is not in {among}", observed)
