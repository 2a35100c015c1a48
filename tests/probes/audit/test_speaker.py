"""Does just one node speak for the Swarm?"""

from dataclasses import replace

import pytest

from probes.audit.speaker import speaks_for_swarm
from probes.model.topology import Node, NodeReport, Topology
from tests.probes.audit.situations import situation
from tests.swarms import node

LEADER = replace(node(3), manager=True, leader=True, reachability="reachable")
OTHER = replace(node(1), manager=True, reachability="reachable")
THIRD = replace(node(2), manager=True, reachability="reachable")
WORKER = node(4)


def speakers(*nodes: Node, silent: str = "") -> list[str]:
    """Name the nodes that speak; the agents of all but *silent* have reported."""
    reports = tuple(NodeReport(node_id=item.id) for item in nodes if item.id != silent)
    topology = Topology(nodes=nodes, reports=reports)
    standing = [item for item in nodes if item.id != silent]
    return [
        item.name for item in standing if speaks_for_swarm(situation(topology, node_id=item.id))
    ]


@pytest.mark.parametrize(
    ("nodes", "silent", "speaker"),
    [
        ((OTHER, THIRD, LEADER, WORKER), "", "node3"),
        ((OTHER, THIRD, LEADER, WORKER), "n3", "node1"),
        ((replace(OTHER, reachability="unreachable"), THIRD, WORKER), "", "node2"),
        ((OTHER, THIRD, replace(LEADER, leader=False)), "", "node1"),
        ((OTHER, THIRD, replace(LEADER, state="down")), "", "node1"),
    ],
)
def test_one_manager_speaks(nodes: tuple[Node, ...], silent: str, speaker: str) -> None:
    """The leader, unless its agent is silent or nobody leads; then a reachable one."""
    assert speakers(*nodes, silent=silent) == [speaker]


def test_no_worker_ever_speaks() -> None:
    """Without a manager the topology is old anyway."""
    assert speakers(WORKER) == []
