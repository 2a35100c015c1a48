"""Who speaks for the whole Swarm? What every node can see is found by one of them alone."""

from probes.audit.situation import Situation
from probes.model.topology import Node


def speaks_for_swarm(situation: Situation) -> bool:
    """Tell whether it is this node that finds what is no single node's own.

    It is the leader; while nobody leads, or the leader's agent is silent, another manager.
    """
    managers = [node for node in situation.topology.nodes if node.manager and node.state == "ready"]
    if not managers:
        return False

    def rank(node: Node) -> tuple[bool, bool, bool, str]:
        reported = node.id in situation.reports or node.id == situation.node.id
        return not reported, not node.leader, node.reachability == "unreachable", node.id

    return min(managers, key=rank).id == situation.node.id
