"""Does the audit of the control plane name what is down, once?"""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from probes.audit import services
from probes.audit.control import CHECKS
from probes.model.probe import Kind, Probe, ProbeId, Target, TcpLook
from probes.model.result import Outcome, Result
from probes.model.topology import Node, NodeReport, Task, Topology
from probes.model.vantage import HOST
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import node, service, task


def _manager(number: int, **fields: str | bool) -> Node:
    made = replace(node(number), manager=True, reachability="reachable")
    return replace(made, leader=number == 1, **fields)  # type: ignore[arg-type]


AGENT = service("swarmscope_agent")


def _agent_of(at: Node, **fields: str | float) -> Task:
    made = task(AGENT, 0, at, 0)
    return replace(made, id=f"agent-{at.id}", slot=None, **fields)  # type: ignore[arg-type]


NODES = tuple(_manager(number) for number in (1, 2, 3))
SWARM = Topology(
    nodes=NODES,
    services=(AGENT,),
    tasks=tuple(_agent_of(at) for at in NODES),
    reports=tuple(NodeReport(node_id=at.id) for at in NODES),
    read_at=NOW,
)


def _looked(at: str, outcome: Outcome = Outcome.OK) -> Result:
    probe_id = ProbeId(
        probe=Kind.TCP,
        target=Target.NODE,
        network="host",
        source_service=AGENT.name,
        source_node="node1",
        destination_service=AGENT.name,
        destination_node=at,
        endpoint="9877",
    )
    probe = Probe(
        id=probe_id,
        look=TcpLook(address=IPv4Address("198.18.0.13"), port=9877),
        vantage=HOST,
        interval_seconds=10,
        timeout_seconds=2,
    )
    return Result(probe=probe, outcome=outcome, detail="", started_at=NOW, seconds=0)


def _found(
    topology: Topology, node_id: str = "n1", results: Iterable[Result] = (_looked("node2"),)
) -> list[tuple[str, str, str]]:
    at = situation(topology, node_id, results=tuple(results))
    return [(item.code, item.subject.peer, item.subject.item) for item in found(CHECKS, at)]


def _with(*nodes: Node) -> Topology:
    others = {item.id: item for item in nodes}
    return replace(SWARM, nodes=tuple(others.get(item.id, item) for item in NODES))


def test_a_swarm_that_is_whole_has_no_finding() -> None:
    """Nor has one with a single manager, which is no more at risk than it ever was."""
    alone = replace(SWARM, nodes=(NODES[0], node(2), node(3)))

    assert _found(SWARM) == []
    assert _found(alone) == []


@pytest.mark.parametrize("state", ["down", "disconnected"])
def test_a_node_that_is_down_is_told_once(state: str) -> None:
    """By the leader's agent, with what the underlay says; and by nobody else."""
    topology = replace(
        _with(replace(NODES[2], state=state)),
        nodes=(
            *NODES[:2],
            replace(node(3), state=state),
        ),
    )

    at = situation(topology, results=(_looked("node3", Outcome.TIMEOUT),))
    (finding,) = found(CHECKS, at)

    assert (finding.code, finding.subject.peer) == ("control_node_down", "node3")
    assert [row.actual for row in finding.evidence] == [state, "timeout"]
    assert _found(topology, "n2") == []


def test_a_drained_node_may_be_taken_away() -> None:
    """Somebody drained it for that."""
    taken = replace(node(3), state="down", availability="drain")

    assert _found(replace(SWARM, nodes=(*NODES[:2], taken))) == []


def test_a_manager_that_is_lost_puts_the_quorum_at_risk() -> None:
    """Down or only unreachable: each is told as what it is."""
    down = _with(_manager(3, state="down", reachability="unreachable"))
    unreachable = _with(_manager(3, reachability="unreachable"))

    assert _found(down) == [
        ("control_node_down", "node3", ""),
        ("control_quorum_at_risk", "", "managers"),
    ]
    assert _found(unreachable) == [
        ("control_manager_unreachable", "node3", ""),
        ("control_quorum_at_risk", "", "managers"),
    ]


def test_one_of_five_managers_may_fail() -> None:
    """A further one may, too."""
    five = (*NODES, _manager(4), _manager(5, state="down", reachability="unreachable"))

    assert _found(replace(SWARM, nodes=five)) == [("control_node_down", "node5", "")]


@pytest.mark.parametrize(
    ("manager", "code"), [(True, "control_no_leader"), (False, "control_topology_stale")]
)
def test_an_old_topology_is_told_by_what_the_node_is(manager: bool, code: str) -> None:  # noqa: FBT001 -- a table's column
    """A manager's own Engine does not answer for the Swarm; a worker is told nothing."""
    nodes = (NODES[0], replace(node(2), manager=manager), NODES[2])
    old = replace(SWARM, nodes=nodes, read_at=NOW - 100)
    fresh = replace(old, read_at=NOW - 80)

    assert _found(old, "n2") == [(code, "", "")]
    assert _found(fresh, "n2") == []


@pytest.mark.parametrize(
    ("topology", "told"),
    [
        (
            replace(SWARM, tasks=(*SWARM.tasks[:2], _agent_of(NODES[2], state="rejected"))),
            True,
        ),
        (replace(SWARM, reports=SWARM.reports[:2]), True),
        (replace(SWARM, tasks=SWARM.tasks[:2], reports=SWARM.reports[:2]), False),
        (
            replace(
                _with(_manager(3, availability="drain")),
                tasks=(*SWARM.tasks[:2], _agent_of(NODES[2], desired_state="shutdown")),
            ),
            False,
        ),
    ],
)
def test_a_node_whose_agent_is_missing_is_told(topology: Topology, told: bool) -> None:  # noqa: FBT001 -- a table's column
    """Its task does not run, or has reported nothing; a node without one needs none."""
    expected = [("control_agent_missing", "node3", "")] if told else []

    assert _found(topology) == expected
    assert _found(topology, "n2") == []


def test_a_missing_agent_is_not_told_as_a_lack_of_its_service_too() -> None:
    """The same lack in another service is."""
    tasks = (*SWARM.tasks[:2], _agent_of(NODES[2], state="rejected"))
    topology = replace(SWARM, services=(replace(AGENT, mode="global"),), tasks=tasks)

    def told(*results: Result) -> list[str]:
        at = situation(topology, "n1", results=results)
        return [item.code for item in found((*CHECKS, *services.CHECKS), at)]

    assert told(_looked("node2")) == ["control_agent_missing"]
    assert told() == ["service_degraded"]


def test_without_probes_between_agents_nobody_knows_which_service_they_are() -> None:
    """Then nothing is missed."""
    assert _found(replace(SWARM, tasks=()), results=()) == []
