"""What becomes of one echo request: a reply, an error of somebody's on the way, or nothing?"""

import asyncio
import errno
import os
import socket
import time
from dataclasses import dataclass

from probes import datagram
from probes.icmp_errors import IcmpError, next_error
from probes.kinds.icmp import is_reply, request

_LARGEST_PACKET = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoed:
    """What became of it; nothing, where both are None."""

    rtt_seconds: float | None = None
    error: IcmpError | None = None


async def echo_once(sock: socket.socket, payload_bytes: int, patience_seconds: float) -> Echoed:
    """Send one request on a socket of `echo_socket`, and wait so long at most. Raises OSError."""
    payload = os.urandom(payload_bytes)
    identifier = int.from_bytes(os.urandom(2))
    packet = request(identifier, payload)
    while next_error(sock) is not None:
        pass  # of an earlier request
    sent_at = time.time()
    try:
        sock.send(packet)
    except OSError as exc:
        if exc.errno != errno.EMSGSIZE:
            raise
        return Echoed(error=next_error(sock) or _own_refusal())
    try:
        async with asyncio.timeout(patience_seconds):
            while True:
                echoed = await _next(sock, identifier, payload, sent_at)
                if echoed:
                    return echoed
    except TimeoutError:
        return Echoed()


async def _next(
    sock: socket.socket, identifier: int, payload: bytes, sent_at: float
) -> Echoed | None:
    try:
        packet, arrived_at = await datagram.receive(sock, _LARGEST_PACKET)
    except OSError:
        # It only says that something waits in the error queue.
        error = next_error(sock)
        if error is None:
            raise
        ours = error.about[4:6] == identifier.to_bytes(2)
        return Echoed(error=error, rtt_seconds=time.time() - sent_at) if ours else None
    if is_reply(packet, identifier, payload):
        return Echoed(rtt_seconds=max(0.0, arrived_at - sent_at))
    return None


def _own_refusal() -> IcmpError:
    """Our own kernel's word, where it left none in the queue."""
    return IcmpError(sender=None, kind=3, code=4, mtu_bytes=0, about=b"")
