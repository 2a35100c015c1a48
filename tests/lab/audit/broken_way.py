"""One way between two nodes of the lab: how is it broken at each of its hops, and mended?"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from probes.audit.fdb import mac_of
from probes.audit.situation import Situation
from probes.kernel.endpoints import match_endpoints
from probes.model.topology import Network, Task
from probes.model.vantage import VantageKind
from probes.plan.lookup import address_on
from tests.lab.audit.looking import LabAuditor
from tests.lab.commands import run
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.namespaces import in_network

NETWORK = "shop_app"
_TABLE = "lab-explain"


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of the way: a task, its node, and its part of the overlay."""

    lab: Lab
    node: Node
    task: str
    address: IPv4Address
    #: Names of files in the node's folder of namespaces.
    namespace: str
    overlay: str
    balancer: str
    balancer_address: IPv4Address
    #: The task's device on the overlay, and its port there.
    device: str
    port: str

    @property
    def mac(self) -> str:
        return mac_of(self.address)

    @property
    def place(self) -> str:
        return f"{self.task} on {self.node.name}"

    @property
    def overlay_place(self) -> str:
        return f"overlay {NETWORK} on {self.node.name}"

    def inside(self, *argv: str) -> str:
        """Run a command in the task's namespace."""
        return self.lab.netns(self.node, self.namespace, *argv)

    def within(self, *argv: str) -> str:
        """Run a command in the overlay's namespace."""
        return self.lab.netns(self.node, self.overlay, *argv)

    def on_node(self, *argv: str) -> str:
        """Run a command on the node."""
        return self.lab.exec(self.node, *argv)


@dataclass(frozen=True, kw_only=True)
class Way:
    """From a task to one on another node."""

    lab: Lab
    here: End
    there: End
    #: A node that is neither end's.
    third: Node

    # --- the source's task ---

    def silence_resolver(self) -> None:
        self.here.inside("iptables", "-I", "OUTPUT", "-d", "127.0.0.11", "-j", "DROP")

    def restore_resolver(self) -> None:
        self.here.inside("iptables", "-D", "OUTPUT", "-d", "127.0.0.11", "-j", "DROP")

    def take_source_down(self) -> None:
        self.here.inside("ip", "link", "set", self.here.device, "down")

    def bring_source_up(self) -> None:
        self.here.inside("ip", "link", "set", self.here.device, "up")

    def delete_route(self) -> None:
        self.here.inside("ip", "route", "del", self._subnet, "dev", self.here.device)

    def add_route(self) -> None:
        own = ("proto", "kernel", "scope", "link", "src", str(self.here.address))
        self.here.inside("ip", "route", "replace", self._subnet, "dev", self.here.device, *own)

    @property
    def _subnet(self) -> str:
        shown = self.here.inside("ip", "-o", "-4", "address", "show", "dev", self.here.device)
        length = shown.split()[3].partition("/")[2]
        prefix = int(self.here.address) >> (32 - int(length)) << (32 - int(length))
        return f"{IPv4Address(prefix)}/{length}"

    def believe_wrong_mac(self) -> None:
        row = (str(self.there.address), "lladdr", "02:42:0a:63:63:63", "dev", self.here.device)
        self.here.inside("ip", "neigh", "replace", *row, "nud", "permanent")

    def forget_wrong_mac(self) -> None:
        self.here.inside("ip", "neigh", "del", str(self.there.address), "dev", self.here.device)

    # --- its overlay ---

    def unplug_source(self) -> None:
        self.here.within("ip", "link", "set", self.here.port, "nomaster")

    def plug_source(self) -> None:
        self.here.within("ip", "link", "set", self.here.port, "master", "br0")

    def lose_row(self) -> None:
        """Lose what Docker wrote; and keep the kernel from learning it from answers."""
        self.here.within("ip", "link", "set", "vxlan0", "type", "vxlan", "nolearning")
        self.here.within("bridge", "fdb", "del", *self._row(self.there, self.there.node))

    def misdirect_row(self) -> None:
        row = self._row(self.there, self.third)
        self.here.within("bridge", "fdb", "replace", *row, "self", "permanent")

    def restore_row(self) -> None:
        self.here.within("ip", "link", "set", "vxlan0", "type", "vxlan", "learning")
        row = self._row(self.there, self.there.node)
        self.here.within("bridge", "fdb", "replace", *row, "self", "permanent")

    def lose_neighbour(self) -> None:
        self.here.within("ip", "neigh", "del", str(self.there.address), "dev", "vxlan0")
        self.here.inside("ip", "neigh", "flush", "dev", self.here.device)

    def restore_neighbour(self) -> None:
        row = (str(self.there.address), "lladdr", self.there.mac, "dev", "vxlan0")
        self.here.within("ip", "neigh", "replace", *row, "nud", "permanent")

    @staticmethod
    def _row(whose: End, behind: Node) -> tuple[str, ...]:
        return (whose.mac, "dev", "vxlan0", "dst", str(behind.address))

    # --- between the nodes ---

    def block_out(self) -> None:
        self.here.on_node("nft", _drop("ip", "{ type filter hook output priority 0; }"))

    def unblock_out(self) -> None:
        self.here.on_node("nft", f"delete table ip {_TABLE}")

    def block_in(self) -> None:
        self.there.on_node("nft", _drop("ip", "{ type filter hook input priority 0; }"))

    def unblock_in(self) -> None:
        self.there.on_node("nft", f"delete table ip {_TABLE}")

    def block_between(self) -> None:
        """Drop it behind the source's cable, where neither node can see that."""
        hook = f"{{ type filter hook ingress device {self._cable} priority 0; }}"
        run(*in_network(self.lab.layout.fabric, "nft", _drop("netdev", hook)))

    def unblock_between(self) -> None:
        run(*in_network(self.lab.layout.fabric, "nft", f"delete table netdev {_TABLE}"))

    @property
    def _cable(self) -> str:
        return self.here.node.port_in_fabric

    def cut(self) -> None:
        self.lab.cut(self.there.node)

    def rejoin(self) -> None:
        self.lab.rejoin(self.there.node)

    # --- the destination ---

    def misdirect_back(self) -> None:
        row = self._row(self.here, self.third)
        self.there.within("bridge", "fdb", "replace", *row, "self", "permanent")

    def restore_back(self) -> None:
        row = self._row(self.here, self.here.node)
        self.there.within("bridge", "fdb", "replace", *row, "self", "permanent")

    def misdirect_balancer(self) -> None:
        row = (mac_of(self.here.balancer_address), "dev", "vxlan0", "dst", str(self.third.address))
        self.there.within("bridge", "fdb", "replace", *row, "self", "permanent")

    def restore_balancer(self) -> None:
        vtep = str(self.here.node.address)
        row = (mac_of(self.here.balancer_address), "dev", "vxlan0", "dst", vtep)
        self.there.within("bridge", "fdb", "replace", *row, "self", "permanent")

    def unplug_destination(self) -> None:
        self.there.within("ip", "link", "set", self.there.port, "nomaster")

    def plug_destination(self) -> None:
        self.there.within("ip", "link", "set", self.there.port, "master", "br0")

    def take_destination_down(self) -> None:
        self.there.inside("ip", "link", "set", self.there.device, "down")

    def bring_destination_up(self) -> None:
        self.there.inside("ip", "link", "set", self.there.device, "up")

    @contextmanager
    def vxlan_down(self, end: End) -> Iterator[None]:
        """Take the VXLAN device of an end down; the kernel forgets its neighbours then."""
        shown = end.within("ip", "neigh", "show", "dev", "vxlan0", "nud", "permanent")
        rows = [line.split() for line in shown.splitlines()]
        end.within("ip", "link", "set", "vxlan0", "down")
        try:
            yield
        finally:
            end.within("ip", "link", "set", "vxlan0", "up")
            for address, _, mac, *_ in rows:
                row = (address, "lladdr", mac, "dev", "vxlan0", "nud", "permanent")
                end.within("ip", "neigh", "replace", *row)


def _drop(family: str, hook: str) -> str:
    """Write what nft is told to drop VXLAN at a hook."""
    return (
        f"add table {family} {_TABLE}; add chain {family} {_TABLE} only {hook}; "
        f"add rule {family} {_TABLE} only udp dport 4789 drop"
    )


def find_way(auditor: LabAuditor, sources: Sequence[str], destination: str) -> Way:
    """Choose a task of one of the services, and one of the destination on another node."""
    lab = auditor.lab
    known = auditor.situation(lab.manager)
    (network,) = (item for item in known.topology.networks if item.name == NETWORK)
    service_of = {service.id: service.name for service in known.topology.services}
    running = [task for task in known.topology.tasks if task.running]
    for here in (task for task in running if service_of[task.service_id] in sources):
        for there in (task for task in running if service_of[task.service_id] == destination):
            if here.node_id != there.node_id:
                ends = [_end(auditor, task, network) for task in (here, there)]
                nodes = {end.node.name for end in ends}
                third = next(node for node in lab.nodes if node.name not in nodes)
                return Way(lab=lab, here=ends[0], there=ends[1], third=third)
    raise LabError(f"no task of {destination} is on another node than one of {sources}")


def _end(auditor: LabAuditor, task: Task, network: Network) -> End:
    lab = auditor.lab
    known = auditor.situation(lab.manager)
    node = lab.node(known.lookup.nodes[task.node_id].name)
    situation = known if node == lab.manager else auditor.situation(node)
    address = address_on(task, network.id)
    assert address is not None
    file = next(item.netns for item in situation.local if item.task_id == task.id)
    places = situation.reading.of_kind(VantageKind.TASK)
    inside = next(place for place in places if place.vantage.netns == file)
    own = next(item for item in inside.addresses if item.address == address)
    overlay = situation.namespace(VantageKind.OVERLAY, network.id)
    assert overlay is not None
    index = match_endpoints(inside)[address]
    return End(
        lab=lab,
        node=node,
        task=situation.lookup.name_of(task),
        address=address,
        namespace=Path(file or "").name,
        overlay=Path(overlay.vantage.netns or "").name,
        balancer=f"lb_{network.id[:9]}",
        balancer_address=_balancer_address(situation, network),
        device=next(link.name for link in inside.links if link.index == own.device_index),
        port=next(link.name for link in overlay.links if link.index == index),
    )


def _balancer_address(situation: Situation, network: Network) -> IPv4Address:
    report = situation.reports[situation.node.id]
    return next(item.address for item in report.balancers if item.network_id == network.id)


Fault = Callable[[Way], object]
