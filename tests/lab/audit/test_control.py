"""Is what ails the control plane found, once, by the node that speaks for the Swarm?

A manager that is up and takes no part cannot be made: both go over one port, so that who cannot be
reached for decisions is soon down as well. What the lab's Engine tells is changed instead.

An agent that is missing is found with the agents, in tests/lab/agent/test_findings.py.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest

from probes.audit.control import CHECKS
from probes.audit.round import audit
from probes.audit.situation import Situation
from probes.model.topology import Topology
from probes.swarm.engine import Engine
from probes.swarm.errors import EngineError
from tests.lab.audit.blocking import blocked
from tests.lab.audit.looking import LabAuditor, netns_folder
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.faults,
    pytest.mark.usefixtures("spread_afterwards"),
]

MANAGEMENT_PORT = 2377
#: Swarm gives a node up after three heartbeats, of about 5 s each, and a new leader starts anew.
GIVEN_UP_WITHIN_SECONDS = 120.0


def _codes(situation: Situation) -> list[tuple[str, str]]:
    return [(item.code, item.subject.peer) for item in audit(situation, CHECKS).findings]


def _leader(lab: Lab) -> Node:
    """Find who leads now; a busy machine may have the managers elect another one."""
    for node in lab.nodes:
        listing = ("node", "ls", "--format={{.Hostname}} {{.ManagerStatus}}")
        for row in lab.docker(node, *listing, check=False).splitlines():
            name, _, status = row.partition(" ")
            if status == "Leader":
                return lab.node(name)
    raise LabError("nobody leads")


def _wait_for_codes(auditor: LabAuditor, *expected: tuple[str, str]) -> None:
    """Wait until the leader's node tells just these."""

    def told() -> bool:
        leader = _leader(auditor.lab)
        found = _codes(auditor.situation(leader))
        if found != [*expected]:
            raise LabError(f"{leader.name} tells {found}")
        return True

    wait_until(told, GIVEN_UP_WITHIN_SECONDS, f"the leader tells {expected or 'nothing'}")


@contextmanager
def _managers(lab: Lab, *nodes: Node) -> Iterator[None]:
    """Have more managers for a while."""
    names = [node.name for node in nodes]
    lab.docker(lab.manager, "node", "promote", *names)
    try:
        template = "--format={{with .ManagerStatus}}{{.Reachability}}{{end}}"
        wait_until(
            lambda: (
                lab.docker(lab.manager, "node", "inspect", template, *names).split()
                == ["reachable"] * len(names)
            ),
            GIVEN_UP_WITHIN_SECONDS,
            f"{names} are managers",
        )
        yield
    finally:
        for name in names:
            demote = partial(lab.docker, lab.manager, "node", "demote", name)
            wait_until(demote, GIVEN_UP_WITHIN_SECONDS, f"{name} is demoted")


def test_a_node_that_is_cut_off_is_told_as_down(auditor: LabAuditor) -> None:
    """By the leader, and by nobody else."""
    lab = auditor.lab
    _, other, victim = lab.nodes
    _wait_for_codes(auditor)
    lab.cut(victim)
    try:
        _wait_for_codes(auditor, ("control_node_down", victim.name))
        assert _codes(auditor.situation(other)) == []
    finally:
        lab.rejoin(victim)
    _wait_for_codes(auditor)


def test_a_lost_manager_puts_the_quorum_at_risk(auditor: LabAuditor) -> None:
    """Of three, the two that are left must both stay."""
    lab = auditor.lab
    victim = lab.nodes[-1]
    with _managers(lab, *lab.nodes[1:]):
        _wait_for_codes(auditor)
        with blocked(lab, victim, MANAGEMENT_PORT, "tcp"):
            _wait_for_codes(
                auditor,
                ("control_node_down", victim.name),
                ("control_quorum_at_risk", ""),
            )
        _wait_for_codes(auditor)
    _wait_for_codes(auditor)


def test_a_manager_that_takes_no_part_is_told(auditor: LabAuditor) -> None:
    """Its node is ready, and the other managers do not reach it."""
    lab = auditor.lab
    lost = lab.nodes[-1].name

    def unreachable(topology: Topology) -> Topology:
        nodes = (
            replace(node, manager=True, reachability="unreachable") if node.name == lost else node
            for node in topology.nodes
        )
        return replace(topology, nodes=tuple(nodes))

    (found,) = auditor.as_if(lab.manager, CHECKS, unreachable)

    assert (found.code, found.subject.peer) == ("control_manager_unreachable", lost)
    assert auditor.as_if(lab.nodes[1], CHECKS, unreachable) == ()


def test_a_swarm_without_a_leader_is_told_by_its_managers(auditor: LabAuditor) -> None:
    """Of two managers one is cut off: the other's Engine cannot tell the Swarm's state."""
    lab = auditor.lab
    manager, victim, worker = lab.nodes
    engine = Engine(f"unix://{manager.socket}", str(netns_folder(manager)))

    def leaderless() -> bool:
        try:
            engine.topology()
        except EngineError:
            return True
        return False

    with _managers(lab, victim):
        known = {node.name: auditor.situation(node) for node in (manager, worker)}
        with blocked(lab, victim, MANAGEMENT_PORT, "tcp"):
            wait_until(leaderless, GIVEN_UP_WITHIN_SECONDS, "the manager knows no leader")
            later = time.time() + 100
            assert _codes(replace(known[manager.name], now=later)) == [("control_no_leader", "")]
            assert _codes(replace(known[worker.name], now=later)) == [
                ("control_topology_stale", "")
            ]
        wait_until(lambda: not leaderless(), GIVEN_UP_WITHIN_SECONDS, "there is a leader again")
        _wait_for_codes(auditor)
    _wait_for_codes(auditor)
