"""Which chains and rules did iptables-legacy write?

The kernel gives a whole table in one piece: entries one after the other, with jumps as offsets
(kernel include/uapi/linux/netfilter_ipv4/ip_tables.h and netfilter/x_tables.h, in the machine's
byte order; layouts are those of a 64-bit kernel, which aligns counters to 8 bytes).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from probes.kernel.attributes import text
from probes.kernel.hooks import HOOKS
from probes.kernel.rule_draft import RuleDraft
from probes.model.reading import FirewallChain, FirewallRule

#: struct ipt_getinfo: name, hooks that the table has, offsets of the hooks' first entries, offsets
#: of their policies, number of entries, bytes of all entries.
INFO = struct.Struct("=32sI5I5III")
#: struct ipt_entry: source, destination, masks of both, interfaces in and out, masks of both,
#: protocol, flags, inversions, nfcache, offset of the target, offset of the next entry, comefrom,
#: packets, bytes.
_ENTRY = struct.Struct("=4s4s4s4s16s16s16s16sHBBIHHIQQ")
#: struct xt_entry_match and xt_entry_target: size with this header, name, revision.
_EXTENSION = struct.Struct("=H29sB")
_VERDICT = struct.Struct("=i")

_FRAGMENT = 0x01
#: A chain's head carries the chain's name in a target of this name; the table's end does as well.
_HEAD = "ERROR"
_STANDARD = ""

#: Verdicts are stored as -code - 1 (netfilter.h, enum nf_inet_verdict; x_tables.h, XT_RETURN).
_VERDICTS = MappingProxyType({-1: "DROP", -2: "ACCEPT", -4: "QUEUE", -5: "RETURN"})


@dataclass(frozen=True, slots=True)
class TableInfo:
    """How a table is laid out."""

    #: Hook's name -> offset of its first entry, and of its policy.
    chains: dict[str, tuple[int, int]]
    entries: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the table."""

    start: int
    end: int
    #: What a packet must be for the entry to count.
    draft: RuleDraft
    target: str
    revision: int
    structure: bytes


def parse_info(data: bytes) -> TableInfo:
    """Read what IPT_SO_GET_INFO gives."""
    _, hooks, *offsets, entries, size = INFO.unpack(data)
    firsts, policies = offsets[:5], offsets[5:]
    return TableInfo(
        chains={
            name: (firsts[number], policies[number])
            for number, name in enumerate(HOOKS)
            if hooks & 1 << number
        },
        entries=entries,
        size_bytes=size,
    )


def parse_table(
    table: str, layout: bytes, data: bytes
) -> tuple[list[FirewallChain], list[FirewallRule]]:
    """Read a table: its layout as IPT_SO_GET_INFO gives it, its entries as IPT_SO_GET_ENTRIES."""
    info = parse_info(layout)
    entries = list(_entries(data))
    chains = {first: name for name, (first, _) in info.chains.items()}
    for entry in entries:
        if entry.target == _HEAD:
            chains[entry.end] = text(entry.structure)
    policies = {policy: name for name, (_, policy) in info.chains.items()}
    found_chains, found_rules = [], []
    chain = ""
    for entry, following in pairwise(entries):
        chain = chains.get(entry.start, chain)
        if name := policies.get(entry.start):
            policy = _verdict(entry, chains)
            found_chains.append(FirewallChain(table=table, chain=name, policy=policy, hook=name))
        # What stands before the next head is the return that ends every chain of one's own.
        elif _HEAD not in {entry.target, following.target}:
            draft = entry.draft
            if entry.target == _STANDARD:
                draft.target = _verdict(entry, chains)
            else:
                draft.aim(entry.target, entry.revision, entry.structure)
            found_rules.append(draft.finished(table, chain))
    return found_chains, found_rules


def _entries(data: bytes) -> Iterator[_Entry]:
    start = 0
    while start < len(data):
        fields = _ENTRY.unpack_from(data, start)
        target_offset, next_offset = fields[12], fields[13]
        matches = data[start + _ENTRY.size : start + target_offset]
        size, name, revision = _EXTENSION.unpack_from(data, start + target_offset)
        body = start + target_offset + _EXTENSION.size
        yield _Entry(
            start=start,
            end=start + next_offset,
            draft=_draft(fields, matches),
            target=text(name),
            revision=revision,
            structure=data[body : start + target_offset + size],
        )
        start += next_offset


def _draft(fields: tuple[Any, ...], matches: bytes) -> RuleDraft:
    _, destination, source_mask, destination_mask, *rest = fields
    _, _, in_mask, out_mask, protocol, flags, inversions, *_ = rest
    draft = RuleDraft()
    if any(source_mask) or any(in_mask) or any(out_mask) or flags & _FRAGMENT or inversions:
        draft.conditional = True
    if any(destination_mask) and not inversions:
        draft.match_destination(destination, destination_mask)
    if protocol and not inversions:
        draft.match_protocol(protocol)
    offset = 0
    while offset < len(matches):
        size, name, revision = _EXTENSION.unpack_from(matches, offset)
        structure = matches[offset + _EXTENSION.size : offset + size]
        draft.match_extension(text(name), revision, structure)
        offset += size
    return draft


def _verdict(entry: _Entry, chains: dict[int, str]) -> str:
    """Say what a standard target does; a rule without `-j` leads to the next entry."""
    (code,) = _VERDICT.unpack_from(entry.structure)
    if code < 0:
        return _VERDICTS.get(code, "")
    return "" if code == entry.end else chains.get(code, "")
