"""Is every fault of the routing mesh found, on the node that has it, and no symptom beside it?"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from probes.audit.ingress import CHECKS, dead_ports_here
from probes.audit.own_report import own_report
from probes.audit.round import audit
from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.layout import Node

pytestmark = [pytest.mark.lab, pytest.mark.faults, pytest.mark.needs("ipvs")]

SERVICE = "shop_gateway"
PORT = "8080"
SBOX = "ingress_sbox"


@pytest.fixture
def node(auditor: LabAuditor) -> Node:
    """Where the faults are made: a worker."""
    return auditor.lab.nodes[-1]


def _rule_of(lab: Lab, node: Node, table: str, chain: str, where: str = "") -> tuple[str, ...]:
    """Find the rule of a chain that concerns the port, as iptables takes it."""
    listing = ("iptables", "-t", table, "-S", chain)
    shown = lab.netns(node, where, *listing) if where else lab.exec(node, *listing)
    (line,) = (line for line in shown.splitlines() if f"--dport {PORT} " in line)
    return tuple(line.split()[1:])


def test_a_mesh_that_is_well_answers_everywhere(auditor: LabAuditor) -> None:
    """No finding on any node, and no dead port."""
    for node in auditor.lab.nodes:
        situation = auditor.situation(node, probing=True)
        assert dead_ports_here(situation) == ()
    codes = {code for node in auditor.lab.nodes for code, _ in auditor.settled(node, probing=True)}
    assert not [code for code in codes if code.startswith("ingress_")]


def test_a_port_that_is_dead_on_one_node_is_told_there(auditor: LabAuditor, node: Node) -> None:
    """Everything is in place, and something drops its packets."""
    rule = ("PREROUTING", "-p", "tcp", "--dport", PORT, "-j", "DROP")
    lab = auditor.lab
    finding = auditor.shows(
        node,
        "ingress_port_dead",
        inject=lambda: lab.netns(node, SBOX, "iptables", "-t", "raw", "-I", *rule),
        remove=lambda: lab.netns(node, SBOX, "iptables", "-t", "raw", "-D", *rule),
        probing=True,
        service=SERVICE,
        item=f"{PORT}/tcp",
    )

    own, *others = finding.evidence
    assert own.actual.startswith("timeout")
    assert {row.actual for row in others} == {"answers"}


def test_a_port_that_is_dead_everywhere_is_told_once(auditor: LabAuditor) -> None:
    """By the manager's node, as soon as every agent has said the same of its own."""
    lab = auditor.lab
    rule = ("PREROUTING", "-p", "tcp", "--dport", PORT, "-j", "DROP")

    def found(node: Node) -> list[tuple[str, str]]:
        seen = {each.name: auditor.situation(each, probing=True) for each in lab.nodes}
        own = [own_report(each) for each in seen.values()]
        told = replace(seen[node.name], reports={report.node_id: report for report in own})
        return [
            (item.code, item.subject.service)
            for item in audit(told, CHECKS).findings
            if item.code.startswith("ingress_port")
        ]

    assert found(lab.manager) == []
    for node in lab.nodes:
        lab.netns(node, SBOX, "iptables", "-t", "raw", "-I", *rule)
    try:
        told = [found(node) for node in lab.nodes]
    finally:
        for node in lab.nodes:
            lab.netns(node, SBOX, "iptables", "-t", "raw", "-D", *rule)

    assert told == [[("ingress_port_dead_everywhere", SERVICE)], [], []]
    assert found(lab.manager) == []


def test_a_lost_rule_of_the_host_is_told(auditor: LabAuditor, node: Node) -> None:
    """Connections succeed, since the Engine listens there, and nobody ever answers."""
    lab = auditor.lab
    rule = _rule_of(lab, node, "nat", "DOCKER-INGRESS")
    chain, *rest = rule

    finding = auditor.shows(
        node,
        "ingress_rule_missing",
        inject=lambda: lab.exec(node, "iptables", "-t", "nat", "-D", *rule),
        remove=lambda: lab.exec(node, "iptables", "-t", "nat", "-I", chain, *rest),
        probing=True,
        service=SERVICE,
        item=f"{PORT}/tcp",
    )

    assert " ".join(rest[-2:]) in finding.evidence[0].expected


def _mark_of(lab: Lab, node: Node) -> str:
    rule = " ".join(_rule_of(lab, node, "mangle", "PREROUTING", SBOX))
    (mark,) = re.findall(r"--set-xmark (0x[0-9a-f]+)/", rule)
    return str(int(mark, base=16))


def test_a_lost_mark_is_told(auditor: LabAuditor, node: Node) -> None:
    """Refused here, and the mark is why."""
    lab = auditor.lab
    rule = _rule_of(lab, node, "mangle", "PREROUTING", SBOX)
    auditor.shows(
        node,
        "ingress_mark_missing",
        inject=lambda: lab.netns(node, SBOX, "iptables", "-t", "mangle", "-D", *rule),
        remove=lambda: lab.netns(node, SBOX, "iptables", "-t", "mangle", "-A", *rule),
        probing=True,
        service=SERVICE,
        item=f"{PORT}/tcp",
    )


def _saved(lab: Lab, node: Node) -> Callable[[], object]:
    """Remember what IPVS has, and how to put it back."""
    mark = _mark_of(lab, node)
    shown = lab.netns(node, SBOX, "ipvsadm", "-Sn").splitlines()
    (service,) = (line.split() for line in shown if line.startswith(f"-A -f {mark} "))
    backends = [line.split() for line in shown if line.startswith(f"-a -f {mark} ")]

    def put_back() -> None:
        lab.netns(node, SBOX, "ipvsadm", "-D", "-f", mark, check=False)
        for line in (service, *backends):
            lab.netns(node, SBOX, "ipvsadm", *line)

    return put_back


def test_a_lost_virtual_service_is_told(auditor: LabAuditor, node: Node) -> None:
    """Its mark is there, and nothing balances it."""
    lab = auditor.lab
    mark = _mark_of(lab, node)
    auditor.shows(
        node,
        "ingress_virtual_service_missing",
        inject=lambda: lab.netns(node, SBOX, "ipvsadm", "-D", "-f", mark),
        remove=_saved(lab, node),
        probing=True,
        service=SERVICE,
        item=f"{PORT}/tcp",
    )


def test_a_lost_destination_is_told(auditor: LabAuditor, node: Node) -> None:
    """The task gets no request from here; the other one answers."""
    lab = auditor.lab
    mark, put_back = _mark_of(lab, node), _saved(lab, node)
    shown = lab.netns(node, SBOX, "ipvsadm", "-Sn")
    address = re.findall(rf"-a -f {mark} -r ([0-9.]+):0", shown)[0]
    auditor.shows(
        node,
        "ingress_backend_missing",
        inject=lambda: lab.netns(node, SBOX, "ipvsadm", "-d", "-f", mark, "-r", f"{address}:0"),
        remove=put_back,
        service=SERVICE,
        item=address,
    )


def test_a_destination_that_is_nobody_s_is_told(auditor: LabAuditor, node: Node) -> None:
    """A third of the connections go there."""
    lab = auditor.lab
    mark, put_back = _mark_of(lab, node), _saved(lab, node)
    stale = "10.0.0.250"
    auditor.shows(
        node,
        "ingress_backend_stale",
        inject=lambda: lab.netns(
            node, SBOX, "ipvsadm", "-a", "-f", mark, "-r", f"{stale}:0", "-m", "-w", "1"
        ),
        remove=put_back,
        probing=True,
        service=SERVICE,
        item=stale,
    )


def test_a_bridge_that_is_down_is_told(auditor: LabAuditor, node: Node) -> None:
    """And not each port that it takes along."""
    lab = auditor.lab
    auditor.shows(
        node,
        "ingress_gwbridge_down",
        inject=lambda: lab.exec(node, "ip", "link", "set", "docker_gwbridge", "down"),
        remove=lambda: lab.exec(node, "ip", "link", "set", "docker_gwbridge", "up"),
        item="docker_gwbridge",
    )


def test_a_bridge_that_is_missing_is_told(auditor: LabAuditor, node: Node) -> None:
    """Nothing of that name is there: it keeps its ports and addresses under another one."""
    lab = auditor.lab

    def rename(old: str, new: str) -> None:
        for words in (("down",), ("name", new)):
            lab.exec(node, "ip", "link", "set", old, *words)
        lab.exec(node, "ip", "link", "set", new, "up")

    auditor.shows(
        node,
        "ingress_gwbridge_missing",
        inject=lambda: rename("docker_gwbridge", "aside"),
        remove=lambda: rename("aside", "docker_gwbridge"),
        item="docker_gwbridge",
    )


def test_a_namespace_that_is_gone_is_told(auditor: LabAuditor, node: Node) -> None:
    """Its file is taken out of the Engine's folder; the namespace itself lives on, held by none."""
    lab = auditor.lab
    file, aside = f"/var/run/docker/netns/{SBOX}", f"/run/{SBOX}.aside"
    lab.exec(node, "touch", aside)

    def take() -> None:
        lab.exec(node, "mount", "--bind", file, aside)
        lab.exec(node, "umount", file)

    def put_back() -> None:
        lab.exec(node, "mount", "--bind", aside, file)
        lab.exec(node, "umount", aside)
        lab.exec(node, "rm", aside)

    auditor.shows(node, "ingress_namespace_missing", inject=take, remove=put_back)
