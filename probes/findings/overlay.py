"""Findings: the devices that make an overlay on a node, and what carries its packets."""

from probes.findings.spec import FindingSpec, Reach
from probes.model.finding import Severity

NAMESPACE_MISSING = FindingSpec(
    code="overlay_namespace_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Running tasks here are cut off from a network: its namespace is not on this node.",
    evidence="The namespace that the tasks need, and none of that network.",
    remedy="docker service update --force {service}",
    references=("moby#52661", "moby libnetwork/drivers/overlay/ov_network.go"),
)
DEVICE_MISSING = FindingSpec(
    code="overlay_device_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Tasks here are cut off from a network's other nodes: its namespace lacks the bridge, "
    "or the VXLAN device.",
    evidence="The device that the network calls for, and the devices that are there.",
    remedy="systemctl restart docker  # on {node}: it builds the namespace anew, and its tasks",
    references=("libnetwork#945", "moby#28559", "moby#30972"),
)
BRIDGE_DOWN = FindingSpec(
    code="overlay_bridge_down",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Tasks here are cut off from a network: the bridge that joins them is down.",
    evidence="The bridge up, and its state.",
    remedy="nsenter --net={netns} ip link set {item} up  # on {node}",
    references=("moby#26492", "systemd#28626"),
)
VXLAN_DOWN = FindingSpec(
    code="overlay_vxlan_down",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Tasks here are cut off from a network's other nodes: its VXLAN device is down, or not "
    "on the bridge.",
    evidence="The device up on its bridge, and its state.",
    remedy="nsenter --net={netns} ip link set {item} master {bridge} up  # on {node}",
    references=("moby#26492", "systemd#28626"),
)
PORT_MISSING = FindingSpec(
    code="overlay_port_missing",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A task, or the load balancer, has no device on a network that it should be on.",
    evidence="A port of the bridge for the address, and none.",
    remedy="docker service update --force {service}",
    references=("moby#26492", "moby#30972"),
)
PORT_DOWN = FindingSpec(
    code="overlay_port_down",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="A task, or the load balancer, is cut off from a network: its port is down, or not on "
    "the bridge.",
    evidence="The port up on the bridge, and its state.",
    remedy="nsenter --net={netns} ip link set {device} master {bridge} up  # on {node}",
    references=("moby#26492", "systemd#28626", "systemd#21185"),
)
WRONG_VNI = FindingSpec(
    code="overlay_wrong_vni",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="This node sends a network's frames under another network's number: no other node "
    "understands them, or the wrong network does.",
    evidence="The network's VNI, and the device's.",
    remedy="systemctl restart docker  # on {node}: it builds the namespace anew, and its tasks",
    references=("RFC 7348 section 5", "libnetwork#1765"),
)
WRONG_PORT = FindingSpec(
    code="overlay_wrong_port",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="This node sends a network's frames to a UDP port on which no other node listens.",
    evidence="The Swarm's data path port, and the device's.",
    remedy="systemctl restart docker  # on {node}: it builds the namespace anew, and its tasks",
    references=("moby#38102", "libnetwork#2282"),
)
MTU_UNEVEN = FindingSpec(
    code="overlay_mtu_uneven",
    severity=Severity.WARNING,
    hold_seconds=20,
    meaning="Tasks here may send packets that the VXLAN device is too small for: large ones are "
    "lost without a word.",
    evidence="The largest MTU of the bridge's ports, and that of the VXLAN device.",
    remedy="nsenter --net={netns} ip link set {item} mtu {mtu}  # on {node}",
    references=("moby#36689", "kernel net/bridge, br_forward(), is_skb_forwardable()"),
)
MTU = FindingSpec(
    code="overlay_mtu",
    severity=Severity.WARNING,
    hold_seconds=60,
    meaning="The way to other nodes is too narrow for an overlay's largest packets with their "
    "wrapping: they are broken up, or lost.",
    evidence="What a full packet takes with VXLAN's 50 bytes (and ESP's), and the route's MTU.",
    remedy="ip link set {item} mtu {mtu}  # on {node}; where the network between cannot take that, "
    "make the overlay anew with --opt com.docker.network.driver.mtu",
    references=("moby#36689", "libnetwork#2661", "moby#24906", "RFC 7348 section 4.3"),
)
SOURCE = FindingSpec(
    code="overlay_source",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="This node's frames leave under another address than it advertises: the others drop "
    "them without a word.",
    evidence="The advertised address, and the source that the route chooses.",
    remedy="ip route get {destination}  # on {node}; then give that route `src {address}`",
    references=("moby#53004", "libnetwork#2446", "kernel vxlan_snoop(), VXLAN_ENTRY_EXISTS"),
    reach=Reach.NODE,
    rank=2,
)
ADDRESS_GONE = FindingSpec(
    code="overlay_address_gone",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="The others send frames to an address that this node no longer has, and none arrive.",
    evidence="The advertised address on a device, and the addresses that are there.",
    remedy="ip -4 address  # on {node}: give it {item} again, or leave the Swarm and join with "
    "--advertise-addr",
    references=("moby#41043", "moby#31135", "moby#34635", "moby#35437"),
    reach=Reach.NODE,
    rank=2,
)
NO_ROUTE = FindingSpec(
    code="overlay_no_route",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="This node's kernel knows no way to another node: no overlay reaches it from here.",
    evidence="A route to the other node's VTEP, and none.",
    remedy="ip route get {item}  # on {node}",
    references=("kernel net/ipv4/route.c, ENETUNREACH", "moby#41043"),
    reach=Reach.NODE,
    rank=2,
)
LOSING = FindingSpec(
    code="overlay_losing",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="A network's device keeps losing frames here, and no lacking entry explains it.",
    evidence="Its counters of errors and drops, now and one reading before.",
    remedy="nsenter --net={netns} ip -s -s link show {item}  # on {node}",
    references=("moby#32195", "kernel include/uapi/linux/if_link.h, rtnl_link_stats64"),
)
BRIDGE_FULL = FindingSpec(
    code="overlay_bridge_full",
    severity=Severity.WARNING,
    hold_seconds=120,
    meaning="A bridge is running out of ports: then no further task of its network starts here.",
    evidence="The most ports that a bridge can have, and how many are taken.",
    remedy="docker node update --availability drain {node}  # or spread the network's tasks over "
    "more nodes",
    references=("libnetwork#1522", "kernel net/bridge/br_private.h, BR_MAX_PORTS"),
)
ORPHAN = FindingSpec(
    code="overlay_orphan_device",
    severity=Severity.WARNING,
    hold_seconds=60,
    meaning="A device of an overlay was left behind outside of its namespace: while it holds the "
    "network's number, tasks on that network are refused here.",
    evidence="No such device on the host, and the one that is there.",
    remedy="ip link delete {item}  # on {node}",
    references=("libnetwork#1765", "moby#28559", "libnetwork#945", "for-linux#599"),
)
VNI_TAKEN = FindingSpec(
    code="overlay_vni_taken",
    severity=Severity.CRITICAL,
    hold_seconds=20,
    meaning="Something else on this node has a network's number: tasks on that network are refused "
    "here (error creating vxlan interface: file exists).",
    evidence="The network's VNI in its own namespace alone, and the other device that has it.",
    remedy="ip -d link show type vxlan; lsns --type net  # on {node}; {item} should not be there",
    references=("libnetwork#751", "for-linux#183", "moby#28559"),
)
FOREIGN_VXLAN = FindingSpec(
    code="overlay_foreign_vxlan",
    severity=Severity.INFO,
    hold_seconds=120,
    meaning="Another overlay network on this node uses the Swarm's UDP port: as soon as the two "
    "use one number, one of them fails.",
    evidence="Only Docker's VXLAN devices on the port, and the other one.",
    remedy="ip -d link show {item}  # on {node}",
    references=("moby#38102", "classicswarm#2687", "cf-networking-release#12"),
)

FINDINGS = (
    NAMESPACE_MISSING,
    DEVICE_MISSING,
    BRIDGE_DOWN,
    VXLAN_DOWN,
    PORT_MISSING,
    PORT_DOWN,
    WRONG_VNI,
    WRONG_PORT,
    MTU_UNEVEN,
    MTU,
    SOURCE,
    ADDRESS_GONE,
    NO_ROUTE,
    LOSING,
    BRIDGE_FULL,
    ORPHAN,
    VNI_TAKEN,
    FOREIGN_VXLAN,
)
