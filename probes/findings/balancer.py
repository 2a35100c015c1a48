"""Findings: service VIPs and the load balancers that stand behind them on every node.

A load balancer is a namespace of its own, one for each overlay on each node (moby libnetwork,
service_linux.go): it answers for the VIP, marks what comes for it, and IPVS spreads what is
marked over the tasks.
"""

from probes.findings.spec import FindingSpec
from probes.model.finding import Severity

_ENTER = "nsenter --net=/run/docker/netns/{netns} "
_ON_NODE = "  # on {node}"
_RESTART = "systemctl restart docker" + _ON_NODE

NAMESPACE_MISSING = FindingSpec(
    code="balancer_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="No VIP of this network answers to the tasks of this node: its load balancer is gone.",
    evidence="The load balancer's namespace, and the services that it should answer for.",
    remedy=_RESTART,
    references=("moby#40989", "moby#41576"),
)
SERVICE_MISSING = FindingSpec(
    code="balancer_service_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's VIP is dead for the tasks of this node: its load balancer does not have "
    "the service.",
    evidence="The VIP on the device, the mark's rule, and the virtual service: two or all missing.",
    remedy="docker service update --force {service}",
    references=("moby#25219", "moby#28564", "moby#25693"),
)
VIP_MISSING = FindingSpec(
    code="balancer_vip_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's VIP is dead for the tasks of this node: nobody here answers for the "
    "address.",
    evidence="The VIP on the load balancer's device, and none.",
    remedy=_ENTER + "ip addr add {item}/32 dev eth0" + _ON_NODE,
    references=("moby#25219", "moby#25693"),
)
MARK_MISSING = FindingSpec(
    code="balancer_mark_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's VIP is dead for the tasks of this node: what comes for it is not marked, "
    "so IPVS does not take it.",
    evidence="The rule that marks what comes for the VIP, and none.",
    remedy=_ENTER + "iptables -t mangle -A INPUT -d {item}/32 -j MARK --set-mark {mark}" + _ON_NODE,
    references=("moby#28564", "moby#25693"),
)
VIRTUAL_SERVICE_MISSING = FindingSpec(
    code="balancer_virtual_service_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's VIP is dead for the tasks of this node: IPVS knows nothing of its mark.",
    evidence="The virtual service of the mark, and those that there are.",
    remedy=_RESTART,
    references=("moby#25219", "moby#25693"),
)
NO_BACKEND = FindingSpec(
    code="balancer_no_backend",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A service's VIP is dead for the tasks of this node: not one of its running tasks is "
    "behind it.",
    evidence="The running tasks, and the destinations that IPVS has.",
    remedy="docker service update --force {service}",
    references=("moby#41775", "moby#28564"),
)
BACKEND_MISSING = FindingSpec(
    code="balancer_backend_missing",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="A running task gets no traffic from this node: it is not behind its service's VIP.",
    evidence="The destination that the task calls for, and those that IPVS has.",
    remedy=_ENTER + "ipvsadm --add-server --fwmark-service {mark} --real-server {item}:0 "
    "{forwarding} --weight 1" + _ON_NODE,
    references=("moby#28564", "for-linux#644"),
)
BACKEND_STALE = FindingSpec(
    code="balancer_backend_stale",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A share of the connections to a service is lost: IPVS still sends them to a task that "
    "is gone.",
    evidence="Who has the address by the Swarm, and the destination.",
    remedy=_ENTER
    + "ipvsadm --delete-server --fwmark-service {mark} --real-server {item}:0"
    + _ON_NODE,
    references=("moby#33790", "moby#35548", "moby#36797", "moby#35671", "moby#30464"),
)
BACKEND_DRAINED = FindingSpec(
    code="balancer_backend_drained",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="A running task gets no new connections from this node: IPVS drains it, though nobody "
    "stops it.",
    evidence="The weight of a running task, and that of its destination.",
    remedy=_ENTER + "ipvsadm --edit-server --fwmark-service {mark} --real-server {item}:0 "
    "{forwarding} --weight 1" + _ON_NODE,
    references=("moby#30321", "moby#38841"),
)
VIP_STALE = FindingSpec(
    code="balancer_vip_stale",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="A load balancer answers for an address that is no service's VIP: whoever gets the "
    "address cannot be reached from this node.",
    evidence="Who has the address by the Swarm, and what the load balancer has.",
    remedy=_ENTER + "ip addr del {item}/32 dev eth0" + _ON_NODE,
    references=("moby#33790", "moby#40989"),
)
TWO_MARKS = FindingSpec(
    code="balancer_two_marks",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="A service is balanced twice here, as an update of its ports leaves it for a moment; "
    "only the last mark counts, and its backends may be the old ones.",
    evidence="One rule that marks what comes for the VIP, and those that there are.",
    remedy=_RESTART,
    references=("swarmkit#2937", "cli#2274"),
)
SNAT_MISSING = FindingSpec(
    code="balancer_snat_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="No VIP of this network works for the tasks of this node: answers do not come back "
    "through the load balancer.",
    evidence="The rule that gives balanced connections the load balancer's address, and none.",
    remedy=_ENTER
    + "iptables -t nat -A POSTROUTING -d {item} -m ipvs --ipvs -j SNAT --to-source {balancer}"
    + _ON_NODE,
    references=("moby#37372", "moby#25693"),
)
CONNTRACK_OFF = FindingSpec(
    code="balancer_conntrack_off",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="No VIP of this network works for the tasks of this node: IPVS keeps its connections "
    "from being tracked, so their addresses are not translated.",
    evidence="The sysctl as the Engine sets it, and as it is.",
    remedy=_ENTER + "sysctl -w net.ipv4.vs.conntrack=1" + _ON_NODE,
    references=("moby#28168", "moby#43295", "kernel Documentation/networking/ipvs-sysctl.rst"),
)
SYSCTL = FindingSpec(
    code="balancer_sysctl",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="Connections stall for a second, or hang on a task that is gone: IPVS is not set as "
    "the Engine sets it.",
    evidence="The sysctl as the Engine sets it, and as it is.",
    remedy=_ENTER + "sysctl -w {item}={value}" + _ON_NODE,
    references=("moby#35082", "libnetwork#1691", "kernel Documentation/networking/ipvs-sysctl.rst"),
)
UNEVEN = FindingSpec(
    code="balancer_uneven",
    severity=Severity.INFO,
    hold_seconds=60,
    meaning="One task gets far more, or far fewer, of the new connections from this node than its "
    "share, though they go to each in turn.",
    evidence="The connections between two rounds: a fair share, and what each task got.",
    remedy=_ENTER + "ipvsadm --list --numeric --fwmark-service {mark}" + _ON_NODE,
    references=("moby#33790", "kernel net/netfilter/ipvs/ip_vs_rr.c"),
)
KEEPALIVE = FindingSpec(
    code="balancer_keepalive",
    severity=Severity.INFO,
    hold_seconds=600,
    meaning="Connections to a database or a queue through its VIP may hang after 15 idle minutes: "
    "IPVS forgets them before the kernel would ask whether they are alive.",
    evidence="IPVS's idle limit, and the time after which the tasks on this node ask.",
    remedy="docker service update --sysctl-add net.ipv4.tcp_keepalive_time=600 {client}",
    references=("moby#31208", "moby#34006", "moby#37466", "docs#5519"),
)

PROGRAMMED = (
    NAMESPACE_MISSING,
    SERVICE_MISSING,
    VIP_MISSING,
    MARK_MISSING,
    VIRTUAL_SERVICE_MISSING,
    NO_BACKEND,
    BACKEND_MISSING,
    BACKEND_STALE,
    BACKEND_DRAINED,
    VIP_STALE,
    TWO_MARKS,
    SNAT_MISSING,
)
SETTINGS = (CONNTRACK_OFF, SYSCTL)
FINDINGS = (*PROGRAMMED, *SETTINGS, UNEVEN, KEEPALIVE)
