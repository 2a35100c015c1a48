"""Is every fault of an overlay's devices, and of what carries its packets, found where it is?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from probes.audit.local_overlays import LocalEndpoint, LocalOverlay, local_overlays
from probes.audit.overlay_ports import MOST_PORTS
from probes.audit.situation import Situation
from probes.kernel.endpoints import match_endpoints
from probes.model.reading import NamespaceReading
from probes.model.topology import Task
from probes.model.vantage import VantageKind
from tests.lab.audit.looking import LabAuditor
from tests.lab.audit.traffic import send
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

NETWORK = "shop_app"
#: Nobody's, but in the nodes' subnet.
STRANGER = "198.18.0.113"
FREE_VNI = 0x1ABCD


@dataclass(frozen=True)
class Place:
    """One overlay on a node that has a task on it, as another node has."""

    lab: Lab
    node: Node
    situation: Situation
    overlay: LocalOverlay
    reading: NamespaceReading
    #: Name and VTEP of another node.
    peer: str
    vtep: str

    @property
    def file(self) -> str:
        return Path(self.reading.vantage.netns or "").name

    @property
    def endpoint(self) -> LocalEndpoint:
        return self.overlay.endpoints[0]

    def ip(self, *words: str, check: bool = True) -> str:
        """Run a command of iproute2's in the overlay's namespace."""
        return self.lab.netns(self.node, self.file, "ip", *words, check=check)

    def host(self, *words: str, check: bool = True) -> str:
        """Run a command on the node."""
        return self.lab.exec(self.node, *words, check=check)

    def port(self, ends: NamespaceReading) -> str:
        """Name the port that another namespace's device on this overlay leads to."""
        subnets = self.overlay.network.subnets
        (index,) = {
            port
            for address, port in match_endpoints(ends).items()
            if any(address in subnet for subnet in subnets)
        }
        return next(link.name for link in self.reading.links if link.index == index)

    @property
    def task_port(self) -> str:
        tasks = self.situation.reading.of_kind(VantageKind.TASK)
        (ends,) = (one for one in tasks if one.vantage.netns == self.endpoint.local.netns)
        return self.port(ends)

    @property
    def balancer_port(self) -> str:
        ends = self.situation.namespace(VantageKind.LOAD_BALANCER, self.overlay.network.id)
        assert ends is not None
        return self.port(ends)


@pytest.fixture
def place(auditor: LabAuditor) -> Place:
    """Where the faults are made: not on the manager, whose Engine tells the topology."""
    workers = auditor.lab.nodes[1:]
    found = wait_until(
        lambda: [place for node in workers for place in _places(auditor, node)],
        60,
        f"a worker has a task on {NETWORK}",
    )
    return found[0]


def _places(auditor: LabAuditor, node: Node) -> Iterator[Place]:
    situation = auditor.situation(node)
    others = {item.node_id for item in situation.topology.tasks} - {situation.node.id}
    for overlay in local_overlays(situation):
        if overlay.network.name == NETWORK and overlay.reading is not None:
            peer = next(item for item in situation.topology.nodes if item.id in others)
            yield Place(
                lab=auditor.lab,
                node=node,
                situation=situation,
                overlay=overlay,
                reading=overlay.reading,
                peer=peer.name,
                vtep=str(peer.address),
            )


@dataclass
class Device:
    """A VXLAN device that can be taken away, made differently, and made again as it was."""

    place: Place
    mac: str = ""
    rows: list[list[str]] = field(default_factory=list)
    neighbours: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (link,) = (item for item in self.place.reading.links if item.kind == "vxlan")
        self.mac = link.mac
        place = self.place
        fdb = place.lab.netns(place.node, place.file, "bridge", "fdb", "show", "dev", "vxlan0")
        rows = [line.split() for line in fdb.splitlines() if line.endswith("self permanent")]
        self.rows = [row for row in rows if "dst" in row]
        found = place.ip("neigh", "show", "dev", "vxlan0", "nud", "permanent").splitlines()
        self.neighbours = [line.split() for line in found]

    def delete(self) -> None:
        """Take it away."""
        self.place.ip("link", "delete", "vxlan0", check=False)

    def make(self, *, vni: int = 0, port: int = 4789) -> None:
        """Make it as Docker does, on the host, and move it; *vni* 0 is the network's own."""
        self.delete()
        place = self.place
        vni = vni or place.overlay.network.vnis[0]
        kind = ("type", "vxlan", "id", str(vni), "dstport", str(port))
        flags = ("learning", "proxy", "l2miss", "l3miss", "udpcsum")
        place.host("ip", "link", "add", "vx-lab", "address", self.mac, "mtu", "1450", *kind, *flags)
        file = f"/var/run/docker/netns/{place.file}"
        place.host("ip", "link", "set", "vx-lab", "netns", file)
        place.ip("link", "set", "vx-lab", "name", "vxlan0")
        place.ip("link", "set", "vxlan0", "master", "br0", "up")
        self.fill()

    def fill(self) -> None:
        """Write the entries that Docker wrote."""
        place = self.place
        for mac, _, vtep, *_ in self.rows:
            row = (mac, "dev", "vxlan0", "dst", vtep, "self", "permanent")
            place.lab.netns(place.node, place.file, "bridge", "fdb", "replace", *row)
        for address, _, mac, _ in self.neighbours:
            place.ip(
                "neigh", "replace", address, "lladdr", mac, "dev", "vxlan0", "nud", "permanent"
            )


def test_a_namespace_that_is_gone_is_told(auditor: LabAuditor, place: Place) -> None:
    """Its file is taken away, and the namespace kept elsewhere to be put back."""
    file, kept = f"/var/run/docker/netns/{place.file}", "/run/kept-namespace"

    def move(source: str, target: str) -> None:
        place.host("touch", target)
        place.host("mount", "--bind", source, target)
        place.host("umount", source)

    finding = auditor.shows(
        place.node,
        "overlay_namespace_missing",
        inject=lambda: move(file, kept),
        remove=lambda: move(kept, file),
        network=NETWORK,
    )

    assert place.endpoint.name in finding.evidence[0].expected


def test_a_vxlan_device_that_is_gone_is_told(auditor: LabAuditor, place: Place) -> None:
    """The rest of the namespace is as it was."""
    device = Device(place)
    auditor.shows(
        place.node,
        "overlay_device_missing",
        inject=device.delete,
        remove=device.make,
        network=NETWORK,
        item="vxlan0",
    )


def test_a_vxlan_device_that_is_down_is_told(auditor: LabAuditor, place: Place) -> None:
    """The kernel forgets its neighbours with that: the device is the cause."""
    device = Device(place)

    def remove() -> None:
        place.ip("link", "set", "vxlan0", "up")
        device.fill()

    auditor.shows(
        place.node,
        "overlay_vxlan_down",
        inject=lambda: place.ip("link", "set", "vxlan0", "down"),
        remove=remove,
        network=NETWORK,
        item="vxlan0",
    )


def test_a_vxlan_device_off_its_bridge_is_told(auditor: LabAuditor, place: Place) -> None:
    """Something took it for its own."""
    auditor.shows(
        place.node,
        "overlay_vxlan_down",
        inject=lambda: place.ip("link", "set", "vxlan0", "nomaster"),
        remove=lambda: place.ip("link", "set", "vxlan0", "master", "br0"),
        network=NETWORK,
        item="vxlan0",
    )


def test_a_bridge_that_is_down_is_told(auditor: LabAuditor, place: Place) -> None:
    """Its ports are up all the same."""
    auditor.shows(
        place.node,
        "overlay_bridge_down",
        inject=lambda: place.ip("link", "set", "br0", "down"),
        remove=lambda: place.ip("link", "set", "br0", "up"),
        network=NETWORK,
        item="br0",
    )


@pytest.mark.parametrize(
    ("fault", "cure"), [(("nomaster",), ("master", "br0")), (("down",), ("up",))]
)
def test_a_tasks_port_that_carries_nothing_is_told(
    auditor: LabAuditor, place: Place, fault: tuple[str, ...], cure: tuple[str, ...]
) -> None:
    """Off the bridge, or down."""
    port = place.task_port
    auditor.shows(
        place.node,
        "overlay_port_down",
        inject=lambda: place.ip("link", "set", port, *fault),
        remove=lambda: place.ip("link", "set", port, *cure),
        network=NETWORK,
        task=place.endpoint.name,
        service=place.endpoint.local.service_name,
        item=str(place.endpoint.address),
    )


def test_the_load_balancers_port_off_the_bridge_is_told(auditor: LabAuditor, place: Place) -> None:
    """No VIP of the network is reached from this node."""
    port = place.balancer_port
    auditor.shows(
        place.node,
        "overlay_port_down",
        inject=lambda: place.ip("link", "set", port, "nomaster"),
        remove=lambda: place.ip("link", "set", port, "master", "br0"),
        network=NETWORK,
        task="",
        item="load balancer",
    )


def test_a_task_without_its_device_is_told(auditor: LabAuditor, place: Place) -> None:
    """The device goes, and with it the port; a new task has its own."""
    port, container = place.task_port, place.endpoint.local.container_id

    def running() -> list[Task]:
        topology = auditor.situation(place.node).topology
        return [task for task in topology.tasks if task.running]

    def replace_task() -> None:
        place.lab.docker(place.node, "rm", "--force", container)
        wait_until(
            lambda: (
                len(running()) == many
                and container not in {task.container_id for task in running()}
            ),
            60,
            "another task runs in its place",
        )

    many = len(running())
    auditor.shows(
        place.node,
        "overlay_port_missing",
        inject=lambda: place.ip("link", "delete", port),
        remove=replace_task,
        network=NETWORK,
        task=place.endpoint.name,
        item=str(place.endpoint.address),
    )


@pytest.mark.parametrize(
    ("code", "made"),
    [("overlay_wrong_vni", {"vni": FREE_VNI}), ("overlay_wrong_port", {"port": 4790})],
)
def test_a_device_that_others_do_not_understand_is_told(
    auditor: LabAuditor, place: Place, code: str, made: dict[str, int]
) -> None:
    """Another number, or another UDP port, than the other nodes use."""
    device = Device(place)
    auditor.shows(
        place.node,
        code,
        inject=partial(device.make, **made),
        remove=device.make,
        network=NETWORK,
        item="vxlan0",
    )


def test_a_vxlan_device_that_is_too_small_is_told(auditor: LabAuditor, place: Place) -> None:
    """The bridge drops what the tasks send in full size."""
    auditor.shows(
        place.node,
        "overlay_mtu_uneven",
        inject=lambda: place.ip("link", "set", "vxlan0", "mtu", "1300"),
        remove=lambda: place.ip("link", "set", "vxlan0", "mtu", "1450"),
        network=NETWORK,
        item="vxlan0",
    )


def test_a_host_device_that_is_too_small_is_one_finding(auditor: LabAuditor, place: Place) -> None:
    """All networks to all peers leave by it."""
    finding = auditor.shows(
        place.node,
        "overlay_mtu",
        inject=lambda: place.host("ip", "link", "set", "eth0", "mtu", "1400"),
        remove=lambda: place.host("ip", "link", "set", "eth0", "mtu", "1500"),
        item="eth0",
    )

    assert f"MTU for {NETWORK}" in {row.what for row in finding.evidence}


def test_a_narrow_route_is_told_with_its_peer(auditor: LabAuditor, place: Place) -> None:
    """As path MTU discovery would leave it."""
    route = (f"{place.vtep}/32", "dev", "eth0")
    auditor.shows(
        place.node,
        "overlay_mtu",
        inject=lambda: place.host("ip", "route", "add", *route, "mtu", "1400"),
        remove=lambda: place.host("ip", "route", "del", *route),
        peer=place.peer,
        item="eth0",
    )


def test_another_source_than_the_advertised_one_is_told(auditor: LabAuditor, place: Place) -> None:
    """A second address of the node, chosen by a route."""
    route = (f"{place.vtep}/32", "dev", "eth0")

    def inject() -> None:
        place.host("ip", "address", "add", f"{STRANGER}/24", "dev", "eth0")
        place.host("ip", "route", "add", *route, "src", STRANGER)

    def remove() -> None:
        place.host("ip", "route", "del", *route, check=False)
        place.host("ip", "address", "del", f"{STRANGER}/24", "dev", "eth0")

    auditor.shows(
        place.node,
        "overlay_source",
        inject=inject,
        remove=remove,
        peer=place.peer,
        item=STRANGER,
    )


def test_an_address_that_the_node_lost_is_told(auditor: LabAuditor, place: Place) -> None:
    """As after a DHCP server's change of mind."""
    own = f"{place.node.address}/24"
    routes = place.host("ip", "route", "show", "default").splitlines()

    def remove() -> None:
        place.host("ip", "address", "add", own, "dev", "eth0")
        for route in routes:
            place.host("ip", "route", "replace", *route.split())

    auditor.shows(
        place.node,
        "overlay_address_gone",
        inject=lambda: place.host("ip", "address", "del", own, "dev", "eth0"),
        remove=remove,
        item=str(place.node.address),
    )


def test_a_peer_without_a_route_is_told(auditor: LabAuditor, place: Place) -> None:
    """The kernel would refuse to send there."""
    route = ("unreachable", f"{place.vtep}/32")
    auditor.shows(
        place.node,
        "overlay_no_route",
        inject=lambda: place.host("ip", "route", "add", *route),
        remove=lambda: place.host("ip", "route", "del", *route),
        peer=place.peer,
        item=place.vtep,
    )


def test_frames_that_keep_being_lost_are_told(auditor: LabAuditor, place: Place) -> None:
    """A task sends to a MAC that nobody has; no entry that should be there lacks."""
    container = place.endpoint.local.container_id
    taken = place.situation.endpoints[place.overlay.network.id].keys()
    free = next(
        a for a in reversed(list(place.overlay.network.subnets[0].hosts())) if a not in taken
    )
    routes = place.lab.netns(place.node, container, "ip", "route", "get", str(free))
    device = re.findall(r" dev (\S+)", routes)[0]
    neighbour = (str(free), "lladdr", "02:42:0a:ff:ff:fe", "dev", device)

    auditor.settled(place.node)
    place.lab.netns(place.node, container, "ip", "neigh", "add", *neighbour, "nud", "permanent")
    try:
        auditor.findings(place.node)
        send(place.lab, place.node, container, str(free), 1000)
        found = auditor.findings(place.node)
    finally:
        place.lab.netns(place.node, container, "ip", "neigh", "del", neighbour[0], "dev", device)

    losing = [item for (code, _), item in found.items() if code == "overlay_losing"]
    assert [(item.subject.network, item.subject.item) for item in losing] == [(NETWORK, "vxlan0")]
    assert "overlay_losing" not in {code for code, _ in auditor.findings(place.node)}


def test_a_bridge_near_its_limit_is_told(auditor: LabAuditor, place: Place, tmp_path: Path) -> None:
    """Ports that are down: they count, and forward nothing."""
    pairs = range(460)
    port = "master br0 mtu 1450 group 77"
    lines = [f"link add a{n} {port} type veth peer name b{n}\n" for n in pairs]
    lines += [f"link set b{n} {port}\n" for n in pairs]
    batch = tmp_path / "batch"

    def run(text: str) -> None:
        batch.write_text(text)
        place.ip("-force", "-batch", str(batch), check=False)

    finding = auditor.shows(
        place.node,
        "overlay_bridge_full",
        inject=lambda: run("".join(lines)),
        remove=lambda: place.ip("link", "delete", "group", "77"),
        network=NETWORK,
        item="br0",
    )

    assert int(finding.evidence[0].actual) < MOST_PORTS


def _host_device(place: Place, name: str, vni: int) -> None:
    kind = ("type", "vxlan", "id", str(vni), "dstport", "4789")
    place.host("ip", "link", "add", name, *kind)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (f"vx-{FREE_VNI:06x}-zzzzz", "overlay_orphan_device"),
        ("other0", "overlay_foreign_vxlan"),
    ],
)
def test_a_vxlan_device_on_the_host_is_told(
    auditor: LabAuditor, place: Place, name: str, code: str
) -> None:
    """One that Docker left behind, or somebody else's on the Swarm's port."""
    auditor.shows(
        place.node,
        code,
        inject=lambda: _host_device(place, name, FREE_VNI),
        remove=lambda: place.host("ip", "link", "delete", name),
        item=name,
    )


def test_a_number_that_another_device_has_is_told(auditor: LabAuditor, place: Place) -> None:
    """The network has no task here yet: the first one would be refused."""
    lab = auditor.lab
    lab.docker(lab.manager, "network", "create", "--driver=overlay", "idle")
    try:
        networks = auditor.situation(place.node).topology.networks
        (idle,) = (network for network in networks if network.name == "idle")
        auditor.shows(
            place.node,
            "overlay_vni_taken",
            inject=lambda: _host_device(place, "other0", idle.vnis[0]),
            remove=lambda: place.host("ip", "link", "delete", "other0"),
            network="idle",
            item="other0",
        )
    finally:
        lab.docker(lab.manager, "network", "rm", "idle")
