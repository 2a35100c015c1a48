"""Which VXLAN network does a match of the Engine's for encryption pick?

The Engine has iptables look into the packet for the VNI, by the match u32 or, in an Engine that
was built so, by a program for bpf (moby libnetwork/drivers/overlay/encryption_u32.go and
encryption_bpf.go). Both take the four bytes that begin with the VNI (RFC 7348), keep the upper
three, and compare.
"""

import struct
from collections.abc import Iterator
from itertools import pairwise

_KEPT = 0xFFFF_FF00
_SPARE_BITS = 8

#: struct xt_u32_test (include/uapi/linux/netfilter/xt_u32.h): eleven steps to a number, eleven
#: ranges that it may be in, and how many of both count; struct xt_u32 has eleven tests, and how
#: many of them count, and whether they are inverted.
_TEST = struct.Struct("=" + "IB3x" * 11 + "II" * 11 + "BB2x")
_TESTS = 11
_STEP_AND = 0

#: struct xt_bpf_info_v1 (xt_bpf.h): mode, length of the program, a descriptor; then struct
#: sock_filter (include/uapi/linux/filter.h): code, jumps if true and if false, number.
_BPF = struct.Struct("=HHi")
_INSTRUCTION = struct.Struct("=HBBI")
_BYTECODE = 0
_BPF_REVISION = 1
_BPF_AND = 0x54
_BPF_JUMP_IF_EQUAL = 0x15


def find_vni(name: str, revision: int, structure: bytes) -> int | None:
    """Find the VNI that the match *name* wants; None for a match that wants something else."""
    compared = None
    if name == "u32" and revision == 0:
        compared = _of_u32(structure)
    elif name == "bpf" and revision == _BPF_REVISION:
        compared = _of_bpf(structure)
    return compared >> _SPARE_BITS if compared is not None else None


def _of_u32(structure: bytes) -> int | None:
    tests, inverted = structure[_TESTS * _TEST.size], structure[_TESTS * _TEST.size + 1]
    *fields, steps, ranges = _TEST.unpack_from(structure)
    if (tests, inverted, ranges) != (1, 0, 1) or not 0 < steps <= _TESTS:
        return None
    last_step = tuple(fields[2 * steps - 2 : 2 * steps])
    lowest, highest = fields[2 * _TESTS : 2 * _TESTS + 2]
    return lowest if last_step == (_KEPT, _STEP_AND) and lowest == highest else None


def _of_bpf(structure: bytes) -> int | None:
    for (code, number), (next_code, compared) in pairwise(_program(structure)):
        if (code, number, next_code) == (_BPF_AND, _KEPT, _BPF_JUMP_IF_EQUAL):
            return compared
    return None


def _program(structure: bytes) -> Iterator[tuple[int, int]]:
    mode, length, _ = _BPF.unpack_from(structure)
    if mode != _BYTECODE:
        return
    for index in range(length):
        code, _, _, number = _INSTRUCTION.unpack_from(
            structure, _BPF.size + index * _INSTRUCTION.size
        )
        yield code, number
