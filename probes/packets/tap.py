"""How are packets taken from an interface, and how many did we miss?

A packet socket without link headers: so Ethernet, a VPN and a VLAN all look alike. What waits in
it is bounded by its buffer, and the kernel counts what does not fit.
"""

import ctypes
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from select import select

from probes.packets.filter import INSTRUCTION, program
from probes.packets.wanted import Wanted

_ETH_P_ALL = 0x0003  # include/uapi/linux/if_ether.h
# include/uapi/asm-generic/socket.h
_SO_ATTACH_FILTER = 26
_SO_TIMESTAMPNS = 35
_SOL_PACKET, _PACKET_STATISTICS = 263, 6  # include/linux/socket.h, uapi/linux/if_packet.h
_TIMESPEC = struct.Struct("qq")
_STATISTICS = struct.Struct("II")
_BUFFER_BYTES = 8 * 1024 * 1024
_SO_RCVBUFFORCE = 33  # with CAP_NET_ADMIN more than net.core.rmem_max
_ESP = 50
_PROTOCOL = 9


@dataclass(frozen=True, slots=True)
class Tapped:
    """One packet as it was on the wire, from its IPv4 header on."""

    data: bytes
    #: Unix seconds, by the kernel's clock.
    at: float

    @property
    def sealed(self) -> tuple[IPv4Address, IPv4Address] | None:
        """From where to where it goes, if it is ESP: then nobody can say what is in it."""
        if self.data[_PROTOCOL] != _ESP:
            return None
        return IPv4Address(self.data[12:16]), IPv4Address(self.data[16:20])


class Tap:
    """Packets that are wanted, *longest* bytes of each. Raises OSError."""

    def __init__(self, wanted: Wanted, longest: int) -> None:
        self._longest = longest
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            self._prepare(
                program(
                    wanted.port,
                    longest,
                    peers=wanted.peers,
                    vnis=wanted.vnis,
                    addresses=wanted.addresses,
                )
            )
            # Only now: nothing that the filter would drop is in the queue.
            self._socket.bind((wanted.interface, _ETH_P_ALL))
        except BaseException:
            self._socket.close()
            raise

    def _prepare(self, code: bytes) -> None:
        # `struct sock_fprog` points to the instructions, so they must live through the call.
        buffer = ctypes.create_string_buffer(code, len(code))
        prog = struct.pack("HP", len(code) // INSTRUCTION.size, ctypes.addressof(buffer))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, prog)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)

    def next(self, within_seconds: float) -> Tapped | None:
        """Wait for a packet; None when there is none by then."""
        if not select([self._socket], (), (), within_seconds)[0]:
            return None
        data, ancillary, _, _ = self._socket.recvmsg(
            self._longest, socket.CMSG_SPACE(_TIMESPEC.size)
        )
        ((_, _, stamp),) = ancillary
        seconds, nanoseconds = _TIMESPEC.unpack(stamp)
        return Tapped(data, seconds + nanoseconds / 1e9)

    def dropped(self) -> int:
        """Count what the kernel could not keep for us, since this was asked last."""
        told = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
        _, drops = _STATISTICS.unpack(told)
        return int(drops)

    def close(self) -> None:
        """Take no more."""
        self._socket.close()
