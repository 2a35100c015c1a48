"""What a kernel's answers are read as, without one."""

from typing import TypeVar

import pytest

from probes.kernel.legacy_rules import parse_table
from probes.kernel.nftables import parse_chain, parse_rule
from probes.model.reading import FirewallChain, FirewallRule
from tests.probes.kernel import rules
from tests.probes.kernel.recorded import legacy_table, rows

Row = TypeVar("Row")


def kept(found: list[Row | None]) -> list[Row]:
    return [row for row in found if row is not None]


def nft_rules(name: str) -> list[FirewallRule]:
    return kept([parse_rule(row) for row in rows(name)])


def nft_chains(name: str) -> list[FirewallChain]:
    return kept([parse_chain(row) for row in rows(name)])


def test_rules_of_nf_tables() -> None:
    """A rule for IPv6 alone is none, and one that is understood in part is conditional."""
    written = [*rules.NATIVE_RULES, *rules.IPTABLES_RULES]

    assert rules.by_chain(nft_rules("nft-rules.bin")) == rules.by_chain(written)


def test_chains_of_nf_tables() -> None:
    """Only those that a packet meets by itself, with the hook where it does."""
    found = nft_chains("nft-chains.bin")

    assert [chain for chain in found if chain.table == "guard"] == rules.NATIVE_CHAINS
    assert rules.FORWARD_DROPS in found
    assert not [chain for chain in found if chain.chain.startswith("DOCKER")]


@pytest.mark.parametrize("table", ["mangle", "nat", "filter"])
def test_tables_of_iptables_legacy(table: str) -> None:
    """The returns that end a chain of one's own, and the policies, are no rules."""
    chains, found = parse_table(table, *legacy_table(table))

    written = [rule for rule in rules.IPTABLES_RULES if rule.table == table]
    assert rules.by_chain(found) == rules.by_chain(written)
    assert (rules.FORWARD_DROPS in chains) is (table == "filter")
    assert all(chain.chain == chain.hook for chain in chains)


def test_a_load_balancer_of_a_real_swarm() -> None:
    """An engine 20.10's ingress namespace: the VIP's mark, the published port's, and the SNAT."""
    found = nft_rules("swarm-nft-rules.bin")

    marks = [rule for rule in found if rule.table == "mangle"]
    assert marks == [
        rules.rule("mangle", "PREROUTING", "MARK", protocol="tcp", destination_port=8080, mark=263),
        rules.rule("mangle", "INPUT", "MARK", destination="10.0.0.5/32", mark=263),
    ]
    # `-m ipvs`
    snat = rules.rule("nat", "POSTROUTING", "SNAT", destination="10.0.0.0/24", conditional=True)
    assert snat in found
