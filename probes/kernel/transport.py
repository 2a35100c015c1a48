"""How is a request sent to the kernel, and its answer received, message by message?

For every family of netlink: pyroute2's own sockets run an event loop in the calling thread (five
descriptors and 0.5 ms where one and 10 us do), leave a socket behind when descriptors run out, and
pass over the kernel's two ways to say that a table is incomplete.
"""

import errno
import os
import socket
import struct
from collections.abc import Generator
from dataclasses import dataclass

from probes.errors import CouldNotLookError

# Kernel include/uapi/linux/netlink.h.
NLM_F_REQUEST = 0x01
NLM_F_MULTI = 0x02
NLM_F_DUMP_INTR = 0x10
NLM_F_DUMP = 0x300
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
#: struct nlmsghdr: length, type, flags, sequence number, port.
_HEADER = struct.Struct("=IHHII")
_STATUS = struct.Struct("=i")

#: The kernel sends at most 32 KiB of a table at a time (net/netlink/af_netlink.c, netlink_dump).
_BUFFER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class KernelMessage:
    """One message of an answer."""

    #: struct nlmsghdr's nlmsg_type.
    kind: int
    #: The message from its header on.
    data: bytes

    @property
    def body(self) -> bytes:
        """What follows the header."""
        return self.data[_HEADER.size :]


Answer = Generator[KernelMessage, None, None]


class RefusedByKernelError(CouldNotLookError):
    """The kernel would not tell; *number* is its errno."""

    def __init__(self, what: str, number: int) -> None:
        hint = "; it takes CAP_NET_ADMIN" if number in {errno.EPERM, errno.EACCES} else ""
        super().__init__(f"{what}: {os.strerror(number)}{hint}")
        self.number = number


def request(kind: int, body: bytes, *, flags: int = NLM_F_DUMP) -> bytes:
    """Put the header before a request; without NLM_F_DUMP it asks for one message."""
    return _HEADER.pack(_HEADER.size + len(body), kind, NLM_F_REQUEST | flags, 0, 0) + body


def exchange(protocol: int, question: bytes) -> Answer:
    """Ask the kernel of the namespace that the calling thread stands in.

    *protocol* is a NETLINK_*, and *question* a whole message. It is sent when the first message of
    the answer is taken; all must be taken in that namespace. Blocks. Raises CouldNotLookError,
    and with the kernel's errno RefusedByKernelError.
    """
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as netlink:
            netlink.sendto(question, (0, 0))
            yield from received(netlink)
    except OSError as exc:
        what = "the kernel's tables cannot be read"
        if exc.errno:
            raise RefusedByKernelError(what, exc.errno) from exc
        raise CouldNotLookError(f"{what}: {exc}") from exc


def received(netlink: socket.socket) -> Answer:
    """Receive an answer to its end, or raise when the kernel says that some of it lacks.

    A row that the kernel skipped must not be taken for a row that is missing (Linux
    Documentation/userspace-api/netlink/intro.rst, "Dump consistency").
    """
    while True:
        data = netlink.recv(_BUFFER_BYTES)
        offset = 0
        while offset < len(data):
            length, kind, flags, _, _ = _HEADER.unpack_from(data, offset)
            if flags & NLM_F_DUMP_INTR:
                raise CouldNotLookError("the table changed while the kernel listed it")
            if kind in {_NLMSG_ERROR, _NLMSG_DONE}:
                (status,) = _STATUS.unpack_from(data, offset + _HEADER.size)
                if status < 0:
                    raise RefusedByKernelError("the kernel refused to list the table", -status)
                return
            yield KernelMessage(kind, data[offset : offset + length])
            if not flags & NLM_F_MULTI:
                return
            offset += length + -length % 4
