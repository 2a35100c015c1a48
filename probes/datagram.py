"""When did a datagram arrive, by the kernel's own clock?

The kernel stamps a packet as it comes in, so the round trip does not grow when we are busy.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: include/uapi/asm-generic/socket.h; Python 3.11 does not name it.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
#: include/uapi/linux/in.h: hand on every ICMP error, not only the final ones.
_IP_RECVERR = 11


@contextmanager
def stamping() -> Iterator[None]:
    """Have the kernel stamp packets for as long as the block lasts.

    It begins to, for all sockets, a moment after the first one asks, and ends with the last
    (`net_enable_timestamp` in net/core/dev.c); what arrives before is stamped when it is read.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        yield


def prepare(sock: socket.socket) -> None:
    """Have arrivals stamped and ICMP errors handed on; *sock* gets connected by the caller."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


async def receive(sock: socket.socket, most_bytes: int) -> tuple[bytes, float]:
    """Wait for one datagram; return it and its arrival in Unix seconds. Raises OSError."""
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(most_bytes, socket.CMSG_SPACE(_TIMESPEC.size))
        except BlockingIOError:
            await _readable(sock)
        else:
            return data, _stamp(ancillary)


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable = loop.create_future()

    def wake() -> None:
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(sock, wake)
    try:
        await readable
    finally:
        loop.remove_reader(sock)


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
