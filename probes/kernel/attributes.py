"""What do the attributes of a netlink message hold?

pyroute2 takes 400 us and more for a rule of nf_tables, and gives numbers as text; this takes 40.
It is for the tables where we need a few attributes of many.
"""

import struct
from collections.abc import Iterator

#: struct nlattr: length with this header, type (kernel include/uapi/linux/netlink.h).
_HEADER = struct.Struct("=HH")
#: Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
_TYPE_MASK = 0x3FFF
_NESTED = 0x8000

Attributes = dict[int, bytes]


def attributes(data: bytes) -> Attributes:
    """Give each attribute's value by its type."""
    return dict(listed(data))


def listed(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give types and values in their order, for lists in which a type comes again."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            raise ValueError(f"an attribute of {length} bytes, at {offset} of {len(data)}")
        yield kind & _TYPE_MASK, data[offset + _HEADER.size : offset + length]
        offset += length + -length % 4


def attribute(kind: int, value: bytes, *, nested: bool = False) -> bytes:
    """Encode one attribute."""
    length = _HEADER.size + len(value)
    return _HEADER.pack(length, kind | _NESTED * nested) + value + bytes(-length % 4)


def text(value: bytes) -> str:
    """Read a name of the kernel's, which ends with a zero byte."""
    return value.split(b"\0", 1)[0].decode(errors="replace")
