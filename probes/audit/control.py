"""Is every node there, do the managers rule, and does somebody look from everywhere?

What all nodes would see is told by one, which speaks for the Swarm. A node that is down is told of
once, and explains what fails towards it; other checks leave it out.
"""

from collections import defaultdict
from collections.abc import Iterator

from probes.audit.check import Answer, Check
from probes.audit.own_service import own_service
from probes.audit.situation import Situation
from probes.audit.speaker import speaks_for_swarm
from probes.findings import control as findings
from probes.model.finding import Evidence, Subject
from probes.model.probe import Target
from probes.model.topology import Node, Task

#: Swarm's own words for nodes that it has given up. "unknown" follows each change of leaders, and
#: turns into one of the two when it lasts (swarmkit manager/dispatcher).
_GONE = frozenset({"down", "disconnected"})
#: A manager's agent reads its Engine at least every 30 s unless told otherwise.
_STALE_SECONDS = 90.0
#: Fewer have no majority left when one of them fails, and no need to be told.
_FEWEST_MANAGERS = 3


def check_nodes(situation: Situation) -> Iterator[Answer]:
    """Look for nodes that are down; one that was drained may be taken away in peace."""
    if not speaks_for_swarm(situation):
        return
    for node in situation.topology.nodes:
        if node.state not in _GONE or node.availability == "drain":
            continue
        rows = [
            Evidence(what="docker node ls", expected=f"{node.name} Ready", actual=node.state),
            *_underlay(node, situation),
        ]
        subject = Subject(peer=node.name)
        yield findings.NODE_DOWN.found(subject, *rows, address=str(node.address or node.name))


def _underlay(node: Node, situation: Situation) -> Iterator[Evidence]:
    for result in situation.results:
        probe_id = result.probe.id
        if probe_id.target is Target.NODE and probe_id.destination_node == node.name:
            yield Evidence(
                what=f"its agent on port {probe_id.endpoint}, from {situation.node.name}",
                expected="answers",
                actual=f"{result.outcome}: {result.detail}" if result.detail else result.outcome,
            )


def check_managers(situation: Situation) -> Iterator[Answer]:
    """Look at how the managers see each other; without a leader there is no topology to look at."""
    managers = [node for node in situation.topology.nodes if node.manager]
    lost = [node for node in managers if node.reachability == "unreachable"]
    if not lost or not speaks_for_swarm(situation):
        return
    for node in lost:
        if node.state == "ready":
            evidence = Evidence(
                what=f"docker node ls, manager status of {node.name}",
                expected="Reachable",
                actual="Unreachable",
            )
            subject, address = Subject(peer=node.name), str(node.address or node.name)
            yield findings.MANAGER_UNREACHABLE.found(subject, evidence, address=address)
    majority, reachable = len(managers) // 2 + 1, len(managers) - len(lost)
    if len(managers) >= _FEWEST_MANAGERS and reachable <= majority:
        names = " ".join(sorted(node.name for node in lost))
        evidence = Evidence(
            what="managers that are reachable",
            expected=f"more than {majority} of {len(managers)}",
            actual=f"{reachable}, without {names}",
        )
        yield findings.QUORUM_AT_RISK.found(Subject(item="managers"), evidence, peer=names)


def check_topology(situation: Situation) -> Iterator[Answer]:
    """Look at how old what we know of the Swarm is."""
    age = situation.now - situation.topology.read_at
    if age <= _STALE_SECONDS:
        return
    evidence = Evidence(
        what="the Swarm's state",
        expected=f"read within {_STALE_SECONDS:.0f} s",
        actual=f"read {age:.0f} s ago",
    )
    spec = findings.NO_LEADER if situation.node.manager else findings.TOPOLOGY_STALE
    yield spec.found(Subject(), evidence)


def check_agents(situation: Situation) -> Iterator[Answer]:
    """Hold the agents' tasks, and what they report, against the nodes that have one.

    A node to which Swarm gave no agent, by a constraint or by draining, needs none.
    """
    service = own_service(situation)
    if service is None or not speaks_for_swarm(situation):
        return
    placed = defaultdict[str, list[Task]](list)
    for task in situation.lookup.tasks_of(service):
        placed[task.node_id].append(task)
    for node_id, tasks in placed.items():
        node = situation.lookup.nodes.get(node_id)
        if node is None or node.state != "ready" or node.availability == "drain":
            continue
        running = any(task.running for task in tasks)
        if running and (node_id in situation.reports or node == situation.node):
            continue
        latest = max(tasks, key=lambda task: (task.updated_at, task.id))
        evidence = Evidence(
            what=f"the agent of {node.name}",
            expected="runs, and reports to the managers",
            actual="runs, and has reported nothing" if running else _told(latest),
        )
        subject = Subject(service=service.name, peer=node.name)
        yield findings.AGENT_MISSING.found(subject, evidence)


def _told(task: Task) -> str:
    return f"{task.state}: {task.error}" if task.error else task.state


CHECKS = (
    Check(name="control nodes", finds=(findings.NODE_DOWN,), run=check_nodes),
    Check(
        name="control managers",
        finds=(findings.MANAGER_UNREACHABLE, findings.QUORUM_AT_RISK),
        run=check_managers,
    ),
    Check(
        name="control topology",
        finds=(findings.NO_LEADER, findings.TOPOLOGY_STALE),
        run=check_topology,
        needs_topology=False,
    ),
    Check(name="control agents", finds=(findings.AGENT_MISSING,), run=check_agents),
)
