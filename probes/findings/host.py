"""Findings: the node's kernel and its own firewall, on which all of its networks stand."""

from probes.findings.spec import FindingSpec, Reach
from probes.model.finding import Severity

#: A table of the kernel's that is so full refuses entries at the next burst ...
NEARLY_FULL_SHARE = 0.85
#: ... and one that is so full has begun to.
FULL_SHARE = 0.95

NO_IPVS = FindingSpec(
    code="host_no_ipvs",
    severity=Severity.CRITICAL,
    hold_seconds=0,
    meaning="No virtual IP and no published port answers on this node: its kernel has no IPVS.",
    evidence="IPVS, and the networks here whose services are balanced by it.",
    remedy="modprobe -a ip_vs ip_vs_rr xt_ipvs  # on {node}; then restart the Engine there, or "
    "deploy with endpoint_mode dnsrr",
    references=("moby#28168", "moby#24005", "moby#26930", "lxc#4278"),
    reach=Reach.BALANCED,
    # Nothing that it balances can work.
    explains=("balancer_", "ingress_"),
    lack=True,
)
FORWARDING_OFF = FindingSpec(
    code="host_forwarding_off",
    severity=Severity.CRITICAL,
    hold_seconds=0,
    meaning="This node forwards no packets: published ports do not answer from outside, and its "
    "tasks reach nothing outside.",
    evidence="The sysctl as the Engine sets it, and as it is.",
    remedy="sysctl -w {item}=1  # on {node}",
    references=("moby#50646", "moby#49538"),
    reach=Reach.NODE,
    rank=2,
)
BALANCER_FORWARDING_OFF = FindingSpec(
    code="host_balancer_forwarding_off",
    severity=Severity.CRITICAL,
    hold_seconds=0,
    meaning="Virtual IPs time out on this node: its load balancers' namespaces forward nothing, as "
    "they do when they were made while the node did not forward.",
    evidence="The sysctl in each load balancer's namespace.",
    remedy="for file in /var/run/docker/netns/lb_* /var/run/docker/netns/ingress_sbox; "
    "do nsenter --net=$file sysctl -w {item}=1; done  # on {node}",
    references=("kernel net/ipv4/devinet.c, devinet_init_net()",),
    reach=Reach.NODE,
    rank=2,
)
FORWARD_DROPS = FindingSpec(
    code="host_forward_drops",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="This node's firewall drops what it should forward: published ports do not answer "
    "from outside, and tasks reach nothing outside.",
    evidence="The chain of the hook FORWARD with Docker's own rules before every drop, and as it "
    "is.",
    remedy="iptables -S FORWARD; nft list ruleset  # on {node}; take the rule of {item} away, or "
    "put Docker's before it by restarting the Engine",
    references=("moby#32916", "moby#50443", "moby#49538"),
    reach=Reach.NODE,
    rank=2,
)
CONNTRACK_FULL = FindingSpec(
    code="host_conntrack_full",
    severity=Severity.CRITICAL,
    hold_seconds=0,
    meaning="This node refuses new connections: its table of tracked connections is full.",
    evidence="Entries, the limit, and what was refused since the round before.",
    remedy="sysctl -w net.netfilter.nf_conntrack_max={limit}  # on {node}; twice what it is",
    references=("k8s#71261", "kernel net/netfilter/nf_conntrack_core.c"),
    reach=Reach.NODE,
    rank=2,
)
CONNTRACK_NEARLY_FULL = FindingSpec(
    code="host_conntrack_nearly_full",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="This node will soon refuse new connections: its table of tracked connections fills.",
    evidence="Entries, and the limit.",
    remedy="sysctl -w net.netfilter.nf_conntrack_max={limit}  # on {node}; twice what it is",
    references=("k8s#71261",),
)
NEIGHBOURS_FULL = FindingSpec(
    code="host_neighbours_full",
    severity=Severity.CRITICAL,
    hold_seconds=0,
    meaning="This node's kernel refuses new neighbours, so that tasks cannot reach what they have "
    "not talked to lately.",
    evidence="Neighbours of all namespaces together, the limit, and what was refused.",
    remedy="sysctl -w net.ipv4.neigh.default.gc_thresh3={limit}  # on {node}",
    references=("libnetwork#1522", "moby#32195"),
    reach=Reach.NODE,
    rank=2,
)
NEIGHBOURS_NEARLY_FULL = FindingSpec(
    code="host_neighbours_nearly_full",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="This node's kernel will soon refuse new neighbours: the table fills.",
    evidence="Neighbours that count towards the limit, and the limit.",
    remedy="sysctl -w net.ipv4.neigh.default.gc_thresh3={limit}  # on {node}",
    references=("libnetwork#1522", "moby#32195"),
)

FINDINGS = (
    NO_IPVS,
    FORWARDING_OFF,
    BALANCER_FORWARDING_OFF,
    FORWARD_DROPS,
    CONNTRACK_FULL,
    CONNTRACK_NEARLY_FULL,
    NEIGHBOURS_FULL,
    NEIGHBOURS_NEARLY_FULL,
)
