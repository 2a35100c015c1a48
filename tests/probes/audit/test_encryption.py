"""Does the audit of encrypted overlays tell its faults apart?"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from probes.audit.associations import associations
from probes.audit.encryption import CHECKS
from probes.audit.encryption_rules import MARK
from probes.audit.situation import Situation
from probes.findings.encryption import FINDINGS
from probes.model.reading import (
    CouldNotLook,
    Firewall,
    FirewallRule,
    HostReading,
    NodeReading,
    SecurityAssociation,
    SecurityPolicy,
)
from probes.model.topology import Node, NodeReport, PeerAssociation, Topology
from tests.probes.audit.readings import host_reading, node_reading, overlay_reading
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import APP, local, node, service, task

SECRET = replace(APP, encrypted=True)
WEB = service("shop_web", SECRET, vip=2)
HERE, THERE, ELSEWHERE = node(1), node(2), node(3)
OWN, REMOTE = task(WEB, 1, HERE, 3), task(WEB, 2, THERE, 4)
US, THEM = IPv4Address("198.18.0.11"), IPv4Address("198.18.0.12")
OUTBOUND, INBOUND = 0xDCD77E20, 0xB8ED0E8C


def reports(sends: int = INBOUND, knows: int = OUTBOUND) -> tuple[NodeReport, ...]:
    """Make what node2's agent tells of its associations with node1."""
    return (
        NodeReport(
            node_id=THERE.id,
            outbound=(PeerAssociation(peer=US, spi=sends),),
            inbound=(PeerAssociation(peer=US, spi=knows), PeerAssociation(peer=US, spi=7)),
        ),
    )


SWARM = Topology(
    nodes=(HERE, THERE, ELSEWHERE),
    networks=(SECRET,),
    services=(WEB,),
    tasks=(OWN, REMOTE),
    reports=reports(),
    read_at=NOW,
)


def association(source: IPv4Address, destination: IPv4Address, spi: int) -> SecurityAssociation:
    """Make one row of `ip xfrm state`."""
    return SecurityAssociation(source=source, destination=destination, spi=spi, packets=0)


POLICY = SecurityPolicy(
    source=IPv4Network(f"{US}/32"),
    destination=IPv4Network(f"{THEM}/32"),
    direction="out",
    destination_port=4789,
    mark=MARK,
)
SENT = association(US, THEM, OUTBOUND)
RECEIVED = (association(THEM, US, INBOUND), association(THEM, US, 0xC4CB7513))
MARKED = FirewallRule(
    table="mangle",
    chain="OUTPUT",
    target="MARK",
    protocol="udp",
    destination_port=4789,
    mark=MARK,
    vni=4097,
    conditional=True,
)
DROPPED = replace(MARKED, table="filter", chain="INPUT", target="DROP", mark=None)
COUNTERS = (("XfrmInNoStates", 3), ("XfrmOutNoStates", 0))


def with_rules(host: HostReading, *rules: FirewallRule) -> HostReading:
    """Write these rules, and no others."""
    return replace(host, namespace=replace(host.namespace, firewall=Firewall(rules=rules)))


HOST = with_rules(
    replace(
        host_reading(2, 3),
        policies=(POLICY,),
        associations=(SENT, *RECEIVED),
        xfrm_errors=COUNTERS,
    ),
    MARKED,
    DROPPED,
)
BEFORE = replace(node_reading(HOST), read_at=NOW - 10)


def seen(host: HostReading, topology: Topology = SWARM, **more: Any) -> Situation:
    """Stand on node1, where one task of the encrypted network runs."""
    reading = node_reading(host, overlay_reading(SECRET))
    known: dict[str, Any] = {"local": (local(OWN),), "reading": reading, "before": BEFORE}
    return situation(topology, **known | more)


def versioned(own: str, other: str, told: tuple[NodeReport, ...] = ()) -> Topology:
    """Give the two nodes these Engines."""

    def of(which: Node, version: str) -> Node:
        return replace(which, engine_version=version)

    return replace(SWARM, nodes=(of(HERE, own), of(THERE, other), ELSEWHERE), reports=told)


def test_an_encrypted_overlay_as_it_should_be_has_no_finding() -> None:
    """Policy, associations and rules are there, and the peer knows what is sent."""
    assert found(CHECKS, seen(HOST)) == []


@pytest.mark.parametrize(
    ("break_it", "code", "peer"),
    [
        (lambda h: replace(h, associations=()), "encryption_no_esp", ""),
        (lambda h: replace(h, associations=(), policies=()), "encryption_no_esp", ""),
        (lambda h: replace(h, policies=()), "encryption_missing", "node2"),
        (lambda h: replace(h, associations=(SENT,)), "encryption_missing", "node2"),
        (lambda h: replace(h, associations=RECEIVED), "encryption_missing", "node2"),
        (
            lambda h: replace(h, policies=(replace(POLICY, source=IPv4Network("0.0.0.0/32")),)),
            "encryption_missing",
            "node2",
        ),
        (
            lambda h: replace(h, policies=(replace(POLICY, mark=0),)),
            "encryption_missing",
            "node2",
        ),
        (
            lambda h: replace(h, policies=(replace(POLICY, destination_port=4790),)),
            "encryption_wrong_port",
            "node2",
        ),
        (
            lambda h: replace(h, associations=(association(US, THEM, 5), *RECEIVED)),
            "encryption_unknown_spi",
            "node2",
        ),
        (lambda h: with_rules(h, DROPPED), "encryption_unprotected", ""),
        (lambda h: with_rules(h, MARKED), "encryption_unprotected", ""),
        (lambda h: with_rules(h, replace(MARKED, vni=4098), DROPPED), "encryption_unprotected", ""),
        (
            lambda h: replace(h, xfrm_errors=(("XfrmInNoStates", 9), ("XfrmOutNoStates", 0))),
            "encryption_errors",
            "",
        ),
    ],
)
def test_each_fault_is_one_finding(
    break_it: Callable[[HostReading], HostReading],
    code: str,
    peer: str,
) -> None:
    """One thing broken, one finding."""
    findings = found(CHECKS, seen(break_it(HOST)))

    assert [(item.code, item.subject.peer) for item in findings] == [(code, peer)]
    assert all(evidence.expected != evidence.actual for evidence in findings[0].evidence)
    (spec,) = (spec for spec in FINDINGS if spec.code == code)
    assert spec.remedy_of(findings[0], "node1")


def test_a_peer_that_is_gone_from_the_network_calls_for_nothing() -> None:
    """Nor does one that is down, or a network that is not encrypted."""
    bare = with_rules(replace(HOST, policies=(), associations=()))
    alone = replace(SWARM, tasks=(OWN, replace(REMOTE, state="starting")))
    down = replace(SWARM, nodes=(HERE, replace(THERE, state="down"), ELSEWHERE))
    plain = replace(SWARM, networks=(APP,))

    for topology in (alone, down, plain):
        assert found(CHECKS, seen(bare, topology)) == []


def test_a_peer_that_has_told_nothing_is_not_blamed() -> None:
    """Its agent may be silent, or just starting."""
    assert found(CHECKS, seen(HOST, replace(SWARM, reports=()))) == []


def test_a_kernel_that_counts_no_errors_has_none() -> None:
    """As Linux without CONFIG_XFRM_STATISTICS; and the first reading has none before it."""
    silent = replace(HOST, xfrm_errors=())

    assert found(CHECKS, seen(silent)) == []
    (answer,) = (a for check in CHECKS for a in check.run(seen(HOST, before=NodeReading())))
    assert isinstance(answer, CouldNotLook)
    assert answer.where == "host, xfrm errors"


def test_errors_that_the_peer_causes_are_found_there() -> None:
    """It sends with an association that nobody here has."""
    errors = replace(HOST, xfrm_errors=(("XfrmInNoStates", 9),))
    told = replace(SWARM, reports=reports(sends=5))

    assert found(CHECKS, seen(errors, told)) == []


@pytest.mark.parametrize(
    ("own", "other", "codes"),
    [
        ("29.1.3", "28.5.2", ["encryption_engines"]),
        ("29.0.0", "29.2.1", ["encryption_engines"]),
        ("29.2.0", "20.10.24+dfsg1", ["encryption_engines"]),
        # The other one is to be upgraded, and says so itself.
        ("28.5.2", "29.1.3", []),
        ("29.0.0", "29.2.0", []),
        ("28.5.2", "29.2.1", []),
        ("29.1.3", "29.1.3", []),
        ("", "29.1.3", []),
    ],
)
def test_engines_that_number_differently_are_found_on_the_odd_one(
    own: str, other: str, codes: list[str]
) -> None:
    """Constructed: no Engine of the 29 series can be had for the lab (moby#51798)."""
    assert [item.code for item in found(CHECKS, seen(HOST, versioned(own, other)))] == codes


def test_engines_explain_numbers_that_differ() -> None:
    """The numbers are the consequence: one finding; and where they agree, there is none."""
    apart = versioned("29.1.3", "28.5.2", reports(knows=5))
    agreeing = versioned("29.1.3", "28.5.2", reports())

    assert [item.code for item in found(CHECKS, seen(HOST, apart))] == ["encryption_engines"]
    assert found(CHECKS, seen(HOST, agreeing)) == []


@pytest.mark.parametrize(
    "where",
    [
        "host",
        "host, addresses",
        "host, xfrm states",
        "host, xfrm policies",
        "host, xfrm errors",
        "host, firewall",
    ],
)
def test_what_was_not_read_leaves_the_question_open(where: str) -> None:
    """An empty table that was not read is no missing association."""
    failure = CouldNotLook(where=where, why="no permission")
    bare = with_rules(replace(HOST, policies=(), associations=()))
    reading = NodeReading(read_at=NOW, host=bare, failures=(failure,))
    at = seen(HOST, reading=reading)

    answers = {check.name: list(check.run(at)) for check in CHECKS}

    blind = {name for name, given in answers.items() if given == [failure]}
    firewall, tables = {"encryption rules"}, {"encryption", "encryption errors"}
    others = {
        "host": firewall | tables,
        "host, firewall": firewall,
        "host, xfrm errors": {"encryption errors"},
    }
    expected = others.get(where, tables)
    assert blind == expected


@pytest.mark.parametrize(
    "rules",
    [
        (replace(MARKED, vni=None), DROPPED),
        (MARKED, replace(DROPPED, vni=None)),
        (replace(DROPPED, table="docker-overlay"),),
    ],
)
def test_a_rule_that_cannot_be_read_leaves_the_question_open(
    rules: tuple[FirewallRule, ...],
) -> None:
    """It may be the one that protects the network."""
    at = seen(with_rules(HOST, *rules))

    assert [type(answer) for check in CHECKS for answer in check.run(at)] == [CouldNotLook]


def test_a_blocked_port_is_no_rule_of_encryption() -> None:
    """It drops every overlay's frames, and protects nothing that leaves."""
    blocked = replace(DROPPED, vni=None, conditional=False)

    (finding,) = found(CHECKS, seen(with_rules(HOST, blocked)))

    assert [row.what for row in finding.evidence] == ["mangle OUTPUT", "filter INPUT"]


def test_associations_are_told_by_the_other_end() -> None:
    """What leaves is known by its destination, what comes by its source."""
    outbound, inbound = associations(HOST)

    assert outbound == (PeerAssociation(peer=THEM, spi=OUTBOUND),)
    assert inbound == (
        PeerAssociation(peer=THEM, spi=INBOUND),
        PeerAssociation(peer=THEM, spi=0xC4CB7513),
    )
