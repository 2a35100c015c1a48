"""Do questions and answers between agents arrive as they were sent, and is all else refused?"""

import json
from dataclasses import fields, replace
from ipaddress import IPv4Address
from typing import Any, get_args

import pytest

from probes.looks.asking import Answer, Asked
from probes.looks.errors import UsageError
from probes.looks.wants import (
    DnsWant,
    HttpWant,
    IcmpWant,
    RouteWant,
    ServerWant,
    SweepWant,
    TcpWant,
    TraceWant,
    UdpWant,
    Want,
)
from probes.looks.wire import dump_answers, dump_asked, load_answers, load_asked
from probes.model.probe import KIND_OF, Look, TcpLook
from probes.model.result import Answer as DnsAnswer
from probes.model.result import Certificate, Observation, Outcome, Result, TracedHop
from probes.model.vantage import Vantage, VantageKind
from probes.wire import load_result, result_document
from tests.probes.looks.answers import answer

WANTS: tuple[Want, ...] = (
    DnsWant(name="tasks.api", server="127.0.0.11"),
    TcpWant(target="api:80"),
    IcmpWant(target="api.2"),
    HttpWant(target="http://api/", statuses=frozenset({200, 204}), body="ok", redirects=2),
    UdpWant(target="api:53", send="0x00"),
    ServerWant(kind="grpc", target="api:50051", options={"service": "shop.Orders"}),
    SweepWant(target="api"),
    RouteWant(target="api"),
    TraceWant(target="api"),
)
ADDRESS = IPv4Address("10.0.1.21")
#: Every field that a look brings home, each with something in it.
OBSERVED = Observation(
    rtt_seconds=0.25,
    answer=DnsAnswer(addresses=(ADDRESS,), missing=(ADDRESS,), duplicates=1),
    status=200,
    certificate_expires_at=1_800_000_000.0,
    hops=(TracedHop(steps=1, address=ADDRESS, name="api", round_trips=(0.5,), said="far"),),
    largest_bytes=1450,
    certificates=(
        Certificate(subject="a", issuer="b", names=("c",), begins_at=1.0, expires_at=2.0),
    ),
    told=(("version", "15.3"),),
    kept_out_by=Outcome.REFUSED,
)


def _asked(want: Want, **fields: Any) -> Asked:
    return replace(Asked(want=want, source="node2:web", timeout_seconds=2.5, here=True), **fields)


def _look(kind: type[Look]) -> Look:
    """Make a look of a kind: those that have an address, at one; the rest of it by default."""
    values: dict[str, Any] = {"address": ADDRESS, "port": 80, "server": ADDRESS, "name": "api"}
    values |= {"overlay": Vantage(kind=VantageKind.OVERLAY, name="app", netns="/run/netns/1-app")}
    values |= {"names": ((ADDRESS, "shop_api.1"),), "patience_seconds": 0.25}
    # Of a declared host: nobody asks another node for one, so what is in it need not be told apart.
    values |= {"host": "db.example.org", "look": TcpLook(address=ADDRESS, port=5432)}
    names = {field.name for field in fields(kind)}
    made: Look = kind(**{name: value for name, value in values.items() if name in names})
    return made


def test_every_want_there_is_can_be_asked_for() -> None:
    """A new one belongs into the list above."""
    assert {type(want) for want in WANTS} == set(get_args(Want))


@pytest.mark.parametrize("want", WANTS, ids=lambda want: type(want).__name__)
def test_a_want_arrives_as_it_was_sent(want: Want) -> None:
    """With all that was typed."""
    assert load_asked(dump_asked(_asked(want))) == _asked(want)


@pytest.mark.parametrize("kind", KIND_OF, ids=lambda kind: kind.__name__)
def test_a_result_arrives_as_it_was_taken(kind: type[Look]) -> None:
    """Whatever its kind: several have the same fields, so it must not be guessed."""
    report = answer("node2").report
    assert report is not None
    probe = report.result.probe
    look = replace(probe, id=replace(probe.id, probe=KIND_OF[kind]), look=_look(kind))
    result = replace(report.result, probe=look, observed=OBSERVED)

    assert load_result(json.loads(json.dumps(result_document(result)))) == result


def test_answers_arrive_as_they_were_given() -> None:
    """A report with the looks around it, and why somebody did not look."""
    whole = answer("node1", hint="did you mean web?")
    assert whole.report is not None
    around: Result = whole.report.result
    answers = (
        replace(whole, report=replace(whole.report, resolution=around, beneath=around)),
        answer("node2", Outcome.REFUSED),
        Answer(node="node3", why="agent on 198.18.0.13: refused"),
        Answer(node="node4", why="no task here", pointless=True),
    )

    assert load_answers(dump_answers(answers)) == answers


def _changed(**changes: Any) -> bytes:
    document = json.loads(dump_asked(_asked(TcpWant(target="api:80"))))
    return json.dumps({**document, **changes}).encode()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Expecting value"),
        (b"[]", "no document of version 1"),
        (_changed(version=2), "no document of version 1"),
        (_changed(type="shell"), "no look that can be asked for"),
        (_changed(want=[]), "no look that can be asked for"),
        (_changed(want={"target": ["api"]}), "string"),
        (_changed(want={"target": "api:80", "payload": "x"}), "tcp has no payload here"),
        (_changed(timeout_seconds=0), "at most 30 s"),
        (_changed(timeout_seconds=31), "at most 30 s"),
        (_changed(timeout_seconds="nan"), "at most 30 s"),
        (_changed(timeout_seconds=None), "no look that can be asked for"),
        (_changed(source=None), "source is a text"),
        (_changed(here="yes"), "here is true or false"),
    ],
)
def test_what_is_no_question_is_refused(body: bytes, message: str) -> None:
    """By what is wrong; what is not known is not passed over."""
    with pytest.raises(ValueError, match=message):
        load_asked(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"version": 1}',
        b'{"version": 1, "places": [1]}',
        b'{"version": 1, "places": [{"node": "n", "why": "", "pointless": false, "report": 1}]}',
    ],
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    """As a value that is wrong, whatever it is."""
    with pytest.raises(ValueError, match=r".+"):
        load_answers(body)


@pytest.mark.parametrize(
    "files",
    [
        {"options": {"credentials_file": "/run/secrets/redis"}},
        {"authorities_file": "/run/secrets/authority.pem"},
    ],
)
def test_a_file_never_leaves_its_node(files: dict[str, Any]) -> None:
    """Neither is one asked for, nor would one be read for somebody elsewhere."""
    plain = ServerWant(kind="redis", target="cache:6379")
    secret = replace(plain, **files)
    smuggled = json.loads(dump_asked(_asked(plain)))
    smuggled["want"] |= files

    with pytest.raises(UsageError, match="which no other reads"):
        dump_asked(_asked(secret))
    with pytest.raises(UsageError, match="which no other reads"):
        load_asked(json.dumps(smuggled).encode())


@pytest.mark.parametrize(
    ("want", "message"),
    [
        (ServerWant(kind="shell", target="a:1"), "'shell' is no server"),
        (ServerWant(kind="redis", target="a:1", options={"address": "x"}), "redis has no option"),
    ],
)
def test_a_server_that_does_not_exist_is_refused(want: ServerWant, message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match=message):
        want.read()
