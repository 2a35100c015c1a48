"""What does the network say of a packet that it did not deliver?

With IP_RECVERR, ICMP errors wait in the socket's error queue, with who sent them (ip(7); `struct
sock_extended_err`, include/uapi/linux/errqueue.h).
"""

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import MappingProxyType

_IP_RECVERR = 11
_ERROR = struct.Struct("@IBBBxII")  # errno, origin, type, code, padding, info, data
#: The sender's `struct sockaddr_in` follows; its address is at offset 4.
_SENDER = struct.Struct("@4x4s")
_FROM_ICMP = 2  # SO_EE_ORIGIN_ICMP
_LONGEST = 65535

#: Types and codes of RFC 792, RFC 1122 and RFC 1812.
_UNREACHABLE, _TIME_EXCEEDED = 3, 11
_TOO_LARGE = 4
_WORDS: Mapping[int, str] = MappingProxyType(
    {
        0: "network unreachable",
        1: "host unreachable",
        2: "protocol unreachable",
        3: "port unreachable",
        4: "too large",
        9: "network prohibited",
        10: "host prohibited",
        13: "prohibited",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpError:
    """One error, and who sent it."""

    #: None where our own kernel says it, before anything was sent.
    sender: IPv4Address | None
    kind: int
    code: int
    #: The MTU that a "too large" names; 0 for none (RFC 1191).
    mtu_bytes: int
    #: The packet that it is about, from behind its IP header.
    about: bytes

    @property
    def exceeded(self) -> bool:
        """Whether the packet had taken all the steps that it could."""
        return self.kind == _TIME_EXCEEDED

    @property
    def too_large(self) -> bool:
        """Whether the packet did not fit and must not be broken up."""
        return (self.kind, self.code) == (_UNREACHABLE, _TOO_LARGE)

    @property
    def words(self) -> str:
        """Say it for a person."""
        if self.kind != _UNREACHABLE:
            return f"ICMP type {self.kind}, code {self.code}"
        return _WORDS.get(self.code, f"unreachable, code {self.code}")


def next_error(sock: socket.socket) -> IcmpError | None:
    """Take one error from the queue; None when there is none (yet). Raises OSError."""
    try:
        about, ancillary, _, _ = sock.recvmsg(_LONGEST, 512, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, _IP_RECVERR):
            return _parsed(data, about)
    return None


def _parsed(data: bytes, about: bytes) -> IcmpError:
    _, origin, kind, code, info, _ = _ERROR.unpack_from(data)
    sender = None
    if origin == _FROM_ICMP and len(data) >= _ERROR.size + _SENDER.size:
        (packed,) = _SENDER.unpack_from(data, _ERROR.size)
        sender = IPv4Address(packed)
    else:
        kind, code = _UNREACHABLE, _TOO_LARGE
    return IcmpError(sender=sender, kind=kind, code=code, mtu_bytes=info, about=about)
