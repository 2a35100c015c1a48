"""Which packets does the kernel hand over? Classic BPF, for a socket without link headers.

What is not wanted must fall in the kernel: a busy node carries more than anybody could decode.
"""

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address

#: `struct sock_filter`: code, jump if true, jump if false, operand (include/uapi/linux/filter.h).
INSTRUCTION = struct.Struct("=HBBI")

# A load beyond the packet's end drops it. X holds the length of the outer IPv4 header, and the
# loads behind it count from there.
_LOAD_BYTE, _LOAD_HALF, _LOAD_WORD = 0x30, 0x28, 0x20
_LOAD_X, _LOAD_HALF_BEHIND, _LOAD_WORD_BEHIND = 0xB1, 0x48, 0x40
_AND, _JUMP, _EQUAL, _ANY_BIT, _RETURN = 0x54, 0x05, 0x15, 0x45, 0x06

_UDP, _ESP = 17, 50
_SOURCE, _DESTINATION = 12, 16
_LATER_FRAGMENT = 0x1FFF
#: Behind the outer IPv4 header: UDP (8 bytes), VXLAN (8, RFC 7348) and Ethernet (14).
_PORT, _VNI, _INNER = 2, 12, 30


def program(
    port: int,
    longest: int,
    *,
    peers: Iterable[IPv4Address] = (),
    vnis: Iterable[int] = (),
    addresses: Iterable[IPv4Address] = (),
) -> bytes:
    """Pass ESP, and VXLAN on *port*, and *longest* bytes of each.

    Only of or for *peers*, which are VTEPs; and VXLAN only of *vnis*, and of or for *addresses* on
    the overlay. Where a list is empty, any will do.
    """
    code = _Code()
    code.add(_LOAD_BYTE, 0)
    code.add(_AND, 0xF0)
    code.go_on_if_any((0x40,))  # IPv4
    code.go_on_if_either(_LOAD_WORD, (_SOURCE, _DESTINATION), map(int, peers))
    code.add(_LOAD_BYTE, 9)
    code.take_if(_ESP)
    code.go_on_if_any((_UDP,))
    code.add(_LOAD_HALF, 6)
    code.drop_if_bits(_LATER_FRAGMENT)  # it has no ports
    code.add(_LOAD_X, 0)
    code.add(_LOAD_HALF_BEHIND, _PORT)
    code.go_on_if_any((port,))
    shifted = [vni << 8 for vni in vnis]  # its word ends with a reserved byte
    code.go_on_if_either(_LOAD_WORD_BEHIND, (_VNI,), shifted)
    ends = (_INNER + _SOURCE, _INNER + _DESTINATION)
    code.go_on_if_either(_LOAD_WORD_BEHIND, ends, map(int, addresses))
    return code.finished(longest)


class _Code:
    """Instructions, with jumps to the two ends of the program left open.

    Conditional jumps reach 255 instructions far, plain ones everywhere: so a condition skips the
    plain jump behind it, or does not.
    """

    def __init__(self) -> None:
        self._lines: list[tuple[int, int, int, int]] = []
        self._drops: list[int] = []
        self._takes: list[int] = []

    def add(self, code: int, operand: int) -> None:
        self._lines.append((code, 0, 0, operand))

    def take_if(self, value: int) -> None:
        """Take the packet if the accumulator is *value*."""
        self._lines.append((_EQUAL, 0, 1, value))
        self._jump(self._takes)

    def drop_if_bits(self, bits: int) -> None:
        """Drop it if any of *bits* is set there."""
        self._lines.append((_ANY_BIT, 0, 1, bits))
        self._jump(self._drops)

    def go_on_if_any(self, values: Iterable[int]) -> None:
        """Drop it unless the accumulator is one of *values*."""
        self._close(self._compare(values))

    def go_on_if_either(self, load: int, places: Iterable[int], values: Iterable[int]) -> None:
        """Drop it unless one of *values* is found at one of *places*; no values: go on."""
        wanted = list(values)
        if not wanted:
            return
        found: list[int] = []
        for place in places:
            self.add(load, place)
            found += self._compare(wanted)
        self._close(found)

    def finished(self, longest: int) -> bytes:
        """Put both ends behind it."""
        self._land(self._takes)
        self.add(_RETURN, longest)
        self._land(self._drops)
        self.add(_RETURN, 0)
        return b"".join(INSTRUCTION.pack(*line) for line in self._lines)

    def _compare(self, values: Iterable[int]) -> list[int]:
        """Jump somewhere for each of *values*; gives the places of the jumps."""
        found: list[int] = []
        for value in values:
            self._lines.append((_EQUAL, 0, 1, value))
            self._jump(found)
        return found

    def _close(self, found: list[int]) -> None:
        """Drop what comes here, and let what was found go on behind it."""
        self._jump(self._drops)
        self._land(found)

    def _jump(self, open_jumps: list[int]) -> None:
        open_jumps.append(len(self._lines))
        self.add(_JUMP, 0)

    def _land(self, open_jumps: list[int]) -> None:
        for place in open_jumps:
            self._lines[place] = (_JUMP, 0, 0, len(self._lines) - place - 1)
