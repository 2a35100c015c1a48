"""Is a node that gossip does not reach found, and what gossip has not brought?

Single entries that gossip lost, or kept, cannot be made: nothing but a fault of the Engine does
that (moby#53141, moby#47728). What the lab's Engines say is changed as it would be.
"""

from dataclasses import replace

import pytest

from probes.audit.gossip import CHECKS
from probes.audit.round import audit
from probes.audit.situation import Situation
from probes.model.finding import Finding
from probes.model.gossip import GossipTask, NetworkView
from tests.lab.audit.blocking import blocked
from tests.lab.audit.looking import LabAuditor
from tests.lab.errors import LabError
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.faults,
    pytest.mark.usefixtures("spread_afterwards"),
]

NETWORK = "shop_app"
GOSSIP_PORT, MANAGEMENT_PORT = 7946, 2377
#: Memberlist takes some seconds to give a node up, and an Engine up to a minute to try again.
CONVERGED_WITHIN_SECONDS = 120.0
#: Longer than two views may be read apart, and not so long that they are old.
_UNCHANGED_SECONDS = 130.0


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
    with blocked(lab, victim, GOSSIP_PORT, "tcp", "udp"):
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


def _settled(auditor: LabAuditor, node: Node) -> Situation:
    """Look when all Engines have heard of everything, as if nothing had changed for a while.

    Views that were read around a change say nothing.
    """

    def told() -> list[Situation]:
        seen = auditor.situation(node)
        now = seen.now + _UNCHANGED_SECONDS
        topology = replace(seen.topology, read_at=now)
        views = tuple(replace(view, read_at=now) for view in seen.views)
        later = replace(seen, topology=topology, views=views, now=now)
        if found := audit(later, CHECKS).findings:
            raise LabError(f"found {found}")
        return [later]

    return wait_until(told, CONVERGED_WITHIN_SECONDS, "gossip has brought everything")[0]


def _changed(view: NetworkView, service: str, tasks: tuple[GossipTask, ...]) -> NetworkView:
    services = (
        replace(item, tasks=tasks) if item.name == service else item for item in view.services
    )
    return replace(view, services=tuple(services))


def test_an_entry_that_gossip_lost_or_kept_is_told(auditor: LabAuditor) -> None:
    """By this node, of this network, with the task's names."""
    settled = _settled(auditor, auditor.lab.manager)
    service = "shop_web"
    (view,) = (
        item for item in settled.views if settled.lookup.networks[item.network_id].name == NETWORK
    )
    others = tuple(item for item in settled.views if item != view)
    (tasks,) = (item.tasks for item in view.services if item.name == service)
    ghost = replace(tasks[0], name=f"{service}.9.gone", address=tasks[0].address + 100)

    lost = replace(settled, views=(*others, _changed(view, service, tasks[1:])))
    kept = replace(settled, views=(*others, _changed(view, service, (*tasks, ghost))))

    (missing,) = audit(lost, CHECKS).findings
    assert (missing.code, missing.subject.item) == ("gossip_task_missing", str(tasks[0].address))
    assert (missing.subject.network, missing.subject.service) == (NETWORK, service)
    (stale,) = audit(kept, CHECKS).findings
    assert (stale.code, stale.subject.task) == ("gossip_task_stale", ghost.name)


def test_a_node_that_believes_something_else_is_told(auditor: LabAuditor) -> None:
    """By itself, with who says otherwise; the majority has nothing to tell."""
    other, odd = auditor.lab.nodes[1:]

    def found(node: Node) -> list[tuple[str, str]]:
        seen = _settled(auditor, node)
        (network,) = (item for item in seen.topology.networks if item.name == NETWORK)
        (odd_id,) = (item.id for item in seen.topology.nodes if item.name == odd.name)
        reports = {
            node_id: replace(
                report,
                views=tuple(
                    replace(view, digest="other", endpoints=view.endpoints - 1)
                    if (node_id, view.network_id) == (odd_id, network.id)
                    else view
                    for view in report.views
                ),
            )
            for node_id, report in seen.reports.items()
        }
        told = replace(seen, reports=reports)
        return [(item.code, item.subject.network) for item in audit(told, CHECKS).findings]

    assert found(odd) == [("gossip_view_differs", NETWORK)]
    assert found(other) == []


def test_a_dead_node_that_gossip_goes_on_about_is_told(auditor: LabAuditor) -> None:
    """For the managers it is down, nobody looks from it, and the Engines still count on it."""
    lab = auditor.lab
    manager, victim = lab.manager, lab.nodes[-1]

    def left_over() -> list[str]:
        return [
            item.subject.peer
            for item in _gossip_findings(auditor, manager)
            if item.code == "gossip_node_left_over"
        ]

    with blocked(lab, victim, MANAGEMENT_PORT, "tcp"):
        wait_until(
            lambda: left_over() == [victim.name],
            CONVERGED_WITHIN_SECONDS,
            f"{manager.name} tells that {victim.name} is left over",
        )
    wait_until(
        lambda: not left_over(), CONVERGED_WITHIN_SECONDS, f"{victim.name} is a node like others"
    )
