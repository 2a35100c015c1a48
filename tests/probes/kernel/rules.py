"""Rules of every form that is read, and what they are read as: for real kernels and recordings."""

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

from probes.model.reading import FirewallChain, FirewallRule

#: What the Engine writes, and what gets in its way, for iptables-restore of either back end.
IPTABLES = """
*mangle
-A PREROUTING -p tcp -m tcp --dport 8080 -j MARK --set-mark 257
-A PREROUTING -p udp -m udp --dport 53:60 -j MARK --or-mark 1
-A INPUT -d 10.0.1.2/32 -j MARK --set-mark 256
-A OUTPUT -p udp -m udp --dport 4789 -m u32 --u32 "0>>22&0x3C@12&0xFFFFFF00=1050112" \
-j MARK --set-mark 13681891
-A OUTPUT -p udp -m udp --dport 4789 -m bpf --bytecode \
"6,177 0 0 0,64 0 0 12,84 0 0 4294967040,21 0 1 1050368,6 0 0 4294967295,6 0 0 0" \
-j MARK --set-mark 13681891
COMMIT
*nat
-A POSTROUTING -d 10.0.1.0/24 -m comment --comment "by hand" -j SNAT --to-source 10.0.1.4
COMMIT
*filter
:FORWARD DROP
:DOCKER-USER -
:DOCKER-FORWARD -
:UNUSED -
-A INPUT -p udp -m policy --dir in --pol none -m udp --dport 4789 -m u32 \
--u32 "0>>22&0x3C@12&0xFFFFFF00=1050112" -j DROP
-A INPUT -p udp -m u32 ! --u32 "0>>22&0x3C@12&0xFFFFFF00=1050112" -j DROP
-A FORWARD -j REJECT
-A FORWARD -j DOCKER-USER
-A FORWARD -g DOCKER-FORWARD
-A FORWARD -i eth0 -j DROP
-A FORWARD -s 10.9.0.0/16 -d 10.8.0.0/13 -j ACCEPT
-A FORWARD ! -d 10.8.0.0/13 -j DROP
-A FORWARD -p tcp -m tcp --sport 7 -j DROP
-A FORWARD -p tcp -m tcp --dport 9 --syn -j DROP
-A DOCKER-USER -p esp
-A DOCKER-USER -p 253 -j RETURN
COMMIT
"""

#: Another's table, with what can be said in nf_tables alone.
NATIVE = """
table inet guard {
  chain through {
    type filter hook forward priority 0; policy drop;
    ip daddr 10.0.0.0/8 tcp dport 80 meta mark set 0x101 log drop
    ip daddr 10.8.0.0/13 udp dport 53 counter reject
    ip6 daddr 2001:db8::1 drop
    ct state established accept
    meta mark set mark or 0x1
    ip saddr 10.0.0.1 accept
    ip daddr != 10.1.2.3 drop
    tcp dport {80, 443} accept
    tcp sport 5 tcp dport 6 drop
    ip ttl set 5
    ip protocol esp goto others
  }
  chain late {
    type filter hook postrouting priority 0;
  }
  chain others {
    meta cpu 99 drop
  }
}
table ip6 guard {
  chain through {
    type filter hook forward priority 0; policy drop;
    drop
  }
}
"""


def rule(table: str, chain: str, target: str, **fields: Any) -> FirewallRule:
    """Write a rule briefly."""
    destination = fields.pop("destination", None)
    return FirewallRule(
        table=table,
        chain=chain,
        target=target,
        destination=IPv4Network(destination) if destination else None,
        **fields,
    )


def _vxlan(chain: str, target: str, vni: int | None, mark: int | None = None) -> FirewallRule:
    table = "mangle" if mark else "filter"
    port = 4789 if vni else None
    return rule(
        table,
        chain,
        target,
        protocol="udp",
        destination_port=port,
        mark=mark,
        vni=vni,
        conditional=True,
    )


IPTABLES_RULES = [
    rule("mangle", "PREROUTING", "MARK", protocol="tcp", destination_port=8080, mark=257),
    rule("mangle", "PREROUTING", "MARK", protocol="udp", conditional=True),
    rule("mangle", "INPUT", "MARK", destination="10.0.1.2/32", mark=256),
    _vxlan("OUTPUT", "MARK", 4102, 13681891),
    _vxlan("OUTPUT", "MARK", 4103, 13681891),
    rule("nat", "POSTROUTING", "SNAT", destination="10.0.1.0/24"),
    _vxlan("INPUT", "DROP", 4102),
    _vxlan("INPUT", "DROP", None),
    rule("filter", "FORWARD", "REJECT"),
    rule("filter", "FORWARD", "DOCKER-USER"),
    rule("filter", "FORWARD", "DOCKER-FORWARD"),
    rule("filter", "FORWARD", "DROP", conditional=True),
    rule("filter", "FORWARD", "ACCEPT", destination="10.8.0.0/13", conditional=True),
    rule("filter", "FORWARD", "DROP", conditional=True),
    rule("filter", "FORWARD", "DROP", protocol="tcp", conditional=True),
    rule("filter", "FORWARD", "DROP", protocol="tcp", destination_port=9, conditional=True),
    rule("filter", "DOCKER-USER", "", protocol="esp"),
    rule("filter", "DOCKER-USER", "RETURN", protocol="253"),
]

NATIVE_RULES = [
    rule(
        "guard",
        "through",
        "DROP",
        destination="10.0.0.0/8",
        protocol="tcp",
        destination_port=80,
        mark=257,
    ),
    rule(
        "guard",
        "through",
        "REJECT",
        destination="10.8.0.0/13",
        protocol="udp",
        destination_port=53,
    ),
    rule("guard", "through", "ACCEPT", conditional=True),
    rule("guard", "through", "", conditional=True),
    rule("guard", "through", "ACCEPT", conditional=True),
    rule("guard", "through", "DROP", conditional=True),
    rule("guard", "through", "ACCEPT", protocol="tcp", conditional=True),
    rule("guard", "through", "DROP", protocol="tcp", conditional=True),
    rule("guard", "through", "", conditional=True),
    rule("guard", "through", "others", protocol="esp"),
    rule("guard", "others", "DROP", conditional=True),
]
NATIVE_CHAINS = [
    FirewallChain(table="guard", chain="through", policy="DROP", hook="FORWARD"),
    FirewallChain(table="guard", chain="late", policy="ACCEPT", hook="POSTROUTING"),
]
FORWARD_DROPS = FirewallChain(table="filter", chain="FORWARD", policy="DROP", hook="FORWARD")


def by_chain(rules: Iterable[FirewallRule]) -> dict[tuple[str, str], list[FirewallRule]]:
    """Group rules: within a chain their order counts, and that of chains does not."""
    chains = defaultdict(list)
    for each in rules:
        chains[each.table, each.chain].append(each)
    return chains
