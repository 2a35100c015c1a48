"""Does a TCP port answer as a module of the tcp prober expects?"""

import socket
import ssl

from exporter.blackbox import metrics, targets
from exporter.blackbox.asked import Asked
from exporter.blackbox.errors import FailedError
from exporter.blackbox.lines import Lines
from exporter.blackbox.module_options import QueryResponse, TcpOptions
from exporter.blackbox.patterns import Match
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from exporter.blackbox.tls import record_connection
from probes import stream
from probes.errnos import translated
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream


async def probe(asked: Asked, place: Place, record: Record) -> None:
    """Connect, over TLS where the module says so, and hold the conversation that it describes."""
    record.set(metrics.REGEX_FAILED, 0)
    options = asked.module.options.tcp
    host, port = targets.split_port(asked.target)
    address = await place.first_address(host, record)
    name = options.tls_config.server_name or asked.hostname or host
    with place.net.socket(socket.SOCK_STREAM) as sock, translated(f"{address}:{port}"):
        if options.source_ip_address:
            sock.bind((str(options.source_ip_address), 0))
        record.info("Connecting", address=address, port=port, tls=options.tls)
        await stream.connect(sock, address, port, Phases())
        peer: Stream = PlainStream(sock)
        if options.tls:
            peer = await _secured(sock, name, asked.module.tls, record)
        record.info("Connected")
        talk = _Conversation(sock, peer, name, asked.module.tls, record)
        await talk.hold(options)


async def _secured(
    sock: socket.socket, name: str, context: ssl.SSLContext | None, record: Record
) -> TlsStream:
    if context is None:
        raise AssertionError("a module of the tcp prober has settings of TLS")
    secure = TlsStream(sock, name, context)
    await secure.handshake()
    record.info("Spoke TLS", version=secure.agreed()[0], server_name=name)
    record_connection(secure, record)
    return secure


class _Conversation:
    """What is waited for, and what is said then, in turn."""

    def __init__(
        self,
        sock: socket.socket,
        peer: Stream,
        name: str,
        context: ssl.SSLContext | None,
        record: Record,
    ) -> None:
        self._sock = sock
        self._peer = peer
        self._lines = Lines(peer)
        self._name = name
        self._context = context
        self._record = record

    async def hold(self, options: TcpOptions) -> None:
        """Go through all steps; FailedError at the first that does not work."""
        for number, step in enumerate(options.query_response):
            self._record.info("Processing query response entry", entry_number=number)
            send = step.send.encode()
            if step.expect:
                match = await self._expect(step)
                send = match.expand(step.send)
            elif step.expect_bytes:
                await self._expect_bytes(step.expect_bytes.encode())
            if send:
                await self._peer.send(send + b"\n")
            if step.starttls:
                self._peer = await _secured(self._sock, self._name, self._context, self._record)
                self._lines = Lines(self._peer)

    async def _expect(self, step: QueryResponse) -> Match:
        """Read lines until one matches."""
        pattern = step.expect
        if pattern is None:
            raise AssertionError("only a step with an expression expects a line")
        line = b""
        async for line in self._lines.read():
            self._record.info("Read line", line=line)
            match = pattern.search(line)
            if match:
                self._record.info("Regexp matched", regexp=pattern.text)
                self._record.set(metrics.REGEX_FAILED, 0)
                if step.labels:
                    values = (match.expand(label.value) for label in step.labels)
                    spec = metrics.expect_info(*(label.name for label in step.labels))
                    self._record.set(spec, 1, *(value.decode(errors="replace") for value in values))
                return match
        self._record.set(metrics.REGEX_FAILED, 1)
        raise FailedError(f"no line matched {pattern.text!r} before the connection was closed")

    async def _expect_bytes(self, expected: bytes) -> None:
        found = await self._lines.exactly(len(expected))
        self._record.set(metrics.BYTES_FAILED, float(found != expected))
        if found != expected:
            raise FailedError(f"the bytes are {found!r}, not {expected!r}")
