"""Findings: what the Engines tell each other of a network, and what has not arrived."""

from probes.findings.spec import OLD_NEWS, Culprit, FindingSpec, Reach
from probes.model.finding import Severity

PEER_MISSING = FindingSpec(
    code="gossip_peer_missing",
    severity=Severity.CRITICAL,
    # Longer than two agents' views of one network may be apart.
    hold_seconds=90,
    meaning="A node is cut off from the others' gossip: they do not learn of its tasks' names and "
    "addresses, nor it of theirs.",
    evidence="The nodes that take part in the network, and those that each of them knows.",
    remedy="nc -zv {address} 7946  # from the others; open 7946/tcp and 7946/udp both ways, then "
    "restart the Engine of {peer}",
    references=("moby#28564", "moby#33589", "libnetwork#2134"),
    culprit=Culprit.PEER,
    reach=Reach.NODE,
    rank=3,
    explains=OLD_NEWS,
)
TASK_MISSING = FindingSpec(
    code="gossip_task_missing",
    severity=Severity.CRITICAL,
    hold_seconds=120,
    meaning="This node does not know of running tasks: names do not lead to them here, and load "
    "balancers pass them over.",
    evidence="The running tasks by the Swarm, and what this node's Engine lists.",
    remedy="docker service update --force {service}",
    references=("moby#53141", "moby#47728", "libnetwork#2256"),
)
TASK_STALE = FindingSpec(
    code="gossip_task_stale",
    severity=Severity.CRITICAL,
    hold_seconds=120,
    meaning="This node still believes in tasks that are gone: names lead to addresses where nobody "
    "is, or somebody else.",
    evidence="The running tasks by the Swarm, and what this node's Engine lists beside them.",
    remedy="docker service update --force {service}",
    references=("moby#35548", "moby#47728", "moby#36797"),
)
VIEW_DIFFERS = FindingSpec(
    code="gossip_view_differs",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="This node's Engine believes something else of a network than most others: what it "
    "resolves and balances there may be wrong.",
    evidence="What most nodes believe, folded into one number, and what this one does.",
    remedy="docker network inspect --verbose {network}  # here and on {peer}; restart the Engine "
    "of {node} if they still differ",
    references=("moby#47728", "libnetwork#2134", "moby#41416"),
)
NODE_LEFT_OVER = FindingSpec(
    code="gossip_node_left_over",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="This node still counts on one that is down or has left, and may send it traffic.",
    evidence="The nodes that are ready, and the gossip peers or VTEPs that are none of them.",
    remedy="docker node ls  # then restart the Engine of {node}",
    references=("moby#35548", "moby#41416"),
)

FINDINGS = (PEER_MISSING, TASK_MISSING, TASK_STALE, VIEW_DIFFERS, NODE_LEFT_OVER)
