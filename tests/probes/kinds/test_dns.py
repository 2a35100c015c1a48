import socket
from ipaddress import IPv4Address

import dns.flags
import dns.message
import dns.name
import dns.rcode
import pytest

from probes.kinds.dns import judge
from probes.model.probe import DnsLook, ExpectedAnswer
from probes.model.result import Answer, Outcome
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Responder, code, records, resolving

ONE, TWO, THREE, FOUR = (IPv4Address(f"10.0.1.{number}") for number in range(1, 5))
A_ONE, A_TWO = (f"api. 600 IN A {address}" for address in (ONE, TWO))


def _expect(*required: IPv4Address, allowed: tuple[IPv4Address, ...] = ()) -> ExpectedAnswer:
    return ExpectedAnswer(required=frozenset(required), allowed=frozenset(allowed))


@pytest.mark.parametrize(
    ("addresses", "expected", "answer"),
    [
        ([], (), Answer(addresses=())),
        ([TWO, ONE], (), Answer(addresses=(TWO, ONE))),
        ([TWO, ONE], (_expect(ONE, TWO),), Answer(addresses=(TWO, ONE))),
        ([ONE], (_expect(ONE, TWO),), Answer(addresses=(ONE,), missing=(TWO,))),
        ([], (_expect(TWO, ONE),), Answer(addresses=(), missing=(ONE, TWO))),
        ([ONE, TWO], (_expect(ONE),), Answer(addresses=(ONE, TWO), unexpected=(TWO,))),
        ([ONE, TWO], (_expect(ONE, allowed=(TWO,)),), Answer(addresses=(ONE, TWO))),
        ([ONE], (_expect(ONE, allowed=(TWO,)),), Answer(addresses=(ONE,))),
        ([ONE, ONE, ONE], (_expect(ONE),), Answer(addresses=(ONE, ONE, ONE), duplicates=2)),
        ([TWO], (_expect(ONE), _expect(TWO)), Answer(addresses=(TWO,))),
        (
            [ONE, TWO, FOUR],
            (_expect(THREE), _expect(ONE, TWO, THREE)),
            Answer(addresses=(ONE, TWO, FOUR), missing=(THREE,), unexpected=(FOUR,)),
        ),
    ],
)
def test_an_answer_is_held_against_its_nearest_alternative(
    addresses: list[IPv4Address],
    expected: tuple[ExpectedAnswer, ...],
    answer: Answer,
) -> None:
    """Missing, unexpected and repeated addresses are told apart; what is allowed is neither."""
    assert judge(addresses, expected) == answer


def _look(port: int, *expected: ExpectedAnswer) -> DnsLook:
    return DnsLook(name="api", server=LOOPBACK, port=port, expected=expected)


async def test_the_expected_answer_is_ok() -> None:
    """All the addresses that there should be, in any order."""
    async with resolving(records(A_TWO, A_ONE)) as port:
        result = await look_once(_look(port, _expect(ONE, TWO)))

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert result.observed.answer == Answer(addresses=(TWO, ONE))
    assert [phase.name for phase in result.phases] == ["request"]
    assert result.observed.rtt_seconds is not None
    assert 0 < result.observed.rtt_seconds <= result.phases[0].seconds


async def test_an_alias_is_followed() -> None:
    """The addresses of the alias count, those of strangers in the answer do not."""
    lines = ("api. 9 IN CNAME web.", f"web. 9 IN A {ONE}", f"other. 9 IN A {TWO}")
    async with resolving(records(*lines)) as port:
        result = await look_once(_look(port, _expect(ONE)))

    assert result.outcome is Outcome.OK
    assert result.observed.answer == Answer(addresses=(ONE,))


async def test_a_wrong_answer_says_what_is_wrong() -> None:
    """The answer itself comes home beside the outcome."""
    async with resolving(records(A_TWO, A_TWO)) as port:
        result = await look_once(_look(port, _expect(ONE)))

    assert result.outcome is Outcome.WRONG_ANSWER
    assert result.detail == "api: missing 10.0.1.1; unexpected 10.0.1.2; 1 given twice"
    answer = Answer(addresses=(TWO, TWO), missing=(ONE,), unexpected=(TWO,), duplicates=1)
    assert result.observed.answer == answer


def _in_the_name_of_another(query: dns.message.Message) -> dns.message.Message:
    other = dns.message.make_query("other", "A", id=query.id)
    return dns.message.make_response(other)


def _truncated(query: dns.message.Message) -> dns.message.Message:
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.TC
    return reply


def _cut_in_a_record(query: dns.message.Message) -> bytes:
    reply = records(A_ONE)(query)
    assert isinstance(reply, dns.message.Message)
    reply.use_edns(edns=False)
    reply.flags |= dns.flags.TC
    return reply.to_wire()[:-2]


def _babble(query: dns.message.Message) -> bytes:
    return query.id.to_bytes(2) + b"what?"


@pytest.mark.parametrize(
    ("respond", "outcome", "detail"),
    [
        (code(dns.rcode.NXDOMAIN), Outcome.NXDOMAIN, "127.0.0.1 knows no name api"),
        (code(dns.rcode.SERVFAIL), Outcome.SERVFAIL, "127.0.0.1 answered SERVFAIL for api"),
        (code(dns.rcode.REFUSED), Outcome.SERVFAIL, "127.0.0.1 answered REFUSED for api"),
        (records(), Outcome.NO_DATA, "127.0.0.1 knows api, but no address of it"),
        (_truncated, Outcome.TRUNCATED, "the answer for api needs more than 4096 bytes"),
        (_cut_in_a_record, Outcome.TRUNCATED, "the answer for api needs more than 4096 bytes"),
        (_in_the_name_of_another, Outcome.BAD_REPLY, "127.0.0.1 answered another question"),
        (_babble, Outcome.BAD_REPLY, "127.0.0.1 sent no DNS message"),
    ],
)
async def test_each_no_of_a_resolver_has_its_outcome(
    respond: Responder,
    outcome: Outcome,
    detail: str,
) -> None:
    """What the resolver said is told in its own word, and the round trip is kept."""
    async with resolving(respond) as port:
        result = await look_once(_look(port, _expect(ONE)))

    assert result.outcome is outcome
    assert result.detail.startswith(detail)
    assert result.observed.rtt_seconds is not None


async def test_a_name_that_is_not_there_is_missing_all_its_addresses() -> None:
    """So that a count of missing addresses holds however the resolver puts it."""
    async with resolving(code(dns.rcode.NXDOMAIN)) as port:
        result = await look_once(_look(port, _expect(ONE)))

    assert result.observed.answer == Answer(addresses=(), missing=(ONE,))


async def test_a_stray_reply_is_passed_over() -> None:
    """A reply under another id answers somebody else's query: ours is still awaited."""
    asked: list[dns.message.Message] = []

    def stray(query: dns.message.Message) -> dns.message.Message:
        asked.append(query)
        reply = dns.message.make_response(query)
        reply.id ^= 1
        return reply

    async with resolving(stray) as port:
        result = await look_once(_look(port), timeout=0.2)

    assert result.outcome is Outcome.TIMEOUT
    assert result.detail == "no answer within 0.2 s (step: request)"
    assert len(asked) == 1  # one attempt


async def test_the_resolver_is_offered_large_datagrams() -> None:
    """Two hundred addresses fit into one reply (EDNS0), and are understood."""
    addresses = [IPv4Address(f"10.0.2.{number}") for number in range(1, 201)]
    offered = []

    def respond(query: dns.message.Message) -> dns.message.Message | bytes | None:
        offered.append(query.payload)
        return records(*(f"api. 600 IN A {address}" for address in addresses))(query)

    async with resolving(respond) as port:
        result = await look_once(_look(port, _expect(*addresses)))

    assert offered == [4096]
    assert result.outcome is Outcome.OK


async def test_no_resolver_refuses() -> None:
    """The ICMP error reaches a connected socket, so there is no waiting for the timeout."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]

    result = await look_once(_look(port))

    assert result.outcome is Outcome.REFUSED


@pytest.mark.parametrize("name", ["a..b", "x" * 64])
async def test_what_is_no_name_is_never_sent(name: str) -> None:
    """Somebody's bad input is not the network's failure."""
    result = await look_once(DnsLook(name=name, server=LOOPBACK))

    assert result.outcome is Outcome.COULD_NOT_LOOK
    assert "is no domain name" in result.detail
