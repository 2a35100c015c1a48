"""Findings: published ports, and what the routing mesh needs on each node."""

from probes.findings.spec import Culprit, FindingSpec
from probes.model.finding import Severity

PORT_DEAD = FindingSpec(
    code="ingress_port_dead",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A published port does not answer on this node; clients that come here fail.",
    evidence="What became of a connection to the node's own address, and on which other nodes the "
    "port answers.",
    remedy="docker service ps {service}; iptables -t nat -S DOCKER-INGRESS  # on {node}; then "
    "restart the Engine there",
    references=("moby#40590", "moby#35212", "moby#33195", "moby#25693"),
)
PORT_DEAD_EVERYWHERE = FindingSpec(
    code="ingress_port_dead_everywhere",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A published port answers on no node, though its tasks run.",
    evidence="What became of a connection on this node, and the nodes that say the same.",
    remedy="docker service inspect --pretty {service}; docker service logs --tail 20 {service}",
    references=("moby#34987", "swarmkit#2937"),
    culprit=Culprit.NONE,
)
NAMESPACE_MISSING = FindingSpec(
    code="ingress_namespace_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="No published port answers on this node: the routing mesh's namespace is not there.",
    evidence="The namespace ingress_sbox, and the services that publish ports.",
    remedy="docker network inspect ingress  # on {node}; then restart the Engine there",
    references=("for-linux#237", "moby#34987", "moby#35941"),
)
RULE_MISSING = FindingSpec(
    code="ingress_rule_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A published port accepts connections on this node and never answers: the rule that "
    "leads them into the routing mesh is lost.",
    evidence="The rule of the chain DOCKER-INGRESS, and none.",
    remedy="iptables -t nat -S DOCKER-INGRESS  # on {node}; then restart the Engine there",
    references=("moby#50443", "moby#33893", "firehol#381"),
)
MARK_MISSING = FindingSpec(
    code="ingress_mark_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A published port is refused on this node: in the routing mesh's namespace nothing "
    "marks its packets for the load balancer.",
    evidence="The rule that marks the port's packets, and none.",
    remedy="nsenter --net=/var/run/docker/netns/ingress_sbox iptables -t mangle -S  # on {node}; "
    "then restart the Engine there",
    references=("swarmkit#2937", "cli#2274", "moby#50443"),
)
VIRTUAL_SERVICE_MISSING = FindingSpec(
    code="ingress_virtual_service_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A published port is refused on this node: the load balancer knows no service, or no "
    "task, for its mark.",
    evidence="The IPVS service of the mark and its destinations, and what is there.",
    remedy="docker service update --force {service}",
    references=("moby#40590", "moby#26672"),
)
BACKEND_MISSING = FindingSpec(
    code="ingress_backend_missing",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A running task gets no request that comes to its published port on this node.",
    evidence="The IPVS destination that the task calls for, and what is there.",
    remedy="docker service update --force {service}",
    references=("moby#40590", "moby#26672"),
)
BACKEND_STALE = FindingSpec(
    code="ingress_backend_stale",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Some of the connections to a published port on this node go where none of its tasks "
    "is, and fail.",
    evidence="The tasks' addresses, and the IPVS destination that is none of them.",
    remedy="docker service update --force {service}",
    references=("moby#26672", "moby#30321"),
)
GWBRIDGE_MISSING = FindingSpec(
    code="ingress_gwbridge_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Published ports do not answer on this node, its tasks reach nothing outside, and "
    "tasks that start here fail: the bridge between them and the node is not there.",
    evidence="The device docker_gwbridge, and none.",
    remedy="docker network inspect docker_gwbridge  # on {node}; then restart the Engine there",
    references=("for-linux#599",),
)
GWBRIDGE_DOWN = FindingSpec(
    code="ingress_gwbridge_down",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Published ports do not answer on this node, and its tasks reach nothing outside: the "
    "bridge between them and the node is down.",
    evidence="The device docker_gwbridge up, and down.",
    remedy="ip link set {item} up  # on {node}",
    references=("for-linux#599",),
)

FINDINGS = (
    PORT_DEAD,
    PORT_DEAD_EVERYWHERE,
    NAMESPACE_MISSING,
    RULE_MISSING,
    MARK_MISSING,
    VIRTUAL_SERVICE_MISSING,
    BACKEND_MISSING,
    BACKEND_STALE,
    GWBRIDGE_MISSING,
    GWBRIDGE_DOWN,
)
