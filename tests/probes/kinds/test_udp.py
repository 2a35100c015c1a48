"""Is an answer told from a refusal, and silence from both?"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probes.model.probe import UdpLook
from probes.model.result import Outcome
from tests.probes.looking import LOOPBACK, look_once


@asynccontextmanager
async def _answering(answer: bytes | None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answer each datagram, or keep it; gives the port, and what came."""
    came: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.bind(("127.0.0.1", 0))

        def take() -> None:
            data, peer = sock.recvfrom(65535)
            came.append(data)
            if answer is not None:
                sock.sendto(answer, peer)

        loop = asyncio.get_running_loop()
        loop.add_reader(sock, take)
        try:
            yield sock.getsockname()[1], came
        finally:
            loop.remove_reader(sock)


def _look(port: int, send: bytes = b"", expect: bytes = b"") -> UdpLook:
    return UdpLook(address=LOOPBACK, port=port, payload=send.hex(), expect=expect.hex())


async def test_an_answer_is_ok_and_shown() -> None:
    """What was sent came there, byte by byte; the kernel timed the way."""
    async with _answering(b"\xffpong") as (port, came):
        result = await look_once(_look(port, b"\x00ping", b"pong"))

    assert (result.outcome, result.detail, came) == (Outcome.OK, "", [b"\x00ping"])
    assert result.observed.told == (("answer", "\\xffpong"),)
    assert result.observed.rtt_seconds is not None


async def test_an_answer_without_what_is_expected_is_a_bad_reply() -> None:
    """It says what is missing."""
    async with _answering(b"pang") as (port, _):
        result = await look_once(_look(port, b"ping", b"pong"))

    assert result.outcome is Outcome.BAD_REPLY
    assert result.detail == f"the answer does not contain {b'pong'.hex()}"


async def test_a_closed_port_is_refused() -> None:
    """The kernel there says so by ICMP."""
    async with _answering(None) as (port, _):
        pass

    result = await look_once(_look(port, b"ping"))

    assert result.outcome is Outcome.REFUSED


async def test_silence_proves_nothing_unless_an_answer_is_expected() -> None:
    """Many servers say nothing to what they do not know."""
    async with _answering(None) as (port, _):
        unknown = await look_once(_look(port, b"ping"), timeout=0.3)
        failed = await look_once(_look(port, b"ping", b"pong"), timeout=0.3)

    assert unknown.outcome is Outcome.SILENT
    assert unknown.outcome.verdict.value == "unknown"
    assert unknown.detail.startswith("neither an answer nor a refusal within 0.3 s")
    assert failed.outcome is Outcome.TIMEOUT
