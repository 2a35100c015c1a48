"""Does a DNS server answer as a module of the dns prober expects?"""

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset

from exporter.blackbox import metrics, targets
from exporter.blackbox.asked import Asked
from exporter.blackbox.dns_judge import judge_records
from exporter.blackbox.errors import FailedError
from exporter.blackbox.module_options import DnsOptions
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from probes import datagram, stream
from probes.errnos import translated
from probes.errors import BadReplyError
from probes.phases import Phases
from probes.stream import PlainStream, Stream, TlsStream

_PHASES = ("resolve", "connect", "request")
_PORT, _TLS_PORT = 53, 853
_LARGEST_DATAGRAM = 65535
_ID_BYTES = 2
#: RFC 1035, section 4.2.2.
_LENGTH = struct.Struct("!H")


@dataclass(frozen=True, slots=True)
class _Server:
    #: As it was named.
    host: str
    address: IPv4Address
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


async def probe(asked: Asked, place: Place, record: Record) -> None:
    """Send one query and judge the answer."""
    options = asked.module.options.dns
    if options is None:
        raise AssertionError("a module of the dns prober says what it asks for")
    _begin(record)
    default = _TLS_PORT if options.dns_over_tls else _PORT
    host, port = targets.split_optional_port(asked.target, default)
    address = await place.first_address(host, record)
    record.set(metrics.DNS_SECONDS, record.samples[metrics.LOOKUP_SECONDS][()], "resolve")
    server = _Server(host, address, port)
    query = _query(options)
    record.info(
        "Making DNS query",
        server=server,
        query=options.query_name,
        type=options.query_type.text,
        protocol=options.transport_protocol,
    )
    phases = Phases()
    ask = _ask_over_tcp if options.transport_protocol == "tcp" else _ask_over_udp
    try:
        wire = await ask(query, asked, server, place, phases)
    finally:
        _record_phases(phases, record)
    _judge(_read(wire), options, record)


def _begin(record: Record) -> None:
    for phase in _PHASES:
        record.set(metrics.DNS_SECONDS, 0, phase)
    for spec in (
        metrics.DNS_ANSWER,
        metrics.DNS_AUTHORITY,
        metrics.DNS_ADDITIONAL,
        metrics.DNS_SUCCEEDED,
    ):
        record.set(spec, 0)


def _query(options: DnsOptions) -> dns.message.QueryMessage:
    try:
        query = dns.message.make_query(
            options.query_name,
            dns.rdatatype.RdataType(options.query_type.number),
            dns.rdataclass.RdataClass(options.query_class.number),
            use_edns=False,
        )
    except dns.exception.DNSException as exc:
        raise FailedError(f"{options.query_name!r} is no domain name: {exc}") from exc
    if not options.recursion_desired:
        query.flags &= ~dns.flags.RD
    return query


async def _ask_over_udp(
    query: dns.message.QueryMessage,
    asked: Asked,
    server: _Server,
    place: Place,
    phases: Phases,
) -> bytes:
    with place.net.socket(socket.SOCK_DGRAM) as sock, translated(str(server)):
        with phases.timed("connect"):
            datagram.prepare(sock)
            _bind(sock, asked)
            sock.connect((str(server.address), server.port))  # so that a refusal reaches us
        with phases.timed("request"):
            wire = query.to_wire()
            sock.send(wire)
            while True:
                reply, _ = await datagram.receive(sock, _LARGEST_DATAGRAM)
                if reply[:_ID_BYTES] == wire[:_ID_BYTES]:  # anything else is a stray
                    return reply


async def _ask_over_tcp(
    query: dns.message.QueryMessage,
    asked: Asked,
    server: _Server,
    place: Place,
    phases: Phases,
) -> bytes:
    options = asked.module.options.dns
    with place.net.socket(socket.SOCK_STREAM) as sock, translated(str(server)):
        _bind(sock, asked)
        await stream.connect(sock, server.address, server.port, phases)
        peer: Stream = PlainStream(sock)
        if options and options.dns_over_tls and asked.module.tls:
            name = options.tls_config.server_name or server.host
            peer = secure = TlsStream(sock, name, asked.module.tls)
            with phases.timed("connect"):
                await secure.handshake()
        with phases.timed("request"):
            wire = query.to_wire()
            await peer.send(_LENGTH.pack(len(wire)) + wire)
            (length,) = _LENGTH.unpack(await _exactly(peer, _LENGTH.size))
            return await _exactly(peer, length)


def _bind(sock: socket.socket, asked: Asked) -> None:
    options = asked.module.options.dns
    if options and options.source_ip_address:
        sock.bind((str(options.source_ip_address), 0))


async def _exactly(peer: Stream, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = await peer.receive(count - len(data))
        if not more:
            raise BadReplyError("the connection was closed in the middle of an answer")
        data += more
    return data


def _read(wire: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(wire, one_rr_per_rrset=True)
    except (dns.exception.DNSException, ValueError) as exc:
        raise FailedError(f"the answer is no DNS message: {exc}") from exc


def _record_phases(phases: Phases, record: Record) -> None:
    for phase in phases.recorded():
        record.add(metrics.DNS_SECONDS, phase.seconds, phase.name)


def _judge(reply: dns.message.Message, options: DnsOptions, record: Record) -> None:
    record.set(metrics.DNS_SUCCEEDED, 1)
    record.set(metrics.DNS_ANSWER, len(reply.answer))
    record.set(metrics.DNS_AUTHORITY, len(reply.authority))
    record.set(metrics.DNS_ADDITIONAL, len(reply.additional) + (reply.opt is not None))
    if options.query_type.number == dns.rdatatype.SOA:
        record.set(metrics.DNS_SERIAL, _serial(reply.answer))
    code = reply.rcode()
    text = dns.rcode.to_text(code)
    record.info("Got response", rcode=text, answers=len(reply.answer))
    if code not in {valid.number for valid in options.valid_rcodes}:
        wanted = ", ".join(valid.text for valid in options.valid_rcodes)
        raise FailedError(f"code {text} is not what is expected: {wanted}")
    judge_records("answer", reply.answer, options.validate_answer_rrs, record)
    judge_records("authority", reply.authority, options.validate_authority_rrs, record)
    judge_records("additional", reply.additional, options.validate_additional_rrs, record)


def _serial(answer: Sequence[dns.rrset.RRset]) -> int:
    for record_set in answer:
        for found in record_set:
            if isinstance(found, dns.rdtypes.ANY.SOA.SOA):
                return int(found.serial)
    return 0
