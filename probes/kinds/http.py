"""Does an HTTP endpoint answer as declared?

The parser is h11, which does no I/O of its own, so that every phase can be timed.
"""

import socket
from dataclasses import dataclass, replace
from urllib.parse import quote, urljoin, urlsplit

import h11

from probes import stream
from probes.errnos import translated
from probes.errors import BadBodyError, BadReplyError, BadStatusError, CouldNotLookError
from probes.model.probe import HttpLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream

_CHUNK_BYTES = 16 * 1024
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
            exchange = _Exchange(peer, net.response_bytes, observed)
            answer = await exchange.run(_request(look), phases)
    return answer, replace(observed, status=answer.status)


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


class _Exchange:
    """One request and its answer, with no more read of it than allowed."""

    def __init__(self, peer: Stream, most_bytes: int, observed: Observation) -> None:
        self._peer = peer
        self._most_bytes = most_bytes
        self._observed = observed
        self._received = 0
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=most_bytes)

    async def run(self, request: h11.Request, phases: Phases) -> _Answer:
        """Send *request* and read what comes. Raises OSError and LookError."""
        try:
            with phases.timed("first_byte"):
                sent = self._parser.send(request) or b""
                await self._peer.send(sent + (self._parser.send(h11.EndOfMessage()) or b""))
                await self._receive(self._most_bytes)
            with phases.timed("transfer"):
                response = await self._head()
                body, cut = await self._body()
        except h11.RemoteProtocolError as exc:
            raise BadReplyError(f"the answer is not HTTP/1: {exc}", self._observed) from exc
        return _Answer(
            status=response.status_code,
            location=_header(response, b"location"),
            body=body,
            cut=cut,
        )

    async def _receive(self, most_bytes: int) -> bool:
        """Feed the parser; False when *most_bytes* have been received in all."""
        room = most_bytes - self._received
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
                if not await self._receive(self._most_bytes):
                    raise BadReplyError(
                        f"the answer's head is longer than {self._most_bytes} bytes",
                        self._observed,
                    )
            elif not isinstance(event, h11.InformationalResponse):
                raise BadReplyError("the connection was closed without an answer", self._observed)

    async def _body(self) -> tuple[bytes, bool]:
        """Read the body, or its beginning; tell whether there was more."""
        body = bytearray()
        while len(body) <= self._most_bytes:
            event = self._parser.next_event()
            if isinstance(event, h11.Data):
                body += event.data
            elif event is not h11.NEED_DATA:
                return bytes(body), False
            elif not await self._receive(2 * self._most_bytes):  # chunks have heads, too
                break
        return bytes(body[: self._most_bytes]), True


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
    if look.body.encode() not in answer.body:
        among = f"the first {len(answer.body)} bytes of the body" if answer.cut else "the body"
        raise BadBodyError(f"{look.body!r} is not in {among}", observed)
