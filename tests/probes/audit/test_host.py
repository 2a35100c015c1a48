"""Does the audit of the node itself tell its faults apart, and leave policies alone?"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from probes.audit.forwarding import drops_docker
from probes.audit.host import CHECKS
from probes.audit.situation import Situation
from probes.model.reading import (
    CouldNotLook,
    Firewall,
    FirewallChain,
    FirewallRule,
    HostReading,
    NamespaceReading,
    Neighbour,
    NodeReading,
    Usage,
)
from probes.model.topology import Topology
from probes.model.vantage import HOST, Vantage, VantageKind
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import APP, node, on, service, task

WEB = service("shop_web", APP, vip=2)
SWARM = Topology(
    nodes=(node(1), node(2)),
    networks=(APP,),
    services=(WEB,),
    tasks=(task(WEB, 1, node(1), 3),),
    read_at=NOW,
)
FORWARDS = (("net.ipv4.ip_forward", "1"),)
STANDS_STILL = (("net.ipv4.ip_forward", "0"),)


def rule(target: str, chain: str = "FORWARD", table: str = "filter", **fields: Any) -> FirewallRule:
    """Make a rule; without more, one that matches everything."""
    return FirewallRule(table=table, chain=chain, target=target, **fields)


def forward(
    policy: str, *rules: FirewallRule, table: str = "filter", name: str = "FORWARD"
) -> Firewall:
    """Make a firewall with one chain at the hook FORWARD."""
    chain = FirewallChain(table=table, chain=name, policy=policy, hook="FORWARD")
    return Firewall(chains=(chain,), rules=rules)


#: What `iptables -S FORWARD` shows on a node of Engine 20.10 with a published port.
DOCKERS = (
    rule("DOCKER-USER"),
    rule("DOCKER-INGRESS"),
    rule("DOCKER-ISOLATION-STAGE-1"),
    rule("ACCEPT", conditional=True),
    rule("DOCKER", conditional=True),
    rule("RETURN", "DOCKER-USER"),
)
BALANCER = NamespaceReading(
    vantage=Vantage(kind=VantageKind.LOAD_BALANCER, name="shop_app", netns="/netns/lb_app"),
    network_id=APP.id,
    sysctls=FORWARDS,
)
NAMESPACE = NamespaceReading(
    vantage=HOST, network_id="", sysctls=FORWARDS, firewall=forward("DROP", *DOCKERS)
)
HEALTHY = NodeReading(
    read_at=NOW,
    host=HostReading(
        namespace=NAMESPACE,
        conntrack=Usage(entries=100, most=1000, refused=7),
        neighbour_table=Usage(entries=100, most=1000, refused=7),
    ),
    namespaces=(BALANCER,),
    ipvs=True,
)


def with_host(**fields: Any) -> NodeReading:
    """Change something of the host's."""
    assert HEALTHY.host is not None
    return replace(HEALTHY, host=replace(HEALTHY.host, **fields))


def seen(reading: NodeReading, before: NodeReading = HEALTHY) -> Situation:
    """Stand on node1, which is as *reading* says."""
    return situation(SWARM, reading=reading, before=before)


def test_a_node_as_it_should_be_has_no_finding() -> None:
    """Docker itself lets FORWARD drop what its own rules do not accept."""
    assert found(CHECKS, seen(HEALTHY)) == []


@pytest.mark.parametrize(
    ("reading", "code", "item"),
    [
        (replace(HEALTHY, ipvs=False), "host_no_ipvs", "ip_vs"),
        (
            with_host(namespace=replace(NAMESPACE, sysctls=STANDS_STILL)),
            "host_forwarding_off",
            "net.ipv4.ip_forward",
        ),
        (
            with_host(
                namespace=replace(
                    NAMESPACE,
                    sysctls=(*FORWARDS, ("net.ipv4.conf.docker_gwbridge.forwarding", "0")),
                )
            ),
            "host_forwarding_off",
            "net.ipv4.conf.docker_gwbridge.forwarding",
        ),
        (
            replace(HEALTHY, namespaces=(replace(BALANCER, sysctls=STANDS_STILL),)),
            "host_balancer_forwarding_off",
            "net.ipv4.ip_forward",
        ),
        (
            with_host(namespace=replace(NAMESPACE, firewall=forward("DROP"))),
            "host_forward_drops",
            "FORWARD",
        ),
        (
            with_host(conntrack=Usage(entries=900, most=1000, refused=7)),
            "host_conntrack_nearly_full",
            "connections",
        ),
        (
            with_host(conntrack=Usage(entries=1000, most=1000, refused=9)),
            "host_conntrack_full",
            "connections",
        ),
        (
            with_host(neighbour_table=Usage(entries=900, most=1000, refused=7)),
            "host_neighbours_nearly_full",
            "neighbours",
        ),
        (
            with_host(neighbour_table=Usage(entries=900, most=1000, refused=8)),
            "host_neighbours_full",
            "neighbours",
        ),
    ],
)
def test_each_fault_is_one_finding(reading: NodeReading, code: str, item: str) -> None:
    """One thing wrong, one finding, with what is wrong."""
    findings = found(CHECKS, seen(reading))

    assert [(one.code, one.subject.item) for one in findings] == [(code, item)]
    assert all(row.expected != row.actual for one in findings for row in one.evidence)


def test_a_kernel_without_ipvs_is_no_fault_where_nothing_depends_on_it() -> None:
    """Without VIPs; and its load balancers have nothing to forward."""
    dnsrr = replace(WEB, endpoint_mode="dnsrr", vips=())
    still = replace(HEALTHY, ipvs=False, namespaces=(replace(BALANCER, sysctls=STANDS_STILL),))
    without_vips = situation(replace(SWARM, services=(dnsrr,)), reading=still)

    assert found(CHECKS, without_vips) == []
    assert [one.code for one in found(CHECKS, seen(still))] == ["host_no_ipvs"]


def test_an_engine_that_may_balance_without_ipvs_is_left_alone() -> None:
    """It has no use for the kernel's."""
    modern = replace(node(1), engine_version="29.10.0")
    topology = replace(SWARM, nodes=(modern, node(2)))

    assert found(CHECKS, situation(topology, reading=replace(HEALTHY, ipvs=False))) == []


def test_refusals_of_long_ago_or_beside_an_empty_table_are_no_fault() -> None:
    """In the first round nobody knows when they were; a lost race is counted as one, too."""
    refused = with_host(conntrack=Usage(entries=100, most=1000, refused=999))
    first = situation(SWARM, reading=with_host(neighbour_table=Usage(entries=1, most=9, refused=5)))

    assert found(CHECKS, seen(refused)) == []
    assert found(CHECKS, first) == []


def test_neighbours_that_docker_wrote_do_not_count_towards_the_limit() -> None:
    """The kernel exempts permanent ones, and counts them all the same."""
    rows = tuple(
        Neighbour(address=on(APP, last).address, device="vxlan0", mac=None, state="permanent")
        for last in range(1, 201)
    )
    overlay = NamespaceReading(
        vantage=Vantage(kind=VantageKind.OVERLAY, name="shop_app", netns="/netns/1-app"),
        network_id=APP.id,
        neighbours=rows,
    )
    crowded = with_host(neighbour_table=Usage(entries=1000, most=1000, refused=7))

    assert found(CHECKS, seen(replace(crowded, namespaces=(BALANCER, overlay)))) == []


@pytest.mark.parametrize(
    ("where", "break_it"),
    [
        ("host, ipvs", lambda r: replace(r, ipvs=None)),
        ("host, firewall", lambda r: r),
        ("host, conntrack", lambda r: r),
        ("host, neighbour table", lambda r: r),
        ("lb shop_app, sysctls", lambda r: r),
        ("host", lambda r: replace(r, host=None)),
    ],
)
def test_what_could_not_be_read_leaves_the_question_open(
    where: str, break_it: Callable[[NodeReading], NodeReading]
) -> None:
    """Neither a finding nor silence."""
    failure = CouldNotLook(where=where, why="permission denied")
    reading = replace(break_it(HEALTHY), failures=(failure,))

    answers = [answer for check in CHECKS for answer in check.run(seen(reading))]

    assert set(answers) == {failure}


@pytest.mark.parametrize(
    ("firewall", "told"),
    [
        (forward("DROP"), "-t filter -P FORWARD DROP, without Docker's rules"),
        (
            forward("DROP", rule("ufw-before-forward")),
            "-t filter -P FORWARD DROP, without Docker's rules",
        ),
        (forward("ACCEPT", rule("REJECT"), *DOCKERS), "-t filter -A FORWARD -j REJECT"),
        (
            forward("ACCEPT", rule("DOCKER-USER"), rule("DROP"), *DOCKERS[1:]),
            "-t filter -A FORWARD -j DROP",
        ),
        (
            forward("DROP", *DOCKERS[:-1], rule("DROP", "DOCKER-USER")),
            "-t filter -A DOCKER-USER -j DROP",
        ),
        (forward("DROP", table="strict", name="in_transit"), "-t strict -P in_transit DROP"),
    ],
)
def test_what_drops_docker_s_traffic_is_named(firewall: Firewall, told: str) -> None:
    """A policy without Docker's rules, or a drop before them, in whichever table."""
    assert drops_docker(firewall) == told


@pytest.mark.parametrize(
    "firewall",
    [
        forward("ACCEPT"),
        forward("ACCEPT", *DOCKERS, rule("REJECT")),
        forward("ACCEPT", rule("DROP", conditional=True), *DOCKERS),
        forward("ACCEPT", rule("DROP", protocol="udp"), *DOCKERS),
        forward("ACCEPT", rule("mine"), rule("REJECT")),
        forward("DROP", *DOCKERS, rule("ACCEPT", "DOCKER-USER", conditional=True)),
        forward(
            "DROP",
            *DOCKERS[:-1],
            rule("ACCEPT", "DOCKER-USER", conditional=True),
            rule("DROP", "DOCKER-USER"),
        ),
        forward("DROP", rule("mine", "in_transit", "strict"), table="strict", name="in_transit"),
    ],
)
def test_a_policy_that_may_let_docker_pass_is_no_fault(firewall: Firewall) -> None:
    """Drops under conditions, drops behind Docker's rules, and what others' chains may accept."""
    assert drops_docker(firewall) == ""
