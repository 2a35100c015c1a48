"""Does a firewall drop what its namespace should forward for Docker?

Docker puts its jumps first in iptables' FORWARD, and may set that chain's policy to DROP itself:
what counts is what a packet of Docker's meets before Docker's own rules accept it.
"""

from collections.abc import Iterable

from probes.model.reading import Firewall, FirewallChain, FirewallRule

_DROPS = frozenset({"DROP", "REJECT"})
#: Jumps and targets after which a packet that is not dropped goes on (moby libnetwork/iptables,
#: libnetwork/drivers/bridge): what others' chains do to it we do not know.
_PASSED_OVER = frozenset(
    {
        "DOCKER-USER",
        "DOCKER-ISOLATION-STAGE-1",
        "DOCKER-ISOLATION-STAGE-2",
        "CONNMARK",
        "LOG",
        "MARK",
        "NFLOG",
        "TCPMSS",
    },
)
_DOCKER = "DOCKER"


def drops_docker(firewall: Firewall) -> str:
    """Say what drops all that Docker has the namespace forward; "" when nothing certainly does.

    A drop under conditions is somebody's policy and no fault; whatever may accept before it is
    given the benefit of the doubt.
    """
    for chain in firewall.chains:
        if chain.hook == "FORWARD":
            dropped = _dropped_in(chain, _of(chain.table, chain.chain, firewall))
            if dropped:
                return dropped
    rule = _drop_for_all(_of("filter", "DOCKER-USER", firewall))
    return f"-t filter -A DOCKER-USER -j {rule.target}" if rule else ""


def _of(table: str, chain: str, firewall: Firewall) -> list[FirewallRule]:
    return [rule for rule in firewall.rules if (rule.table, rule.chain) == (table, chain)]


def _dropped_in(chain: FirewallChain, rules: list[FirewallRule]) -> str:
    where = f"-t {chain.table} -A {chain.chain}"
    rule = _drop_for_all(rules)
    if rule:
        return f"{where} -j {rule.target}"
    if chain.policy != "DROP":
        return ""
    policy = f"-t {chain.table} -P {chain.chain} DROP"
    if (chain.table, chain.chain) == ("filter", "FORWARD"):
        # Others' chains may stay when Docker's jumps are lost: none of them knows Docker.
        known = any(rule.target.startswith((_DOCKER, "ACCEPT")) for rule in rules)
        return "" if known else f"{policy}, without Docker's rules"
    passing = (rule for rule in rules if not _goes_on(rule))
    return "" if next(passing, None) else policy


def _drop_for_all(rules: Iterable[FirewallRule]) -> FirewallRule | None:
    """Find the rule that drops everything before anything can accept it."""
    for rule in rules:
        if rule.target in _DROPS and _matches_all(rule):
            return rule
        if not _goes_on(rule):
            return None
    return None


def _goes_on(rule: FirewallRule) -> bool:
    """Tell whether a packet that the rule does not drop meets the next one."""
    return rule.target in _PASSED_OVER or rule.target in _DROPS


def _matches_all(rule: FirewallRule) -> bool:
    any_packet = rule.destination is None and not rule.protocol and rule.destination_port is None
    return any_packet and not rule.conditional
