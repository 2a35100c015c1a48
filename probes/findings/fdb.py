"""Findings: forwarding entries and neighbours of overlays."""

from probes.findings.spec import OLD_NEWS, Culprit, FindingSpec, Reach
from probes.model.finding import Severity

MISSING = FindingSpec(
    code="fdb_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Frames for a running task are dropped here: no forwarding entry says where it is.",
    evidence="The static entry that the task's address and its node's VTEP call for, and none.",
    remedy="docker service update --force {service}",
    references=("moby#52661", "moby#53663", "kernel drivers/net/vxlan, VXLAN_NO_REMOTE"),
)
PEER_MISSING = FindingSpec(
    code="fdb_peer_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Nothing on this node leads to any task of the network on another node: this node's "
    "Engine was not told of them.",
    evidence="The entries that the node's tasks call for, and none of them.",
    remedy="nc -vz {item} 7946; systemctl restart docker  # on {node}; gossip takes TCP and UDP "
    "7946 between all nodes",
    references=("moby#32195", "moby#33872", "libnetwork#2134", "moby#53141"),
    culprit=Culprit.EITHER,
    reach=Reach.NODE,
    rank=3,
    explains=OLD_NEWS,
)
LEARNED_ONLY = FindingSpec(
    code="fdb_learned_only",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A running task is reached only while there is traffic: its entry was learned, not "
    "written, and is forgotten after 300 s.",
    evidence="The static entry that should be there, and the learned one that is.",
    remedy="docker service update --force {service}",
    references=("moby#52661", "moby#53663"),
)
WRONG_VTEP = FindingSpec(
    code="fdb_wrong_vtep",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Frames for a running task go to the wrong node, and frames from it are dropped here.",
    evidence="The VTEP of the node that the task runs on, and the VTEP of the entry.",
    remedy="docker service update --force {service}",
    references=("moby#31588", "moby#35401", "kernel vxlan_snoop(), VXLAN_ENTRY_EXISTS"),
)
UNKNOWN_VTEP = FindingSpec(
    code="fdb_unknown_vtep",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="Forwarding entries point at an address that no node of the Swarm has.",
    evidence="The nodes' VTEPs, and the one of the entries.",
    remedy="docker node ls; docker network inspect --verbose {network}",
    references=("moby#35548", "moby#41043"),
)
STALE = FindingSpec(
    code="fdb_stale",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="Entries of a task that is gone stay behind; once its address is used again on another "
    "node, that task cannot be reached from here, nor answer.",
    evidence="Nobody at the address, by the Swarm and by all agents, and the rows that are left.",
    # On {node}. A forwarding entry is deleted whatever its VTEP when none is named.
    remedy="nsenter --net=/var/run/docker/netns/{namespace} ip neigh del {item} dev vxlan0; "
    "nsenter --net=/var/run/docker/netns/{namespace} bridge fdb del {mac} dev vxlan0 self",
    references=("moby#52661", "moby#35401", "moby#32195"),
)
SELF_REFERENCE = FindingSpec(
    code="fdb_self_reference",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Frames for a task of this very node leave through VXLAN instead of its own port.",
    evidence="The task's own port, and the row that sends its frames out of the node.",
    remedy="docker service update --force {service}",
    references=("libnetwork#1952", "moby#29024", "moby#32195"),
)
WRONG_PORT = FindingSpec(
    code="fdb_wrong_port",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="The bridge still sends a moved task's frames to the port of its predecessor here, "
    "until the task sends something, or 300 s have passed.",
    evidence="The VXLAN device, and the port that the bridge learned.",
    remedy="docker service update --force {service}",
    references=("libnetwork#1792", "libnetwork#1783"),
)
NEIGHBOUR_MISSING = FindingSpec(
    code="neighbour_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A running task cannot be reached from this node: nobody here knows its MAC, and "
    "Engines since 25 do not ask again.",
    evidence="The permanent neighbour that the task's address calls for, and none.",
    remedy="docker service update --force {service}",
    references=("moby#32195", "moby#33872", "libnetwork#2089"),
)

FINDINGS = (
    MISSING,
    PEER_MISSING,
    LEARNED_ONLY,
    WRONG_VTEP,
    UNKNOWN_VTEP,
    STALE,
    SELF_REFERENCE,
    WRONG_PORT,
    NEIGHBOUR_MISSING,
)
