"""What an engine wrote into the kernel, read on a node of a real Swarm."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

import pytest

from probes.kernel.endpoints import read_endpoints
from probes.kernel.namespaces import list_namespaces
from probes.kernel.read import read_namespaces
from probes.model.local import LocalTask
from probes.model.reading import CouldNotLook, NamespaceReading
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
    return Path(f"/proc/{node.pid_file.read_text().strip()}/root/run/docker/netns")


def in_thread(work: Callable[[], T]) -> T:
    """Do what enters namespaces where it belongs."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


def topology_of(lab: Lab) -> Topology:
    return Engine(f"unix://{lab.manager.socket}", "").topology()


def local_tasks(node: Node) -> tuple[LocalTask, ...]:
    return Engine(f"unix://{node.socket}", str(netns_folder(node))).local_tasks()


def overlays(node: Node, topology: Topology) -> list[NamespaceReading]:
    """Read every overlay that the node takes part in; all of them can be read."""
    namespaces = list_namespaces(netns_folder(node), topology.networks)
    found = in_thread(partial(read_namespaces, namespaces))
    assert [each for each in found if isinstance(each, CouldNotLook)] == []
    return [
        reading
        for reading in found
        if isinstance(reading, NamespaceReading) and reading.vantage.kind is VantageKind.OVERLAY
    ]


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
        ports = {
            (reading.network_id, link.index): link.name
            for reading in overlays(node, topology)
            for link in reading.links
            if link.kind == "veth" and link.master_index is not None
        }
        for task in local_tasks(node):
            if task.netns is None:
                continue  # it shares the node's own, as the agent does
            vantage = Vantage(kind=VantageKind.TASK, name=task.container_name, netns=task.netns)
            peers = in_thread(partial(read_endpoints, vantage))
            for attached in addresses[task.task_id]:
                joined += 1
                port = ports[attached.network_id, peers[attached.address]]
                seen.append((node.name, attached.network_id, port))
    assert joined, "no task of the shop runs"
    assert len(set(seen)) == joined
