"""Which chains and rules does nf_tables have, iptables-nft's among them?

Numbers: kernel include/uapi/linux/netfilter/nf_tables.h. Numbers of nf_tables' own are in network
order; what stands in a register is as in the packet, and a mark in the machine's order.
"""

import struct
from collections.abc import Iterator
from contextlib import closing
from types import MappingProxyType

from probes.kernel.attributes import Attributes, attributes, text
from probes.kernel.hooks import hook_name
from probes.kernel.nft_expressions import parse_expressions
from probes.kernel.transport import exchange, request
from probes.model.reading import FirewallChain, FirewallRule

_NETLINK_NETFILTER = 12
#: struct nfgenmsg (include/uapi/linux/netfilter/nfnetlink.h): family, version, resource.
_HEADER = struct.Struct("=BBH")
_SUBSYSTEM = 10 << 8
_GET_CHAIN = _SUBSYSTEM | 4
_GET_RULE = _SUBSYSTEM | 7

#: NFPROTO_INET and NFPROTO_IPV4: where a packet of IPv4 passes.
_FAMILIES = (1, 2)

_CHAIN_TABLE = 1
_CHAIN_NAME = 3
_CHAIN_HOOK = 4
_CHAIN_POLICY = 5
_HOOK_NUMBER = 1
_POLICIES = MappingProxyType({0: "DROP", 1: "ACCEPT"})

_RULE_TABLE = 1
_RULE_CHAIN = 2
_RULE_EXPRESSIONS = 4


def fetch_chains() -> Iterator[FirewallChain]:
    """Ask for the chains of the namespace that the calling thread stands in.

    Blocks. Raises CouldNotLookError; a kernel without nf_tables refuses with EINVAL, and one
    without netfilter's netlink with EPROTONOSUPPORT.
    """
    return (chain for found in _fetch(_GET_CHAIN) if (chain := parse_chain(found)))


def fetch_rules() -> Iterator[FirewallRule]:
    """Ask for the rules, each chain's in its order; else as `fetch_chains`."""
    return (rule for found in _fetch(_GET_RULE) if (rule := parse_rule(found)))


def parse_chain(chain: Attributes) -> FirewallChain | None:
    """Read one NFT_MSG_NEWCHAIN; None for a chain that others jump to."""
    if _CHAIN_HOOK not in chain:
        return None
    policy = chain.get(_CHAIN_POLICY)
    return FirewallChain(
        table=text(chain[_CHAIN_TABLE]),
        chain=text(chain[_CHAIN_NAME]),
        hook=hook_name(int.from_bytes(attributes(chain[_CHAIN_HOOK])[_HOOK_NUMBER])),
        policy=_POLICIES.get(int.from_bytes(policy), "") if policy else "",
    )


def parse_rule(rule: Attributes) -> FirewallRule | None:
    """Read one NFT_MSG_NEWRULE; None for a rule that only IPv6 can match."""
    draft = parse_expressions(rule.get(_RULE_EXPRESSIONS, b""))
    if draft is None:
        return None
    return draft.finished(text(rule[_RULE_TABLE]), text(rule[_RULE_CHAIN]))


def _fetch(command: int) -> Iterator[Attributes]:
    for family in _FAMILIES:
        question = request(command, _HEADER.pack(family, 0, 0))
        with closing(exchange(_NETLINK_NETFILTER, question)) as answer:
            for message in answer:
                yield attributes(message.body[_HEADER.size :])
