"""Findings: the control plane, on which every change depends, and who is there to look."""

from probes.findings.spec import Culprit, FindingSpec, Reach
from probes.model.finding import Severity

NODE_DOWN = FindingSpec(
    code="control_node_down",
    severity=Severity.CRITICAL,
    # Swarm takes 15 s to say so, and a restarted Engine is back within the rest.
    hold_seconds=20,
    patient=False,
    meaning="A node is down: its tasks are lost, and what fails towards it fails for that reason.",
    evidence="The state that the managers tell, and whether its agent still answers.",
    remedy="docker node ps {peer}; ping -c 3 {address}  # then, on {peer}: systemctl status docker",
    references=("swarmkit manager/dispatcher", "moby#36696"),
    culprit=Culprit.PEER,
    reach=Reach.NODE,
    rank=1,
    # Tasks that it took along are started elsewhere, or cannot be.
    explains=("service_degraded", "service_stuck", "declared_too_few"),
)
MANAGER_UNREACHABLE = FindingSpec(
    code="control_manager_unreachable",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A manager that is up takes no part in the managers' decisions.",
    evidence="Its reachability, as the leader tells it.",
    remedy="docker node inspect --pretty {peer}; nc -zv {address} 2377  # open 2377/tcp both ways",
    references=("moby#29087", "moby#36696"),
    culprit=Culprit.PEER,
    reach=Reach.NOTHING,
)
QUORUM_AT_RISK = FindingSpec(
    code="control_quorum_at_risk",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="If one more manager fails, the Swarm can change nothing any more.",
    evidence="Managers that must be reachable, and those that are.",
    remedy="docker node ls --filter role=manager  # bring {peer} back, or promote another node",
    references=("swarmkit manager/state/raft", "moby#36696"),
    culprit=Culprit.NONE,
    reach=Reach.NOTHING,
)
NO_LEADER = FindingSpec(
    code="control_no_leader",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="The Swarm is frozen: this manager's Engine knows no leader, so nothing is scheduled, "
    "restarted or updated.",
    evidence="When the Swarm's state was last read, and how long ago that is.",
    remedy="docker info --format '{{{{json .Swarm}}}}'  # on {node}; bring back as many managers "
    "as make a majority",
    references=("moby#36696", "moby#29087"),
    culprit=Culprit.NONE,
    reach=Reach.NOTHING,
    # Without a leader, nobody learns what the Swarm should look like.
    explains=(
        "control_topology_stale",
        "control_manager_unreachable",
        "control_quorum_at_risk",
        "control_agent_missing",
    ),
)
TOPOLOGY_STALE = FindingSpec(
    code="control_topology_stale",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="No manager's agent tells this node what should be here: its findings are blind.",
    evidence="When the Swarm's state was last read, and how long ago that is.",
    remedy="docker info --format '{{{{json .Swarm.RemoteManagers}}}}'  # on {node}; is the agent's "
    "port open between the nodes?",
    references=("moby#30455",),
    reach=Reach.NOTHING,
)
AGENT_MISSING = FindingSpec(
    code="control_agent_missing",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="Nobody looks from a node: its agent does not run, or tells the managers nothing.",
    evidence="The agent's task on the node, and its report.",
    remedy="docker service ps --no-trunc --filter node={peer} {service}",
    references=("moby#36696",),
    # An agent that cannot start is on its way for ever.
    patient=False,
    culprit=Culprit.PEER,
)

FINDINGS = (
    NODE_DOWN,
    MANAGER_UNREACHABLE,
    QUORUM_AT_RISK,
    NO_LEADER,
    TOPOLOGY_STALE,
    AGENT_MISSING,
)
