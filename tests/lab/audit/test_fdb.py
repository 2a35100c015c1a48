"""Is every fault of the forwarding entries found, on the node that has it?"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from probes.audit.expected import ExpectedEndpoint
from probes.audit.fdb import mac_of
from probes.model.vantage import VantageKind
from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.layout import Node

pytestmark = pytest.mark.lab

NETWORK = "shop_app"
#: Nobody's, on any network of ours.
STRANGER = IPv4Address("198.18.0.99")


@dataclass(frozen=True)
class Place:
    """One overlay on the manager, with a task here and a task elsewhere."""

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
        written = (self.mac, "dev", "vxlan0", "dst", str(self.vtep), "self", "permanent")
        self.fdb("replace", *written)
        neighbour = (str(self.remote.address), "lladdr", self.mac, "dev", "vxlan0")
        self.neighbour("replace", *neighbour, "nud", "permanent")


@pytest.fixture
def place(auditor: LabAuditor) -> Iterator[Place]:
    """Where the faults are made; whatever a test leaves is mended."""
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
    place = Place(
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
    yield place
    place.put_back()


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


def _lose(place: Place) -> None:
    place.fdb("del", place.mac, "dev", "vxlan0", "dst", str(place.vtep))


def _learn(place: Place) -> None:
    """Have what the kernel learns from traffic instead of what Docker wrote."""
    _lose(place)
    place.fdb("add", place.mac, "dev", "vxlan0", "dst", str(place.vtep), "self", "dynamic")


def _misdirect(place: Place) -> None:
    place.fdb("replace", place.mac, "dev", "vxlan0", "dst", str(place.third), "self", "permanent")


def _forget(place: Place) -> None:
    place.neighbour("del", str(place.remote.address), "dev", "vxlan0")


def _trap(place: Place) -> None:
    """Let the bridge believe that the moved task is still behind a port of this node."""
    links = place.lab.netns(
        place.here, place.namespace, "ip", "-o", "link", "show", "master", "br0"
    )
    port = next(line.split()[1].split("@")[0] for line in links.splitlines() if "veth" in line)
    place.fdb("replace", place.mac, "dev", port, "master", "dynamic")


@pytest.mark.parametrize(
    ("code", "inject", "remove"),
    [
        ("fdb_missing", _lose, Place.put_back),
        ("fdb_learned_only", _learn, Place.put_back),
        ("fdb_wrong_vtep", _misdirect, Place.put_back),
        ("neighbour_missing", _forget, Place.put_back),
    ],
)
def test_what_should_lead_to_a_remote_task_is_missed(
    auditor: LabAuditor,
    place: Place,
    code: str,
    inject: Callable[[Place], None],
    remove: Callable[[Place], None],
) -> None:
    """Its row lost, learned only, or pointing at another node; its neighbour lost."""
    finding = auditor.shows(
        place.here,
        code,
        inject=lambda: inject(place),
        remove=lambda: remove(place),
        network=NETWORK,
        task=place.remote.name,
        service=place.remote.service,
        peer=place.peer,
        item=str(place.remote.address),
    )

    assert place.mac in finding.evidence[0].expected


def test_a_node_to_which_nothing_leads_is_told_once(auditor: LabAuditor, place: Place) -> None:
    """And not each of its tasks."""
    situation = auditor.situation(place.here)
    (network,) = (item for item in situation.topology.networks if item.name == NETWORK)
    there = [
        replace(place, remote=item)
        for item in situation.endpoints[network.id].values()
        if item.certain and item.node_id == place.remote.node_id
    ]

    def lose_all() -> None:
        for each in there:
            _lose(each)
            _forget(each)

    def put_all_back() -> None:
        for each in there:
            each.put_back()

    finding = auditor.shows(
        place.here,
        "fdb_peer_missing",
        inject=lose_all,
        remove=put_all_back,
        network=NETWORK,
        peer=place.peer,
        item=str(place.vtep),
    )

    assert all(each.remote.name in finding.evidence[0].expected for each in there)


def _add_row(place: Place, vtep: IPv4Address) -> None:
    row = (mac_of(place.free), "dev", "vxlan0", "dst", str(vtep), "self", "permanent")
    place.fdb("add", *row)


def _remove_row(place: Place, vtep: IPv4Address) -> None:
    place.fdb("del", mac_of(place.free), "dev", "vxlan0", "dst", str(vtep))


def test_a_row_for_nobody_is_stale(auditor: LabAuditor, place: Place) -> None:
    """An entry that leads to a node where nobody has the address."""
    auditor.shows(
        place.here,
        "fdb_stale",
        inject=lambda: _add_row(place, place.vtep),
        remove=lambda: _remove_row(place, place.vtep),
        network=NETWORK,
        peer=place.peer,
        item=str(place.free),
    )


def test_a_vtep_that_is_no_nodes_is_told(auditor: LabAuditor, place: Place) -> None:
    """An entry that leads out of the Swarm."""
    auditor.shows(
        place.here,
        "fdb_unknown_vtep",
        inject=lambda: _add_row(place, STRANGER),
        remove=lambda: _remove_row(place, STRANGER),
        network=NETWORK,
        item=str(STRANGER),
    )


def test_an_own_task_behind_vxlan_is_told(auditor: LabAuditor, place: Place) -> None:
    """A row that sends a local task's frames out of the node."""
    row = (mac_of(place.own.address), "dev", "vxlan0", "dst", str(place.vtep))
    auditor.shows(
        place.here,
        "fdb_self_reference",
        inject=lambda: place.fdb("add", *row, "self", "permanent"),
        remove=lambda: place.fdb("del", *row),
        network=NETWORK,
        task=place.own.name,
        item=str(place.own.address),
    )


def test_a_moved_task_behind_its_old_port_is_told(auditor: LabAuditor, place: Place) -> None:
    """The bridge learned it there, and forgets it after 300 s."""
    auditor.shows(
        place.here,
        "fdb_wrong_port",
        inject=lambda: _trap(place),
        remove=lambda: _free_port(place),
        network=NETWORK,
        task=place.remote.name,
        peer=place.peer,
    )


def _free_port(place: Place) -> None:
    """Take back whatever the bridge knows of the MAC: it learns again."""
    for line in place.fdb("show", "br", "br0").splitlines():
        words = line.split()
        if words[0] == place.mac and "veth" in words[2]:
            place.fdb("del", place.mac, "dev", words[2], "master")
