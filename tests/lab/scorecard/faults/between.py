"""Faults between nodes: what is blocked, lost or too narrow on the way."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.audit.blocking import blocked
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.scorecard.scenario import Culprit, Scenario, Site

_TABLE = "scorecard"
VXLAN_PORT, GOSSIP_PORT = 4789, 7946
LOSS_PERCENT = 30
#: Below the overlays' packets in their wrapping, and above everything small.
NARROW_BYTES = 1300


@contextmanager
def filtered(lab: Lab, node: Node, *rules: str) -> Iterator[None]:
    """Add rules at the hooks of a node, each as `HOOK RULE`, in a table of our own."""
    chains = [
        f"add chain ip {_TABLE} {hook} {{ type filter hook {hook} priority -300 ; }}"
        for hook in ("prerouting", "output", "postrouting")
    ]
    added = [f"add rule ip {_TABLE} {rule}" for rule in rules]
    lab.exec(node, "nft", "; ".join([f"add table ip {_TABLE}", *chains, *added]))
    try:
        yield
    finally:
        lab.exec(node, "nft", f"delete table ip {_TABLE}")


@contextmanager
def _vxlan_blocked(site: Site) -> Iterator[Culprit]:
    _, node, peer = site.lab.nodes
    vxlan = f"udp dport {VXLAN_PORT} drop"
    rules = (
        f"prerouting ip saddr {peer.address} {vxlan}",
        f"postrouting ip daddr {peer.address} {vxlan}",
    )
    with filtered(site.lab, node, *rules):
        yield _pair(node, peer)


@contextmanager
def _vxlan_blocked_one_way(site: Site) -> Iterator[Culprit]:
    _, node, peer = site.lab.nodes
    rule = f"prerouting ip saddr {peer.address} udp dport {VXLAN_PORT} drop"
    with filtered(site.lab, node, rule):
        yield _pair(node, peer)


def _pair(node: Node, peer: Node) -> Culprit:
    names = (node.name, peer.name)
    return Culprit(alerts=("SwarmNodePairBlocked",), labels={"node": names, "peer_node": names})


@contextmanager
def _vxlan_blocked_everywhere(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    vxlan = f"udp dport {VXLAN_PORT} drop"
    with filtered(site.lab, victim, f"prerouting {vxlan}", f"postrouting {vxlan}"):
        yield Culprit(alerts=("SwarmOverlayCutOff",), labels={"node": (victim.name,)})


@contextmanager
def _gossip_blocked(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    with blocked(site.lab, victim, GOSSIP_PORT, "tcp", "udp"):
        yield Culprit(alerts=("SwarmNodeCutOffFromGossip",), labels={"node": (victim.name,)})


@contextmanager
def _black_hole(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    large = f"udp dport {VXLAN_PORT} meta length > {NARROW_BYTES} drop"
    with filtered(site.lab, victim, f"prerouting {large}", f"postrouting {large}"):
        yield Culprit(alerts=("SwarmMtuBlackHole",), labels={"node": (victim.name,)})


@contextmanager
def _loss(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    lost = f'meta iifname "eth0" numgen random mod 100 < {LOSS_PERCENT} drop'
    with filtered(site.lab, victim, f"prerouting {lost}"):
        yield _lossy(victim)


@contextmanager
def _loss_and_delay(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    netem = ("netem", "loss", f"{LOSS_PERCENT}%", "delay", "80ms")
    site.lab.exec(victim, "tc", "qdisc", "add", "dev", "eth0", "root", *netem)
    try:
        yield _lossy(victim)
    finally:
        site.lab.exec(victim, "tc", "qdisc", "del", "dev", "eth0", "root")


def _lossy(victim: Node) -> Culprit:
    return Culprit(alerts=("SwarmNodeLossy",), labels={"node": (victim.name,)})


SCENARIOS = (
    Scenario(
        name="vxlan-pair",
        words="the VXLAN port is blocked between two nodes, both ways",
        fault=_vxlan_blocked,
    ),
    Scenario(
        name="vxlan-one-way",
        words="the VXLAN port is blocked from one node to another",
        fault=_vxlan_blocked_one_way,
    ),
    Scenario(
        name="vxlan-node",
        words="the VXLAN port is blocked between one node and all others",
        fault=_vxlan_blocked_everywhere,
    ),
    Scenario(
        name="gossip",
        words="the gossip port of a node is blocked",
        fault=_gossip_blocked,
    ),
    Scenario(
        name="black-hole",
        words="large packets of a node's overlays are lost without a word",
        fault=_black_hole,
    ),
    Scenario(
        name="loss",
        words=f"{LOSS_PERCENT} % of what comes to a node is lost",
        fault=_loss,
        needs=("nft_numgen",),
        lacks=("netem",),
    ),
    Scenario(
        name="loss-delay",
        words=f"{LOSS_PERCENT} % of what a node sends is lost, the rest is 80 ms late",
        fault=_loss_and_delay,
        needs=("netem",),
    ),
)
