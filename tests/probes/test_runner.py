import asyncio
import gc
import os
import resource
import socket
import time
from dataclasses import dataclass

import pytest

from probes.model.probe import HttpLook, IcmpLook, Look, TcpLook
from probes.model.result import Outcome
from probes.model.vantage import Vantage
from probes.runner import run
from tests.probes.looking import LOOPBACK, look_once, probe_of
from tests.probes.servers import answering, serving, silent
from tests.waiting import until

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def _descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@dataclass(frozen=True)
class BrokenNet:
    """A network that is a bug."""

    vantage: Vantage
    response_bytes: int

    def socket(self, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
        raise ZeroDivisionError(kind, protocol)


async def test_a_bug_is_not_an_outage() -> None:
    """Only what the network did is an outcome; anything else must reach the log."""
    with pytest.raises(ZeroDivisionError):
        await look_once(TcpLook(address=LOOPBACK, port=1), net=BrokenNet)


async def test_time_is_told_in_unix_seconds_and_as_a_duration() -> None:
    """The start by the wall clock, everything else by one that does not jump."""
    before = time.time()
    async with serving(answering(ANSWER)) as port:
        result = await look_once(HttpLook(address=LOOPBACK, port=port))

    assert before <= result.started_at <= time.time()
    assert sum(phase.seconds for phase in result.phases) <= result.seconds


@pytest.mark.parametrize("tls", [False, True])
async def test_a_cancelled_look_leaves_nothing(*, tls: bool) -> None:
    """No descriptor, no watch of the event loop's, and the cancellation gets out."""
    async with serving(silent) as port:
        before = _descriptors()
        look = HttpLook(address=LOOPBACK, port=port, tls=tls)
        task = asyncio.create_task(run(probe_of(look)))
        await until(lambda: _descriptors() >= before + 2)  # ours, and the server's
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: _descriptors() == before)  # the server has noticed, too

    assert _descriptors() <= before


@pytest.mark.netns  # for the echo
async def test_looks_leave_no_descriptors() -> None:
    """However they end."""
    async with serving(answering(ANSWER)) as port, serving(silent) as silent_port:
        looks: list[tuple[Look, Outcome]] = [
            (TcpLook(address=LOOPBACK, port=port), Outcome.OK),
            (TcpLook(address=LOOPBACK, port=1), Outcome.REFUSED),
            (IcmpLook(address=LOOPBACK), Outcome.OK),
            (HttpLook(address=LOOPBACK, port=port), Outcome.OK),
            (HttpLook(address=LOOPBACK, port=port, body="?"), Outcome.BAD_BODY),
            (HttpLook(address=LOOPBACK, port=port, tls=True), Outcome.TIMEOUT),
            (HttpLook(address=LOOPBACK, port=silent_port, tls=True), Outcome.TIMEOUT),
        ]
        results = await asyncio.gather(*(look_once(look, timeout=0.5) for look, _ in looks))
        assert [result.outcome for result in results] == [outcome for _, outcome in looks]
        before = _descriptors()

        for _ in range(20):
            await asyncio.gather(*(look_once(look, timeout=0.05) for look, _ in looks))

        await until(lambda: _descriptors() <= before)


async def test_no_descriptors_left_is_no_outage() -> None:
    """Our own limits are told as such."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_descriptor = os.dup(0)
    os.close(next_descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_descriptor, hard))
    try:
        result = await look_once(TcpLook(address=LOOPBACK, port=1))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert result.outcome is Outcome.COULD_NOT_LOOK
    assert result.detail == "cannot look from host: Too many open files"
