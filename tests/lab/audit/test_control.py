"""Is what ails the control plane found, once, by the node that speaks for the Swarm?

Not made here: a manager that is up and takes no part. Both go over one port, so that who cannot be
reached for decisions is soon down as well. A constructed topology stands in for it in
tests/probes/audit/test_control.py.
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
from probes.swarm.connection import EngineError
from probes.swarm.engine import Engine
from tests.lab.audit.looking import LabAuditor, netns_folder
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

#: Swarm gives a node up after three heartbeats, of about 5 s each, and a new leader starts anew.
GIVEN_UP_WITHIN_SECONDS = 120.0


def _codes(situation: Situation) -> list[tuple[str, str]]:
    return [(item.code, item.subject.peer) for item in audit(situation, CHECKS).findings]


def _wait_for_codes(auditor: LabAuditor, node: Node, *expected: tuple[str, str]) -> None:
    wait_until(
        lambda: _codes(auditor.situation(node)) == [*expected],
        GIVEN_UP_WITHIN_SECONDS,
        f"{node.name} shows {expected or 'nothing'}",
    )


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


@contextmanager
def _management_blocked(lab: Lab, node: Node) -> Iterator[None]:
    """Drop 2377, both ways."""
    rules = [
        (chain, "-p", "tcp", port, "2377", "-j", "DROP")
        for chain in ("INPUT", "OUTPUT")
        for port in ("--dport", "--sport")
    ]
    for rule in rules:
        lab.exec(node, "iptables", "-I", *rule)
    try:
        yield
    finally:
        for rule in rules:
            lab.exec(node, "iptables", "-D", *rule)


def test_a_node_that_is_cut_off_is_told_as_down(auditor: LabAuditor) -> None:
    """By the leader, and by nobody else."""
    lab = auditor.lab
    manager, other, victim = lab.nodes
    _wait_for_codes(auditor, manager)
    lab.cut(victim)
    try:
        _wait_for_codes(auditor, manager, ("control_node_down", victim.name))
        assert _codes(auditor.situation(other)) == []
    finally:
        lab.rejoin(victim)
    _wait_for_codes(auditor, manager)


def test_a_lost_manager_puts_the_quorum_at_risk(auditor: LabAuditor) -> None:
    """Of three, the two that are left must both stay."""
    lab = auditor.lab
    manager, _, victim = lab.nodes
    with _managers(lab, *lab.nodes[1:]):
        _wait_for_codes(auditor, manager)
        with _management_blocked(lab, victim):
            _wait_for_codes(
                auditor,
                manager,
                ("control_node_down", victim.name),
                ("control_quorum_at_risk", ""),
            )
        _wait_for_codes(auditor, manager)
    _wait_for_codes(auditor, manager)


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
        with _management_blocked(lab, victim):
            wait_until(leaderless, GIVEN_UP_WITHIN_SECONDS, "the manager knows no leader")
            later = time.time() + 100
            assert _codes(replace(known[manager.name], now=later)) == [("control_no_leader", "")]
            assert _codes(replace(known[worker.name], now=later)) == [
                ("control_topology_stale", "")
            ]
        wait_until(lambda: not leaderless(), GIVEN_UP_WITHIN_SECONDS, "there is a leader again")
        _wait_for_codes(auditor, manager)
    _wait_for_codes(auditor, manager)
