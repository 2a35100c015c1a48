"""Does a name resolve to what it should?"""

import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.IN.A

from probes import datagram
from probes.errnos import translated
from probes.errors import (
    BadReplyError,
    CouldNotLookError,
    NoDataError,
    NxdomainError,
    ServfailError,
    TruncatedError,
    WrongAnswerError,
)
from probes.model.probe import DnsLook, ExpectedAnswer
from probes.model.result import Answer, Observation
from probes.net import Net
from probes.phases import Phases

#: What we tell the resolver we take in one datagram (EDNS0, RFC 6891): two hundred addresses.
_PAYLOAD_BYTES = 4096
_LARGEST_DATAGRAM = 65535
_ID_BYTES = 2


async def look(look: DnsLook, net: Net, phases: Phases) -> Observation:
    """Send one query over UDP and judge its answer."""
    query = _query(look.name)
    where = f"{look.server}:{look.port}"
    with net.socket(socket.SOCK_DGRAM) as sock, translated(where):
        datagram.prepare(sock)
        sock.connect((str(look.server), look.port))  # so that a refusal reaches us
        with phases.timed("request"):
            sent_at = time.time()
            wire = query.to_wire()
            sock.send(wire)
            while True:
                reply, arrived_at = await datagram.receive(sock, _LARGEST_DATAGRAM)
                if reply[:_ID_BYTES] == wire[:_ID_BYTES]:  # anything else is a stray
                    break
    observed = Observation(rtt_seconds=max(0.0, arrived_at - sent_at))
    return _judge_reply(query, reply, look, observed)


def judge(addresses: Sequence[IPv4Address], expected: Iterable[ExpectedAnswer]) -> Answer:
    """Hold an answer against that one of the *expected* which it comes nearest to."""
    answers = [_held_against(addresses, alternative) for alternative in expected]
    duplicates = len(addresses) - len(set(addresses))
    if not answers:
        return Answer(addresses=tuple(addresses), duplicates=duplicates)
    nearest = min(answers, key=lambda answer: len(answer.missing) + len(answer.unexpected))
    return replace(nearest, duplicates=duplicates)


def _held_against(addresses: Sequence[IPv4Address], expected: ExpectedAnswer) -> Answer:
    answered = frozenset(addresses)
    return Answer(
        addresses=tuple(addresses),
        missing=tuple(sorted(expected.required - answered)),
        unexpected=tuple(sorted(answered - expected.required - expected.allowed)),
    )


def _query(name: str) -> dns.message.QueryMessage:
    try:
        return dns.message.make_query(name, dns.rdatatype.A, use_edns=0, payload=_PAYLOAD_BYTES)
    except dns.exception.DNSException as exc:
        raise CouldNotLookError(f"{name!r} is no domain name: {exc}") from exc


def _judge_reply(
    query: dns.message.QueryMessage,
    wire: bytes,
    look: DnsLook,
    observed: Observation,
) -> Observation:
    try:
        reply = dns.message.from_wire(wire, one_rr_per_rrset=True, raise_on_truncation=True)
    except dns.message.Truncated as exc:
        raise TruncatedError(
            f"the answer for {look.name} needs more than {_PAYLOAD_BYTES} bytes",
            observed,
        ) from exc
    except dns.exception.DNSException as exc:
        raise BadReplyError(f"{look.server} sent no DNS message: {exc}", observed) from exc
    if not query.is_response(reply):
        raise BadReplyError(f"{look.server} answered another question", observed)
    observed = replace(observed, answer=judge(_addresses(query, reply), look.expected))
    _check_code(reply.rcode(), look, observed)
    _check_answer(look, observed)
    return observed


def _addresses(
    query: dns.message.QueryMessage,
    reply: dns.message.Message,
) -> list[IPv4Address]:
    """List the addresses of the name asked for, and of the names that it is an alias of."""
    names: set[dns.name.Name] = {query.question[0].name}
    addresses = []
    for record_set in reply.answer:
        if record_set.name not in names:
            continue
        for record in record_set:
            if isinstance(record, dns.rdtypes.IN.A.A):
                addresses.append(IPv4Address(record.address))
            elif record.rdtype == dns.rdatatype.CNAME:
                names.add(record.target)
    return addresses


def _check_code(code: dns.rcode.Rcode, look: DnsLook, observed: Observation) -> None:
    if code == dns.rcode.NXDOMAIN:
        raise NxdomainError(f"{look.server} knows no name {look.name}", observed)
    if code != dns.rcode.NOERROR:
        text = dns.rcode.to_text(code)
        raise ServfailError(f"{look.server} answered {text} for {look.name}", observed)


def _check_answer(look: DnsLook, observed: Observation) -> None:
    answer = observed.answer
    if answer is None or not answer.addresses:
        raise NoDataError(f"{look.server} knows {look.name}, but no address of it", observed)
    differences = _differences(answer)
    if look.expected and differences:
        raise WrongAnswerError(f"{look.name}: {'; '.join(differences)}", observed)


def _differences(answer: Answer) -> list[str]:
    found = []
    if answer.missing:
        found.append(f"missing {_listed(answer.missing)}")
    if answer.unexpected:
        found.append(f"unexpected {_listed(answer.unexpected)}")
    if answer.duplicates:
        found.append(f"{answer.duplicates} given twice")
    return found


def _listed(addresses: Iterable[IPv4Address]) -> str:
    return ", ".join(str(address) for address in addresses)
