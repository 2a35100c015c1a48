"""What do the expressions of an nf_tables rule say?

A rule is a small program: something of the packet is loaded into a register, perhaps masked, and
compared; at the end comes what is done. Swarm's own rules and their opposites are of few forms;
whatever has another form makes its rule conditional.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

from probes.kernel.attributes import Attributes, attributes, listed, text
from probes.kernel.rule_draft import RuleDraft

# Kernel include/uapi/linux/netfilter/nf_tables.h.
_EXPRESSION_NAME = 1
_EXPRESSION_DATA = 2

_PAYLOAD_REGISTER, _PAYLOAD_BASE, _PAYLOAD_OFFSET, _PAYLOAD_BYTES = 1, 2, 3, 4
_META_REGISTER, _META_KEY, _META_SOURCE = 1, 2, 3
_META_MARK, _META_NFPROTO, _META_L4PROTO = 3, 15, 16
_BITWISE_SOURCE, _BITWISE_REGISTER, _BITWISE_MASK, _BITWISE_XOR, _BITWISE_OPERATION = 1, 2, 4, 5, 6
_COMPARE_REGISTER, _COMPARE_OPERATION, _COMPARE_VALUE = 1, 2, 3
_EQUAL = 0
_IMMEDIATE_REGISTER, _IMMEDIATE_DATA = 1, 2
_VERDICT_REGISTER = 0
_DATA_VALUE, _DATA_VERDICT = 1, 2
_VERDICT_CODE, _VERDICT_CHAIN = 1, 2
_EXTENSION_NAME, _EXTENSION_REVISION, _EXTENSION_STRUCTURE = 1, 2, 3
_NAT_TYPE = 1
_NAT_TARGETS = ("SNAT", "DNAT")

#: Codes of enum nf_inet_verdict (netfilter.h) and nft_verdicts; a jump names its chain.
_VERDICTS = MappingProxyType({0: "DROP", 1: "ACCEPT", 3: "QUEUE", -5: "RETURN"})
_NFPROTO_IPV4, _NFPROTO_IPV6 = 2, 10

_DESTINATION, _PROTOCOL, _PORT, _FAMILY = "destination", "protocol", "port", "family"
#: Base (enum nft_payload_bases: 1 network header, 2 transport header) and offset -> what is there
#: (RFC 791, RFC 9293).
_FIELDS = MappingProxyType({(1, 9): _PROTOCOL, (1, 16): _DESTINATION, (2, 2): _PORT})
_META_FIELDS = MappingProxyType({_META_L4PROTO: _PROTOCOL, _META_NFPROTO: _FAMILY})
_FIELD_BYTES = MappingProxyType({_PROTOCOL: 1, _PORT: 2, _FAMILY: 1})


class _OnlyIpv6Error(Exception):
    """No packet of IPv4 can match."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What stands in a register."""

    field: str = ""
    #: Which of its bits count; as long as the field, or shorter for a prefix of whole bytes.
    mask: bytes = b""
    #: A constant.
    value: bytes = b""


_UNKNOWN = _Loaded()


@dataclass(slots=True)
class _Reading:
    """A rule while it is read, and the registers."""

    draft: RuleDraft = field(default_factory=RuleDraft)
    registers: dict[int, _Loaded] = field(default_factory=dict)

    def loaded(self, register: bytes) -> _Loaded:
        return self.registers.get(_number(register), _UNKNOWN)


_Reader = Callable[[_Reading, Attributes], None]


def parse_expressions(expressions: bytes) -> RuleDraft | None:
    """Read NFTA_RULE_EXPRESSIONS; None for what only IPv6 can match."""
    reading = _Reading()
    try:
        for _, element in listed(expressions):
            expression = attributes(element)
            name = text(expression[_EXPRESSION_NAME])
            read = _READERS.get(name, _read_unknown)
            read(reading, attributes(expression.get(_EXPRESSION_DATA, b"")))
    except _OnlyIpv6Error:
        return None
    return reading.draft


def _read_payload(reading: _Reading, data: Attributes) -> None:
    if _PAYLOAD_REGISTER not in data:  # it writes into the packet
        reading.draft.conditional = True
        return
    place = (_number(data[_PAYLOAD_BASE]), _number(data[_PAYLOAD_OFFSET]))
    name, size = _FIELDS.get(place, ""), _number(data[_PAYLOAD_BYTES])
    # Neighbouring fields may be loaded in one, and a prefix of whole bytes is loaded alone.
    fits = size <= 4 if name == _DESTINATION else size == _FIELD_BYTES.get(name)  # noqa: PLR2004
    found = _Loaded(field=name, mask=b"\xff" * size) if fits else _UNKNOWN
    reading.registers[_number(data[_PAYLOAD_REGISTER])] = found


def _read_meta(reading: _Reading, data: Attributes) -> None:
    key = _number(data[_META_KEY])
    if _META_SOURCE not in data:
        name = _META_FIELDS.get(key, "")
        reading.registers[_number(data[_META_REGISTER])] = _Loaded(field=name, mask=b"\xff")
    elif key == _META_MARK and (value := reading.loaded(data[_META_SOURCE]).value):
        reading.draft.target, reading.draft.mark = "MARK", int.from_bytes(value, sys.byteorder)
    else:
        reading.draft.conditional = True


def _read_bitwise(reading: _Reading, data: Attributes) -> None:
    before = reading.loaded(data[_BITWISE_SOURCE])
    plain = not _number(data.get(_BITWISE_OPERATION, b"")) and not any(_value(data, _BITWISE_XOR))
    known = plain and before.field == _DESTINATION and len(before.mask) == 4  # noqa: PLR2004
    found = _Loaded(field=_DESTINATION, mask=_value(data, _BITWISE_MASK)) if known else _UNKNOWN
    reading.registers[_number(data[_BITWISE_REGISTER])] = found


def _read_compare(reading: _Reading, data: Attributes) -> None:
    loaded = reading.loaded(data[_COMPARE_REGISTER])
    value = _value(data, _COMPARE_VALUE)
    if _number(data[_COMPARE_OPERATION]) != _EQUAL:
        reading.draft.conditional = True
    elif loaded.field == _DESTINATION:
        reading.draft.match_destination(value.ljust(4, b"\0"), loaded.mask.ljust(4, b"\0"))
    elif loaded.field == _PROTOCOL:
        reading.draft.match_protocol(_number(value))
    elif loaded.field == _PORT:
        reading.draft.destination_port = _number(value)
    elif loaded.field == _FAMILY and _number(value) == _NFPROTO_IPV6:
        raise _OnlyIpv6Error
    elif loaded.field != _FAMILY or _number(value) != _NFPROTO_IPV4:
        reading.draft.conditional = True


def _read_immediate(reading: _Reading, data: Attributes) -> None:
    content = attributes(data[_IMMEDIATE_DATA])
    register = _number(data[_IMMEDIATE_REGISTER])
    if register != _VERDICT_REGISTER:
        reading.registers[register] = _Loaded(value=content[_DATA_VALUE])
        return
    verdict = attributes(content[_DATA_VERDICT])
    if _VERDICT_CHAIN in verdict:
        reading.draft.target = text(verdict[_VERDICT_CHAIN])
    else:
        code = int.from_bytes(verdict[_VERDICT_CODE], signed=True)
        reading.draft.target = _VERDICTS.get(code, "")


def _read_match(reading: _Reading, data: Attributes) -> None:
    reading.draft.match_extension(*_extension(data))


def _read_target(reading: _Reading, data: Attributes) -> None:
    reading.draft.aim(*_extension(data))


def _read_nat(reading: _Reading, data: Attributes) -> None:
    reading.draft.target = _NAT_TARGETS[_number(data[_NAT_TYPE])]


def _aim_at(target: str) -> _Reader:
    def read(reading: _Reading, _: Attributes) -> None:
        reading.draft.target = target

    return read


def _read_nothing(_reading: _Reading, _data: Attributes) -> None:
    """Counting and logging let every packet on."""


def _read_unknown(reading: _Reading, _: Attributes) -> None:
    reading.draft.conditional = True


_READERS: MappingProxyType[str, _Reader] = MappingProxyType(
    {
        "payload": _read_payload,
        "meta": _read_meta,
        "bitwise": _read_bitwise,
        "cmp": _read_compare,
        "immediate": _read_immediate,
        "match": _read_match,
        "target": _read_target,
        "nat": _read_nat,
        "reject": _aim_at("REJECT"),
        "masq": _aim_at("MASQUERADE"),
        "redir": _aim_at("REDIRECT"),
        "counter": _read_nothing,
        "log": _read_nothing,
    },
)


def _extension(data: Attributes) -> tuple[str, int, bytes]:
    revision = _number(data[_EXTENSION_REVISION])
    return text(data[_EXTENSION_NAME]), revision, data[_EXTENSION_STRUCTURE]


def _value(data: Attributes, kind: int) -> bytes:
    return attributes(data.get(kind, b"")).get(_DATA_VALUE, b"")


def _number(value: bytes) -> int:
    return int.from_bytes(value)
