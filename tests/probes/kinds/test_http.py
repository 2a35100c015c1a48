import asyncio
from typing import Any

import pytest

from probes.model.probe import HttpLook
from probes.model.result import Outcome
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, answering, closing, reset, serving, silent

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nhel\r\n2;why=not\r\nlo\r\n0\r\nX-Trailer: 1\r\n\r\n"
)
UNTIL_CLOSED = b"HTTP/1.0 200 OK\r\n\r\nhello"
AFTER_EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + HELLO


def _moved(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def _look(port: int, **options: Any) -> HttpLook:
    return HttpLook(address=LOOPBACK, port=port, **options)


@pytest.mark.parametrize("answer", [HELLO, CHUNKED, UNTIL_CLOSED, AFTER_EARLY_HINTS])
async def test_an_answer_as_declared_is_ok(answer: bytes) -> None:
    """However its length is told, the body is read to its end."""
    async with serving(answering(answer)) as port:
        result = await look_once(_look(port, body="hello", statuses=frozenset({200})))

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases] == ["connect", "first_byte", "transfer"]
    assert result.observed.status == 200
    assert result.observed.rtt_seconds is not None
    assert sum(phase.seconds for phase in result.phases) <= result.seconds


async def test_the_request_is_plain() -> None:
    """One GET that asks to be closed, with the host and the path that were declared."""
    received = asyncio.get_running_loop().create_future()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.set_result(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HELLO)
        await writer.drain()

    async with serving(handle) as port:
        result = await look_once(_look(port, path="/über all?a=1&b=%20", host="api.example.org"))

    assert result.outcome is Outcome.OK
    assert received.result().decode().split("\r\n") == [
        "GET /%C3%BCber%20all?a=1&b=%20 HTTP/1.1",
        "Host: api.example.org",
        "User-Agent: swarmscope",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("status", "statuses", "outcome"),
    [
        (200, frozenset(), Outcome.OK),
        (299, frozenset(), Outcome.OK),
        (300, frozenset(), Outcome.BAD_STATUS),
        (404, frozenset({404}), Outcome.OK),
        (200, frozenset({404}), Outcome.BAD_STATUS),
    ],
)
async def test_a_status_is_judged_by_what_was_declared(
    status: int,
    statuses: frozenset[int],
    outcome: Outcome,
) -> None:
    """Where nothing was declared, the 2xx are good."""
    answer = f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n".encode()
    async with serving(answering(answer)) as port:
        result = await look_once(_look(port, statuses=statuses))

    assert result.outcome is outcome


async def test_another_status_is_told() -> None:
    """The status comes home beside the outcome."""
    async with serving(answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")) as port:
        result = await look_once(_look(port))

    assert (result.outcome, result.detail) == (Outcome.BAD_STATUS, "status 503")
    assert result.observed.status == 503
    assert result.observed.rtt_seconds is not None


async def test_another_body_is_told() -> None:
    """The text that was looked for is named, the body of a stranger is not."""
    async with serving(answering(HELLO)) as port:
        result = await look_once(_look(port, body="welcome"))

    assert (result.outcome, result.detail) == (Outcome.BAD_BODY, "'welcome' is not in the body")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_without_end_is_read_up_to_the_bound(*, chunked: bool) -> None:
    """What was read is judged, and a failure says that there was more."""
    head = (
        b"HTTP/1.1 200 OK\r\n" + (b"Transfer-Encoding: chunked\r\n" if chunked else b"") + b"\r\n"
    )
    piece = b"40\r\n" + b"x" * 64 + b"\r\n" if chunked else b"x" * 64

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    async with serving(flood) as port:
        any_body = await look_once(_look(port), response_bytes=10_000)
        other_body = await look_once(_look(port, body="y"), response_bytes=10_000)

    assert any_body.outcome is Outcome.OK
    assert other_body.outcome is Outcome.BAD_BODY
    assert other_body.detail == "'y' is not in the first 10000 bytes of the body"


async def test_a_body_of_exactly_the_bound_is_whole() -> None:
    """The bound itself is allowed."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    async with serving(answering(answer)) as port:
        result = await look_once(_look(port, body="y"), response_bytes=1000)

    assert result.detail == "'y' is not in the body"


@pytest.mark.parametrize(
    ("head_bytes", "outcome"),
    [(1000, Outcome.OK), (1001, Outcome.BAD_REPLY), (100_000, Outcome.BAD_REPLY)],
)
async def test_a_head_is_read_up_to_the_bound(head_bytes: int, outcome: Outcome) -> None:
    """A head that goes on is no answer."""
    start, end = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ", b"\r\n\r\n"
    answer = start + b"x" * (head_bytes - len(start + end)) + end
    async with serving(answering(answer)) as port:
        result = await look_once(_look(port), response_bytes=1000)

    assert result.outcome is outcome
    if outcome is Outcome.BAD_REPLY:
        assert result.detail == "the answer's head is longer than 1000 bytes"


async def test_hints_without_end_are_no_answer() -> None:
    """Interim answers count towards the bound of the head."""

    async def hint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()

    async with serving(hint) as port:
        result = await look_once(_look(port))

    assert result.outcome is Outcome.BAD_REPLY


@pytest.mark.parametrize(
    ("handler", "outcome", "detail"),
    [
        (answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), Outcome.BAD_REPLY, "the answer is not HTTP/1"),
        (
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe"),
            Outcome.BAD_REPLY,
            "the ans",
        ),
        (closing, Outcome.BAD_REPLY, "the answer is not HTTP/1"),
        (reset, Outcome.RESET, "127.0.0.1:"),
    ],
)
async def test_what_is_no_answer_has_its_outcome(
    handler: Handler,
    outcome: Outcome,
    detail: str,
) -> None:
    """Another protocol, an answer cut off, none at all, a connection dropped."""
    async with serving(handler) as port:
        result = await look_once(_look(port))

    assert result.outcome is outcome
    assert result.detail.startswith(detail)


async def test_silence_times_out() -> None:
    """The step that it happened in is named, and timed like those before it."""
    async with serving(silent) as port:
        result = await look_once(_look(port), timeout=0.2)

    assert result.outcome is Outcome.TIMEOUT
    assert result.detail == "no answer within 0.2 s (step: first_byte)"
    assert [phase.name for phase in result.phases] == ["connect", "first_byte"]


@pytest.mark.parametrize("location", ["/there", "//127.0.0.1:{port}/there", "there"])
async def test_a_redirect_is_followed_as_often_as_declared(location: str) -> None:
    """The last answer is the one that is judged; the phases of all add up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        here = writer.get_extra_info("sockname")[1]
        moved = _moved(location.format(port=here))
        writer.write(HELLO if request.startswith(b"GET /there ") else moved)
        await writer.drain()

    async with serving(handle) as port:
        followed = await look_once(_look(port, path="/here", redirects=1, body="hello"))
        judged = await look_once(_look(port, path="/here"))

    assert followed.outcome is Outcome.OK
    assert [phase.name for phase in followed.phases] == ["connect", "first_byte", "transfer"]
    assert judged.outcome is Outcome.BAD_STATUS
    assert judged.observed.status == 302


async def test_a_redirect_in_a_circle_ends() -> None:
    """No more are followed than declared."""
    async with serving(answering(_moved("/"))) as port:
        result = await look_once(_look(port, redirects=3))

    assert (result.outcome, result.detail) == (Outcome.BAD_STATUS, "status 302, to '/'")


@pytest.mark.parametrize(
    "location",
    ["http://example.org/", "ftp://127.0.0.1/", "http://127.0.0.1:x/", "//[", "http://127.0.0.2/"],
)
async def test_a_redirect_to_another_host_is_not_followed(location: str) -> None:
    """What answers elsewhere says nothing of this service."""
    async with serving(answering(_moved(location))) as port:
        result = await look_once(_look(port, redirects=3))

    assert result.outcome is Outcome.BAD_STATUS
    assert result.detail == f"redirects to {location!r}, which is not at 127.0.0.1"
    assert result.observed.status == 302


async def test_a_host_that_is_no_host_is_never_sent() -> None:
    """Somebody's bad input is not the network's failure."""
    async with serving(silent) as port:
        result = await look_once(_look(port, host="a\r\nX: b"))

    assert result.outcome is Outcome.COULD_NOT_LOOK
