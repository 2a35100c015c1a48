"""What an engine wrote into the kernel, read on a node of a real Swarm."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

import pytest

from probes.kernel.endpoints import match_endpoints
from probes.kernel.node import read_node
from probes.model.local import LocalTask
from probes.model.reading import NamespaceReading, NodeReading
from probes.model.topology import Topology
from probes.model.vantage import Vantage, VantageKind
from probes.swarm.engine import Engine
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

T = TypeVar("T")

#: Gossip brings a new task to every node within a second or two; the rest is a busy machine.
CONVERGED_SECONDS = 30


def netns_folder(node: Node) -> Path:
    """Name the node's folder of namespaces as it is seen from outside the node."""
    return Path(f"/proc/{_engine(node)}/root/run/docker/netns")


def _engine(node: Node) -> int:
    """Give the process of the node's Engine."""
    return int(node.pid_file.read_text())


def in_thread(work: Callable[[], T]) -> T:
    """Do what enters namespaces where it belongs."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


def topology_of(lab: Lab) -> Topology:
    return Engine(f"unix://{lab.manager.socket}", "").topology()


def local_tasks(node: Node) -> tuple[LocalTask, ...]:
    return Engine(f"unix://{node.socket}", str(netns_folder(node))).local_tasks()


def read(node: Node, topology: Topology) -> NodeReading:
    """Read a node with all that is in it; all of it can be read."""
    host = Vantage(kind=VantageKind.HOST, name="host", netns=f"/proc/{_engine(node)}/ns/net")
    others = [each.address for each in topology.nodes if each.name != node.name]
    found = in_thread(
        partial(
            read_node,
            netns_folder(node),
            topology.networks,
            now=time.time(),
            host=host,
            peers=[address for address in others if address],
        )
    )
    assert found.failures == ()
    return found


def overlays(node: Node, topology: Topology) -> tuple[NamespaceReading, ...]:
    return read(node, topology).of_kind(VantageKind.OVERLAY)


def overlays_of(lab: Lab, topology: Topology) -> Iterator[tuple[Node, NamespaceReading]]:
    for node in lab.nodes:
        for overlay in overlays(node, topology):
            yield node, overlay


def mac_of(address: IPv4Address) -> str:
    """Give the MAC that an overlay derives from an address."""
    return b"".join((b"\x02\x42", address.packed)).hex(":")


def remote_tasks(topology: Topology, node: Node, network_id: str) -> dict[str, IPv4Address]:
    """Say which VTEP each other node's task on the network is behind, by MAC."""
    others = {other.id: other.address for other in topology.nodes if other.name != node.name}
    return {
        mac_of(attached.address): vtep
        for task in topology.tasks
        if task.running and (vtep := others.get(task.node_id))
        for attached in task.addresses
        if attached.network_id == network_id
    }


def test_every_remote_task_has_its_row(swarmscope: Lab) -> None:
    """On every node, each overlay holds one permanent row per remote task, with its node's VTEP."""
    lab = swarmscope
    topology = topology_of(lab)

    def compared() -> int:
        compared = 0
        for node, overlay in overlays_of(lab, topology):
            written = [row for row in overlay.fdb if row.permanent and row.vtep]
            for mac, vtep in remote_tasks(topology, node, overlay.network_id).items():
                found = [(row.device, row.vtep) for row in written if row.mac == mac]
                if found != [("vxlan0", vtep)]:
                    raise LabError(f"{node.name} {overlay.vantage.name} {mac}: {found}")
                compared += 1
        return compared

    wait_until(compared, CONVERGED_SECONDS, "one row per remote task of the shop")


def test_every_remote_task_has_its_neighbour(swarmscope: Lab) -> None:
    """Without it the task's address could not be resolved: VXLAN answers ARP from this table."""
    lab = swarmscope
    topology = topology_of(lab)

    def compared() -> int:
        compared = 0
        for node, overlay in overlays_of(lab, topology):
            known = {near.mac for near in overlay.neighbours if near.state == "permanent"}
            wanted = remote_tasks(topology, node, overlay.network_id).keys()
            if wanted - known:
                raise LabError(f"{node.name} {overlay.vantage.name} lacks {wanted - known}")
            compared += len(wanted)
        return compared

    wait_until(compared, CONVERGED_SECONDS, "neighbours of the tasks of the shop")


def test_devices_are_what_the_swarm_says(swarmscope: Lab) -> None:
    """VNI and port of each VXLAN device are the network's own."""
    lab = swarmscope
    topology = topology_of(lab)
    networks = {network.name: network for network in topology.networks}

    seen = set()
    for _, reading in overlays_of(lab, topology):
        name = reading.vantage.name
        (vxlan,) = (link for link in reading.links if link.kind == "vxlan")
        assert (vxlan.vni, vxlan.vxlan_port) == (*networks[name].vnis, topology.data_path_port)
        assert vxlan.up
        seen.add(name)

    assert {"shop_edge", "shop_app", "shop_data", "ingress"} <= seen


def test_every_local_address_leads_to_a_port(swarmscope: Lab) -> None:
    """Each task's overlay addresses lead to ports of that overlay's bridge, and no two to one."""
    lab = swarmscope
    topology = topology_of(lab)
    addresses = {task.id: task.addresses for task in topology.tasks}

    seen: list[tuple[str, str, str]] = []
    joined = 0
    for node in lab.nodes:
        found = read(node, topology)
        ports = {
            (reading.network_id, link.index): link.name
            for reading in found.of_kind(VantageKind.OVERLAY)
            for link in reading.links
            if link.kind == "veth" and link.master_index is not None
        }
        tasks = {reading.vantage.netns: reading for reading in found.of_kind(VantageKind.TASK)}
        for task in local_tasks(node):
            if task.netns is None:
                continue  # it shares the node's own, as the agent does
            peers = match_endpoints(tasks[task.netns])
            for attached in addresses[task.task_id]:
                joined += 1
                port = ports[attached.network_id, peers[attached.address]]
                seen.append((node.name, attached.network_id, port))
    assert joined, "no task of the shop runs"
    assert len(set(seen)) == joined


def test_the_way_to_each_peer_starts_at_the_advertised_address(swarmscope: Lab) -> None:
    """VXLAN leaves from the source that the route names, which is what the peers expect."""
    lab = swarmscope
    topology = topology_of(lab)

    for node in lab.nodes:
        host = read(node, topology).host
        assert host is not None
        assert {way.source for _, way in host.underlay} == {IPv4Address(node.address)}
        assert len(host.underlay) == len(lab.nodes) - 1
        assert host.namespace.sysctl("net.ipv4.ip_forward") == "1"


def test_every_balancer_has_its_marks_and_services(swarmscope: Lab) -> None:
    """Where the kernel has IPVS, each mark of a VIP leads to a service with the same mark."""
    lab = swarmscope

    for node in lab.nodes:
        found = read(node, topology_of(lab))
        assert found.ipvs is lab.kernel.ipvs
        balancers = found.of_kind(VantageKind.LOAD_BALANCER)
        assert {"shop_edge", "shop_app"} & {item.vantage.name for item in balancers}
        for balancer in balancers:
            services = {item.mark for item in balancer.virtual_services}
            assert services == _marks(balancer), f"{node.name} {balancer.vantage.name}"
            assert bool(services) is lab.kernel.ipvs


def _marks(balancer: NamespaceReading) -> set[int | None]:
    """List what the VIPs are marked with; without IPVS the Engine does not get that far."""
    return {rule.mark for rule in balancer.firewall.rules if rule.target == "MARK"}
