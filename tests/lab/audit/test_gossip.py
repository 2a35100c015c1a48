"""Is a node that gossip does not reach found, and what gossip has not brought?

Not made here: single entries that gossip lost, or kept. Nothing but a fault of the Engine does that
(moby#53141, moby#47728); what the lab's Engines say is changed as it would be.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from probes.audit.gossip import CHECKS
from probes.audit.round import audit
from probes.model.finding import Finding
from probes.model.gossip import GossipTask, NetworkView
from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

NETWORK = "shop_app"
#: Memberlist takes some seconds to give a node up, and an Engine up to a minute to try again.
CONVERGED_WITHIN_SECONDS = 120.0


@contextmanager
def _gossip_blocked(lab: Lab, node: Node) -> Iterator[None]:
    """Drop 7946, both protocols and both ways, as a firewall between the nodes does."""
    rules = [
        (chain, "-p", protocol, "--dport", "7946", "-j", "DROP")
        for chain in ("INPUT", "OUTPUT")
        for protocol in ("tcp", "udp")
    ]
    for rule in rules:
        lab.exec(node, "iptables", "-I", *rule)
    try:
        yield
    finally:
        for rule in rules:
            lab.exec(node, "iptables", "-D", *rule)


def _gossip_findings(auditor: LabAuditor, node: Node) -> list[Finding]:
    """Look with the family's checks alone: others find what follows from it."""
    return list(audit(auditor.situation(node), CHECKS).findings)


def test_gossip_that_is_well_has_no_finding(auditor: LabAuditor) -> None:
    """All Engines believe the same, and what the Swarm says."""
    wait_until(
        lambda: not any(_gossip_findings(auditor, node) for node in auditor.lab.nodes),
        CONVERGED_WITHIN_SECONDS,
        "gossip has converged",
    )


def test_a_node_that_is_cut_off_from_gossip_is_named_by_the_leader(auditor: LabAuditor) -> None:
    """One finding for all networks; the other nodes leave it to the leader."""
    lab = auditor.lab
    manager, other, victim = lab.nodes
    with _gossip_blocked(lab, victim):
        auditor.wait_for(
            manager,
            "gossip_peer_missing",
            timeout=CONVERGED_WITHIN_SECONDS,
            peer=victim.name,
            network="",
        )
        assert [item.code for item in _gossip_findings(auditor, manager)] == ["gossip_peer_missing"]
        assert _gossip_findings(auditor, other) == []
        assert _gossip_findings(auditor, victim) == []

    wait_until(
        lambda: not any(_gossip_findings(auditor, node) for node in lab.nodes),
        CONVERGED_WITHIN_SECONDS,
        "gossip has converged again",
    )


def _changed(view: NetworkView, service: str, tasks: tuple[GossipTask, ...]) -> NetworkView:
    services = (
        replace(item, tasks=tasks) if item.name == service else item for item in view.services
    )
    return replace(view, services=tuple(services))


def test_an_entry_that_gossip_lost_or_kept_is_told(auditor: LabAuditor) -> None:
    """By this node, of this network, with the task's names."""
    node = auditor.lab.manager
    situation = auditor.situation(node)
    service = "shop_web"
    settled = replace(
        situation,
        now=time.time() + 60,
        views=tuple(replace(view, read_at=time.time() + 60) for view in situation.views),
    )
    (view,) = (
        item for item in settled.views if settled.lookup.networks[item.network_id].name == NETWORK
    )
    others = tuple(item for item in settled.views if item != view)
    (tasks,) = (item.tasks for item in view.services if item.name == service)
    ghost = replace(tasks[0], name=f"{service}.9.gone", address=tasks[0].address + 100)

    lost = replace(settled, views=(*others, _changed(view, service, tasks[1:])))
    kept = replace(settled, views=(*others, _changed(view, service, (*tasks, ghost))))

    assert audit(settled, CHECKS).findings == ()
    (missing,) = audit(lost, CHECKS).findings
    assert (missing.code, missing.subject.item) == ("gossip_task_missing", str(tasks[0].address))
    assert (missing.subject.network, missing.subject.service) == (NETWORK, service)
    (stale,) = audit(kept, CHECKS).findings
    assert (stale.code, stale.subject.task) == ("gossip_task_stale", ghost.name)
