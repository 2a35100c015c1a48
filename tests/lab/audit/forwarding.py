"""One overlay on a node of the lab: how are its forwarding entries broken there, and mended?"""

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from probes.audit.expected import ExpectedEndpoint
from probes.audit.fdb import mac_of
from probes.model.vantage import VantageKind
from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.layout import Node

NETWORK = "shop_app"
#: Nobody's, on any network of ours.
STRANGER = IPv4Address("198.18.0.99")


@dataclass(frozen=True)
class Place:
    """An overlay on one node, with a task there and a task elsewhere."""

    lab: Lab
    here: Node
    namespace: str
    own: ExpectedEndpoint
    remote: ExpectedEndpoint
    peer: str
    vtep: IPv4Address
    #: A node that has neither of the two.
    third: IPv4Address
    #: An address of the network that nobody has.
    free: IPv4Address

    @property
    def mac(self) -> str:
        return mac_of(self.remote.address)

    def fdb(self, *words: str) -> str:
        return self.lab.netns(self.here, self.namespace, "bridge", "fdb", *words)

    def neighbour(self, *words: str) -> str:
        return self.lab.netns(self.here, self.namespace, "ip", "neigh", *words)

    def put_back(self) -> None:
        """Write what Docker wrote."""
        self.misdirect(self.vtep)
        neighbour = (str(self.remote.address), "lladdr", self.mac, "dev", "vxlan0")
        self.neighbour("replace", *neighbour, "nud", "permanent")

    # --- the way to the remote task ---

    def lose(self) -> None:
        self.fdb("del", self.mac, "dev", "vxlan0", "dst", str(self.vtep))

    def learn(self) -> None:
        """Have what the kernel learns from traffic instead of what Docker wrote."""
        self.lose()
        self.fdb("add", self.mac, "dev", "vxlan0", "dst", str(self.vtep), "self", "dynamic")

    def misdirect(self, vtep: IPv4Address) -> None:
        self.fdb("replace", self.mac, "dev", "vxlan0", "dst", str(vtep), "self", "permanent")

    def forget(self) -> None:
        self.neighbour("del", str(self.remote.address), "dev", "vxlan0")

    def trap(self) -> None:
        """Let the bridge believe that the moved task is still behind a port of this node.

        Until it is freed, for any frame of the task's would teach the bridge better.
        """
        links = self.lab.netns(
            self.here, self.namespace, "ip", "-o", "link", "show", "master", "br0"
        )
        port = next(line.split()[1].split("@")[0] for line in links.splitlines() if "veth" in line)
        self._learning("off")
        self.fdb("replace", self.mac, "dev", port, "master", "dynamic")

    def free_port(self) -> None:
        """Take back whatever the bridge knows of the MAC: it learns again."""
        self._learning("on")
        for line in self.fdb("show", "br", "br0").splitlines():
            words = line.split()
            if words[0] == self.mac and "veth" in words[2]:
                self.fdb("del", self.mac, "dev", words[2], "master")

    def _learning(self, switch: str) -> None:
        words = ("bridge", "link", "set", "dev", "vxlan0", "learning", switch)
        self.lab.netns(self.here, self.namespace, *words)

    # --- a row for the address that nobody has ---

    def add_row(self, vtep: IPv4Address) -> None:
        row = (mac_of(self.free), "dev", "vxlan0", "dst", str(vtep), "self", "permanent")
        self.fdb("add", *row)

    def remove_row(self, vtep: IPv4Address) -> None:
        self.fdb("del", mac_of(self.free), "dev", "vxlan0", "dst", str(vtep))


def find_place(auditor: LabAuditor) -> Place:
    """Find a node with a task of its own, and remote tasks: most of them on the chosen one's."""
    node = next(each for each in auditor.lab.nodes if _both(auditor, each))
    situation = auditor.situation(node)
    (network,) = (item for item in situation.topology.networks if item.name == NETWORK)
    reading = situation.namespace(VantageKind.OVERLAY, network.id)
    assert reading is not None
    own, remote = _both(auditor, node)
    peer = situation.lookup.nodes[remote.node_id]
    thirds = [
        item.address
        for item in situation.topology.nodes
        if item.id not in {situation.node.id, peer.id}
    ]
    assert peer.address is not None
    assert thirds[0] is not None
    taken = situation.endpoints[network.id].keys()
    return Place(
        lab=auditor.lab,
        here=node,
        namespace=Path(reading.vantage.netns or "").name,
        own=own,
        remote=remote,
        peer=peer.name,
        vtep=peer.address,
        third=thirds[0],
        free=next(item for item in reversed(list(network.subnets[0].hosts())) if item not in taken),
    )


def _both(auditor: LabAuditor, node: Node) -> tuple[ExpectedEndpoint, ...]:
    """Give a task here and a task elsewhere, if the node has both."""
    situation = auditor.situation(node)
    (network,) = (item for item in situation.topology.networks if item.name == NETWORK)
    certain = [item for item in situation.endpoints[network.id].values() if item.certain]
    own = [item for item in certain if item.node_id == situation.node.id]
    remote = [item for item in certain if item.node_id != situation.node.id]
    # A node with several tasks, to be lost as a whole.
    counts = Counter(item.node_id for item in remote)
    remote.sort(key=lambda item: -counts[item.node_id])
    return (own[0], remote[0]) if own and remote else ()
