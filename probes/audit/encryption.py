"""Can this node and its peers talk on encrypted overlays, and on those alone in secret?

For each peer with a task on an encrypted overlay that has one here, the Engine makes one policy
and one association for what leaves, and an association for each of its keys, three at most, for
what comes (moby libnetwork/drivers/overlay/encryption.go). Keys change every twelve hours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit import encryption_rules
from probes.audit.associations import associations
from probes.audit.check import Answer, Check
from probes.audit.encrypted_peers import encrypted_peers
from probes.audit.encryption_rules import MARK
from probes.audit.expected import vteps
from probes.audit.local_overlays import unread
from probes.audit.situation import Situation
from probes.findings import encryption as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, HostReading, SecurityPolicy
from probes.model.topology import Node

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
#: Engines from the one up to, not with, the other make SPIs of 4-byte addresses (moby#51798).
_ODD_ENGINES = ((29, 0, 0), (29, 2, 1))
_NEEDED = ("host", "host, xfrm states", "host, xfrm policies", "host, addresses")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peer:
    """One node that takes part in an encrypted overlay of ours."""

    node: Node
    vtep: IPv4Address
    networks: tuple[str, ...]
    #: SPIs here, and as the peer's agent tells; empty while it has told none.
    outbound: frozenset[int]
    inbound: frozenset[int]
    their_outbound: frozenset[int]
    their_inbound: frozenset[int]

    @property
    def subject(self) -> Subject:
        return Subject(peer=self.node.name, item=str(self.vtep))


def check(situation: Situation) -> Iterator[Answer]:
    """Compare what the kernel has with what each peer calls for; one finding for each of them."""
    if not encrypted_peers(situation):
        return
    host = situation.reading.host
    closed = unread(situation, *_NEEDED)
    if host is None or closed is not None:
        yield closed or CouldNotLook(where="host, xfrm", why="it was not read")
        return
    addresses = vteps(situation.topology)
    for node, _ in encrypted_peers(situation):
        if node.id not in addresses:
            yield CouldNotLook(where=f"VTEP of {node.name}", why="Swarm does not tell its address")
    yield from _judge(_peers(host, situation), host, situation)


def check_errors(situation: Situation) -> Iterator[Answer]:
    """Compare the kernel's counters with those of last time, where all else seems well.

    A kernel that does not count (CONFIG_XFRM_STATISTICS) leaves nothing to compare.
    """
    host, before = situation.reading.host, situation.before.host
    if not encrypted_peers(situation):
        return
    closed = unread(situation, *_NEEDED, "host, xfrm errors")
    if host is None or before is None or closed is not None:
        why = "there is no earlier reading yet"
        yield closed or CouldNotLook(where="host, xfrm errors", why=why)
        return
    peers = _peers(host, situation)
    if any(_unknown_here(peer) for peer in peers) or any(_judge(peers, host, situation)):
        return
    earlier = dict(before.xfrm_errors)
    rows = [
        Evidence(what=name, expected=str(earlier[name]), actual=str(count))
        for name, count in host.xfrm_errors
        if count > earlier.get(name, count)
    ]
    if rows:
        yield findings.ERRORS.found(Subject(), *rows)


def _peers(host: HostReading, situation: Situation) -> list[_Peer]:
    addresses = vteps(situation.topology)
    return [
        _peer(node, addresses[node.id], networks, host, situation)
        for node, networks in encrypted_peers(situation)
        if node.id in addresses
    ]


def _peer(
    node: Node,
    vtep: IPv4Address,
    networks: tuple[str, ...],
    host: HostReading,
    situation: Situation,
) -> _Peer:
    outbound, inbound = associations(host)
    report = situation.reports.get(node.id)
    own = vteps(situation.topology).get(situation.node.id)
    return _Peer(
        node=node,
        vtep=vtep,
        networks=networks,
        outbound=frozenset(item.spi for item in outbound if item.peer == vtep),
        inbound=frozenset(item.spi for item in inbound if item.peer == vtep),
        their_outbound=frozenset(
            i.spi for i in (report.outbound if report else ()) if i.peer == own
        ),
        their_inbound=frozenset(i.spi for i in (report.inbound if report else ()) if i.peer == own),
    )


def _judge(peers: list[_Peer], host: HostReading, situation: Situation) -> Iterator[Finding]:
    if peers and not any(peer.outbound or peer.inbound for peer in peers):
        yield _no_association(peers, host)
        return
    odd = []
    for peer in peers:
        lacking = list(_lacking(peer, host))
        policy = _policy(peer, host)
        port = situation.topology.data_path_port
        if lacking:
            yield findings.MISSING.found(peer.subject, *lacking)
        elif policy is not None and policy.destination_port not in {0, port}:
            evidence = Evidence(
                what=f"ip xfrm policy, to {peer.vtep}",
                expected=f"dport {port}",
                actual=f"dport {policy.destination_port}",
            )
            yield findings.WRONG_PORT.found(peer.subject, evidence)
        elif _numbers_apart(peer, situation.node):
            odd.append(peer)
        elif peer.their_inbound and not peer.outbound & peer.their_inbound:
            evidence = Evidence(
                what="SPIs to the peer",
                expected=f"of {_spis(peer.their_inbound)}, which {peer.node.name} knows",
                actual=_spis(peer.outbound),
            )
            yield findings.UNKNOWN_SPI.found(peer.subject, evidence)
    # Both ends of such a pair see it: the one that must be upgraded says so, once.
    if odd and _is_odd(situation.node):
        others = ", ".join(f"{peer.node.name} {peer.node.engine_version}" for peer in odd)
        evidence = Evidence(
            what="Engine",
            expected=f"as of the others: {others}",
            actual=situation.node.engine_version,
        )
        yield findings.ENGINES.found(Subject(item=situation.node.engine_version), evidence)


def _no_association(peers: list[_Peer], host: HostReading) -> Finding:
    names = ", ".join(f"{peer.node.name} ({peer.vtep})" for peer in peers)
    networks = sorted({network for peer in peers for network in peer.networks})
    refused = dict(host.xfrm_errors).get("XfrmOutNoStates", 0)
    evidence = Evidence(
        what="ip xfrm state",
        expected=f"associations with {names}, for {', '.join(networks)}",
        actual=f"none; XfrmOutNoStates {refused}",
    )
    return findings.NO_ESP.found(Subject(), evidence)


def _lacking(peer: _Peer, host: HostReading) -> Iterator[Evidence]:
    if _policy(peer, host) is None:
        others = [item for item in _policies(peer, host) if item.direction == "out"]
        yield Evidence(
            what="ip xfrm policy",
            expected=f"from an address of ours to {peer.vtep}, dir out, mark {MARK:#x}",
            actual=", ".join(f"src {item.source}" for item in others) or "none",
        )
    if not peer.outbound:
        yield Evidence(what="ip xfrm state", expected=f"one to {peer.vtep}", actual="none")
    if not peer.inbound:
        yield Evidence(what="ip xfrm state", expected=f"some from {peer.vtep}", actual="none")


def _policies(peer: _Peer, host: HostReading) -> list[SecurityPolicy]:
    return [item for item in host.policies if item.mark == MARK and peer.vtep in item.destination]


def _policy(peer: _Peer, host: HostReading) -> SecurityPolicy | None:
    """Find what sends frames to the peer through ESP.

    A policy from 0.0.0.0/32, as after a join without an address (moby#30766), never applies.
    """
    own = {item.address for item in host.namespace.addresses}
    fits = (
        item
        for item in _policies(peer, host)
        if item.direction == "out" and any(address in item.source for address in own)
    )
    return next(fits, None)


def _is_odd(node: Node) -> bool:
    found = _VERSION.match(node.engine_version)
    if found is None:
        return False
    first, fixed = _ODD_ENGINES
    return first <= tuple(map(int, found.groups())) < fixed


def _numbers_apart(peer: _Peer, own: Node) -> bool:
    """Tell whether the Engines number differently; the SPIs themselves, where known, know best."""
    if _is_odd(own) == _is_odd(peer.node):
        return False
    return not peer.outbound & peer.their_inbound


def _unknown_here(peer: _Peer) -> bool:
    """Tell whether the peer sends what we cannot decrypt: then it is the peer that finds that."""
    return bool(peer.their_outbound) and not peer.their_outbound & peer.inbound


def _spis(numbers: frozenset[int]) -> str:
    return ", ".join(f"{number:#010x}" for number in sorted(numbers)) or "none"


CHECKS = (
    Check(
        name="encryption",
        finds=(
            findings.NO_ESP,
            findings.MISSING,
            findings.WRONG_PORT,
            findings.UNKNOWN_SPI,
            findings.ENGINES,
        ),
        run=check,
    ),
    Check(name="encryption errors", finds=(findings.ERRORS,), run=check_errors),
    *encryption_rules.CHECKS,
)
