import errno
import socket
import struct
from collections.abc import Iterator

import pytest

from probes.kernel.attributes import attribute, attributes, listed, text
from probes.kernel.transport import RefusedByKernelError, received, request


@pytest.fixture
def kernel() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give our end and the end that plays the kernel."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        yield ours, theirs


def test_a_single_message_ends_the_answer(kernel: tuple[socket.socket, socket.socket]) -> None:
    """What is no table has no end of its own, and nothing more is waited for."""
    ours, theirs = kernel
    theirs.send(struct.pack("=IHHII", 20, 99, 0, 0, 0) + b"body")

    (message,) = received(ours)

    assert (message.kind, message.body) == (99, b"body")


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES])
def test_a_missing_right_is_named(kernel: tuple[socket.socket, socket.socket], number: int) -> None:
    """The kernel says only that it is not permitted."""
    ours, theirs = kernel
    theirs.send(struct.pack("=IHHIIi", 20, 2, 0, 0, 0, -number))

    with pytest.raises(RefusedByKernelError, match="it takes CAP_NET_ADMIN") as caught:
        tuple(received(ours))

    assert caught.value.number == number


def test_a_request_has_a_header_before_it() -> None:
    """It is a table that is asked for, unless said otherwise (struct nlmsghdr)."""
    assert request(18, b"\0" * 4) == struct.pack("=IHHII4x", 20, 18, 0x301, 0, 0)
    assert request(18, b"", flags=0) == struct.pack("=IHHII", 16, 18, 0x01, 0, 0)


def test_attributes_are_padded_to_four_bytes() -> None:
    """What is encoded is read again, and a nested one as what it holds."""
    inner = attribute(1, b"rr\0") + attribute(2, b"\1\0\0\0")
    outer = attribute(7, inner, nested=True)

    assert len(outer) % 4 == 0
    assert attributes(outer) == {7: inner}
    assert attributes(inner) == {1: b"rr\0", 2: b"\1\0\0\0"}
    assert text(attributes(inner)[1]) == "rr"


def test_a_list_may_hold_a_type_again() -> None:
    """The expressions of a rule are such a list."""
    assert list(listed(attribute(1, b"a") + attribute(1, b"b"))) == [(1, b"a"), (1, b"b")]


def test_an_attribute_without_a_length_is_an_error() -> None:
    """Reading on would never end."""
    with pytest.raises(ValueError, match="an attribute of 0 bytes"):
        attributes(bytes(8))
