import errno
import os
import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyroute2.netlink import nlmsg

from probes.errors import CouldNotLookError
from probes.kernel.links import fetch_links
from probes.kernel.netlink import Message, decoded, dump_table, read_table
from probes.kernel.transport import received

NLMSG_ERROR, NLMSG_DONE, RTM_NEWNEIGH = 2, 3, 28
NLM_F_MULTI, NLM_F_DUMP_INTR = 0x02, 0x10
NO_SUCH_COMMAND = 0x7FFE


def encoded(kind: int, payload: bytes, flags: int = NLM_F_MULTI) -> bytes:
    """Encode one message as the kernel does (struct nlmsghdr)."""
    return struct.pack("=IHHII", 16 + len(payload), kind, flags, 1, 1) + payload


#: One neighbour on device 3 without any attribute (struct ndmsg).
ROW = encoded(RTM_NEWNEIGH, struct.pack("=B3xiHBB", socket.AF_INET, 3, 0x80, 0, 1))
END = encoded(NLMSG_DONE, struct.pack("=i", 0))


@pytest.fixture
def kernel() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give our end and the end that plays the kernel."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        yield ours, theirs


def test_rows_are_received_to_the_end(kernel: tuple[socket.socket, socket.socket]) -> None:
    """A table comes in as many pieces as the kernel likes, with several rows in each."""
    ours, theirs = kernel
    theirs.send(ROW + ROW)
    theirs.send(ROW)
    theirs.send(END)

    assert [row["ifindex"] for row in decoded(received(ours))] == [3, 3, 3]


@pytest.mark.parametrize(
    "last",
    [
        encoded(RTM_NEWNEIGH, ROW[16:], NLM_F_MULTI | NLM_F_DUMP_INTR),
        encoded(NLMSG_DONE, struct.pack("=i", 0), NLM_F_MULTI | NLM_F_DUMP_INTR),
    ],
    ids=["in a row", "at the end"],
)
def test_a_table_that_changed_meanwhile_is_no_reading(
    kernel: tuple[socket.socket, socket.socket], last: bytes
) -> None:
    """A row that the kernel skipped must not pass for a row that is missing."""
    ours, theirs = kernel
    theirs.send(ROW)
    theirs.send(last)

    with pytest.raises(CouldNotLookError, match="changed while the kernel listed it"):
        tuple(decoded(received(ours)))


@pytest.mark.parametrize(
    "last",
    [
        encoded(NLMSG_DONE, struct.pack("=i", -errno.EINVAL)),
        encoded(NLMSG_ERROR, struct.pack("=i", -errno.EINVAL) + encoded(18, b"\0" * 16)),
    ],
    ids=["at the end", "as an error"],
)
def test_a_refusal_of_the_kernel_is_named(
    kernel: tuple[socket.socket, socket.socket], last: bytes
) -> None:
    """A dump may fail after it gave some rows."""
    ours, theirs = kernel
    theirs.send(ROW)
    theirs.send(last)

    with pytest.raises(CouldNotLookError, match="refused to list the table: Invalid argument"):
        tuple(decoded(received(ours)))


def test_what_this_kernel_does_not_know_is_refused() -> None:
    """The real kernel's refusal takes the same way."""
    with pytest.raises(CouldNotLookError, match=os.strerror(errno.EOPNOTSUPP)):
        tuple(dump_table(NO_SUCH_COMMAND, nlmsg()))


@pytest.mark.parametrize(
    ("at_most", "read", "cut"), [(0, 0, True), (1, 1, True), (2, 2, False), (3, 2, False)]
)
def test_no_more_is_read_than_was_asked_for(
    kernel: tuple[socket.socket, socket.socket], at_most: int, read: int, *, cut: bool
) -> None:
    """Whether a row was left out is told exactly, also at the very limit."""
    ours, theirs = kernel
    theirs.send(ROW + ROW)
    theirs.send(END)

    table = read_table(decoded(received(ours)), index_of, at_most)

    assert (table.rows, table.cut) == ((3,) * read, cut)


def index_of(row: Message) -> int:
    index: int = row["ifindex"]
    return index


def test_without_descriptors_nothing_is_left_behind() -> None:
    """No means to look is an error of ours, and costs no descriptor."""
    before = open_descriptors()

    with no_descriptors_left(), pytest.raises(CouldNotLookError) as caught:
        next(fetch_links())

    assert str(caught.value) == f"the kernel's tables cannot be read: {os.strerror(errno.EMFILE)}"
    assert open_descriptors() == before


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_descriptors() -> set[str]:
    return {file.name for file in Path("/proc/self/fd").iterdir() if file.exists()}
