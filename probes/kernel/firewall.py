"""What does the firewall of a namespace do?"""

import errno
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from probes.errors import CouldNotLookError
from probes.kernel.legacy_rules import parse_table
from probes.kernel.legacy_tables import fetch_table, table_names
from probes.kernel.nftables import fetch_chains, fetch_rules
from probes.kernel.transport import RefusedByKernelError
from probes.model.reading import Firewall, FirewallChain, FirewallRule

#: A rule takes 50 us: so many keep the thread busy for half a second.
MAX_RULES = 10_000

#: No netlink for netfilter at all, and none for nf_tables (net/netfilter/nfnetlink.c).
_NO_NFTABLES = frozenset({errno.EPROTONOSUPPORT, errno.EINVAL})

Row = TypeVar("Row", FirewallChain, FirewallRule)


def read_firewall() -> Firewall:
    """Read the IPv4 rules of the namespace that the calling thread stands in.

    Those of nf_tables, where iptables-nft writes its own beside others' tables (which keep their
    names), then those of iptables-legacy; each chain's rules are in their order. A kernel without
    one of the two has no rules there. Blocks. Raises CouldNotLookError, also when there are more
    than 10,000 rules: a rule that was not read must not pass for one that is missing.
    """
    legacy = [parse_table(name, *fetch_table(name)) for name in table_names()]
    return Firewall(
        chains=(*rows_of_nftables(fetch_chains), *(row for chains, _ in legacy for row in chains)),
        rules=(*rows_of_nftables(fetch_rules), *(row for _, rules in legacy for row in rules)),
    )


def rows_of_nftables(fetch: Callable[[], Iterator[Row]]) -> tuple[Row, ...]:
    """Take what *fetch* gives; nothing in a kernel without nf_tables. Raises CouldNotLookError."""
    rows = fetch()
    try:
        found = tuple(islice(rows, MAX_RULES))
    except RefusedByKernelError as refusal:
        if refusal.number in _NO_NFTABLES:
            return ()
        raise
    if next(rows, None) is not None:
        raise CouldNotLookError(f"the firewall has more than {MAX_RULES} rules")
    return found
