"""Is what is wrong with a node itself found, on the node that has it?

The limits of the tables of connections and neighbours are the machine's, not a node's (kernel
net/netfilter/nf_conntrack_core.c, net/core/neighbour.c): they are changed in a kernel that is the
lab's own.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from tests.lab.audit import crowding
from tests.lab.audit.looking import LabAuditor
from tests.lab.commands import run
from tests.lab.layout import Node

pytestmark = [pytest.mark.lab, pytest.mark.faults]

FORWARDING = "net.ipv4.ip_forward"


@pytest.fixture
def node(auditor: LabAuditor) -> Node:
    """Where the faults are made: a worker."""
    return auditor.lab.nodes[-1]


def test_a_kernel_without_ipvs_is_one_finding_on_each_node(auditor: LabAuditor) -> None:
    """And none where the kernel has it: the shop's VIPs depend on it."""
    expected = [] if auditor.lab.kernel.ipvs else ["host_no_ipvs"]

    for node in auditor.lab.nodes:
        codes = [finding.code for finding in auditor.look(node).findings]
        assert [code for code in codes if code.startswith(("host_", "ingress_"))] == expected


def test_a_node_that_does_not_forward_is_told(auditor: LabAuditor, node: Node) -> None:
    """Switched off as an operator's sysctl file would."""
    finding = auditor.shows(
        node,
        "host_forwarding_off",
        inject=lambda: auditor.lab.exec(node, "sysctl", "-w", f"{FORWARDING}=0"),
        remove=lambda: auditor.lab.exec(node, "sysctl", "-w", f"{FORWARDING}=1"),
        item=FORWARDING,
    )

    assert finding.evidence[0].actual == f"{FORWARDING} = 0"


@pytest.mark.needs("ipvs")
def test_a_load_balancer_that_does_not_forward_is_told(auditor: LabAuditor, node: Node) -> None:
    """The tables in it look right, and every connection times out."""
    namespace = "ingress_sbox"
    finding = auditor.shows(
        node,
        "host_balancer_forwarding_off",
        inject=lambda: auditor.lab.netns(node, namespace, "sysctl", "-w", f"{FORWARDING}=0"),
        remove=lambda: auditor.lab.netns(node, namespace, "sysctl", "-w", f"{FORWARDING}=1"),
        item=FORWARDING,
    )

    assert finding.evidence[0].what.endswith(namespace)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (("FORWARD", "-j", "REJECT"), "-A FORWARD -j REJECT"),
        (("DOCKER-USER", "-j", "DROP"), "-A DOCKER-USER -j DROP"),
    ],
)
def test_a_drop_before_docker_s_rules_is_told(
    auditor: LabAuditor, node: Node, rule: tuple[str, ...], told: str
) -> None:
    """Put first by somebody's script."""
    finding = auditor.shows(
        node,
        "host_forward_drops",
        inject=lambda: auditor.lab.exec(node, "iptables", "-I", *rule),
        remove=lambda: auditor.lab.exec(node, "iptables", "-D", *rule),
    )

    assert finding.evidence[0].actual.endswith(told)


def test_a_foreign_table_that_drops_all_is_told(auditor: LabAuditor, node: Node) -> None:
    """A hardened nftables.conf: what iptables accepts, this drops all the same."""
    chain = "add chain inet strict in_transit { type filter hook forward priority 0; policy drop; }"
    finding = auditor.shows(
        node,
        "host_forward_drops",
        inject=lambda: auditor.lab.exec(node, "nft", f"add table inet strict; {chain}"),
        remove=lambda: auditor.lab.exec(node, "nft", "delete table inet strict"),
    )

    assert finding.evidence[0].actual == "-t strict -P in_transit DROP"


def test_docker_s_own_policy_and_conditional_drops_are_no_fault(
    auditor: LabAuditor, node: Node
) -> None:
    """FORWARD drops what Docker does not accept, and a port that somebody closed."""
    closed = ("DOCKER-USER", "-p", "tcp", "--dport", "23", "-j", "DROP")
    before = auditor.settled(node)
    auditor.lab.exec(node, "iptables", "-P", "FORWARD", "DROP")
    auditor.lab.exec(node, "iptables", "-I", *closed)
    try:
        assert auditor.findings(node).keys() == before
    finally:
        auditor.lab.exec(node, "iptables", "-P", "FORWARD", "ACCEPT")
        auditor.lab.exec(node, "iptables", "-D", *closed)


#: More than any node of the lab has of either.
CROWD = 900
#: Where they are nearly full, and where they are full.
ROOMY, TIGHT = int(CROWD / 0.9), CROWD - 1


@dataclass(frozen=True)
class Table:
    """A table of the kernel's, and how to fill it."""

    item: str
    limit: str
    crowd: Callable[..., AbstractContextManager[None]]


CONNECTIONS = Table("connections", "net.netfilter.nf_conntrack_max", crowding.connections)
NEIGHBOURS = Table("neighbours", "net.ipv4.neigh.default.gc_thresh3", crowding.neighbours)


@pytest.mark.needs("own_limits")
@pytest.mark.parametrize(
    ("code", "table", "most"),
    [
        ("host_conntrack_nearly_full", CONNECTIONS, ROOMY),
        ("host_conntrack_full", CONNECTIONS, TIGHT),
        ("host_neighbours_nearly_full", NEIGHBOURS, ROOMY),
        ("host_neighbours_full", NEIGHBOURS, TIGHT),
    ],
)
def test_a_table_that_fills_is_told(
    auditor: LabAuditor, node: Node, code: str, table: Table, most: int
) -> None:
    """Connections are the node's own; neighbours are counted for all nodes of a machine."""
    before = run("sysctl", "-n", table.limit).strip()
    with table.crowd(auditor.lab, node, CROWD, knocking=most == TIGHT):
        auditor.shows(
            node,
            code,
            inject=lambda: run("sysctl", "-w", f"{table.limit}={most}"),
            remove=lambda: run("sysctl", "-w", f"{table.limit}={before}"),
            item=table.item,
        )
