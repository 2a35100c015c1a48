import asyncio
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from probes.kernel.namespaces import Namespace
from probes.kernel.node import read_node
from probes.model.reading import (
    CouldNotLook,
    FdbEntry,
    Link,
    NamespaceReading,
    Neighbour,
    NodeReading,
)
from probes.model.topology import Network
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.vantage import open_socket
from tests.probes.kernel.place import (
    LOAD_BALANCER,
    NETWORK_ID,
    OTHER_TASK,
    OVERLAY,
    TASK,
    Place,
)

pytestmark = pytest.mark.netns

REMOTE = FdbEntry(
    mac="02:42:0a:4d:00:07",
    device="vxlan0",
    vtep=IPv4Address("198.18.0.13"),
    permanent=True,
    bridge=False,
)


NETWORK = Network(id=NETWORK_ID, name="shop_app", driver="overlay")


async def read_all(place: Place, max_rows: int = 10_000) -> NodeReading:
    """Read this machine, and the place in it."""
    return await asyncio.to_thread(
        read_node, place.folder, [NETWORK], now=1000.0, max_rows=max_rows
    )


async def read(place: Place, kind: VantageKind = VantageKind.OVERLAY) -> NamespaceReading:
    """Read the one namespace of its kind; all of it can be read."""
    found = await read_all(place)
    assert [each for each in found.failures if not each.where.startswith("host")] == []
    (reading,) = found.of_kind(kind)
    return reading


async def read_when(
    place: Place, condition: Callable[[NamespaceReading], bool]
) -> NamespaceReading:
    """Read the overlay until *condition* holds: the kernel tells of a carrier up to a second late.

    It does so on purpose (net/core/link_watch.c).
    """
    async with asyncio.timeout(15):
        while True:
            reading = await read(place)
            if condition(reading):
                return reading


def link_of(reading: NamespaceReading, name: str) -> Link:
    return next(link for link in reading.links if link.name == name)


async def send_between_tasks(source: Vantage, destination: str) -> None:
    """Make packets cross the bridge both ways: nothing listens, so the other task refuses."""
    loop = asyncio.get_running_loop()
    refused = pytest.raises(ConnectionRefusedError)
    with open_socket(source, socket.SOCK_STREAM) as connection, refused:
        await loop.sock_connect(connection, (destination, 9))


async def test_an_overlay_shows_its_devices(place: Place) -> None:
    """Kind, MTU, VNI, port, bridge and other end of each are the kernel's."""
    overlay = place.add_overlay()
    place.join(TASK, "veth0", 5)

    reading = await read_when(place, lambda found: all(link.up for link in found.links))

    bridge, vxlan, veth = (link_of(reading, name) for name in ("br0", "vxlan0", "veth0"))
    assert (bridge.kind, vxlan.kind, veth.kind) == ("bridge", "vxlan", "veth")
    assert (vxlan.vni, vxlan.vxlan_port, vxlan.mtu_bytes) == (4097, 4789, 1450)
    assert (veth.vni, veth.vxlan_port, veth.mtu_bytes) == (None, None, 1450)
    assert vxlan.master_index == veth.master_index == bridge.index
    assert veth.peer_index is not None
    assert (reading.vantage, reading.network_id) == (overlay.vantage, NETWORK_ID)


async def test_a_port_whose_task_is_down_is_not_up(place: Place) -> None:
    """The bridge's end was set up all the same."""
    place.add_overlay()
    place.join(TASK, "veth0", 5)
    place.ip(TASK, "link set eth0 down")

    await read_when(place, lambda found: not link_of(found, "veth0").up)


async def test_what_docker_wrote_for_a_remote_task_is_read(place: Place) -> None:
    """One forwarding entry with the right VTEP, one neighbour, both permanent."""
    place.add_overlay()

    reading = await read(place)

    assert [entry for entry in reading.fdb if entry.vtep] == [REMOTE]
    assert reading.neighbours == (
        Neighbour(
            address=IPv4Address("10.77.0.7"),
            device="vxlan0",
            mac="02:42:0a:4d:00:07",
            state="permanent",
        ),
    )


async def test_a_row_that_was_removed_is_missing(place: Place) -> None:
    """Of two rows the other one stays: nothing is taken from an earlier reading."""
    place.add_overlay()
    place.bridge(OVERLAY, "fdb add 02:42:0a:4d:00:08 dev vxlan0 dst 198.18.0.12 self permanent")
    place.bridge(OVERLAY, "fdb del 02:42:0a:4d:00:07 dev vxlan0 dst 198.18.0.13 self")
    place.ip(OVERLAY, "neigh del 10.77.0.7 dev vxlan0")

    reading = await read(place)

    assert [entry.mac for entry in reading.fdb if entry.vtep] == ["02:42:0a:4d:00:08"]
    assert reading.neighbours == ()


async def test_a_row_that_vxlan_learned_is_told_from_a_written_one(place: Place) -> None:
    """An entry learned from traffic hides that Docker's own is missing."""
    place.add_overlay()
    place.bridge(OVERLAY, "fdb add 02:42:0a:4d:00:09 dev vxlan0 dst 198.18.0.12 self dynamic")

    found = {entry.mac: entry.permanent for entry in (await read(place)).fdb if entry.vtep}

    assert found == {"02:42:0a:4d:00:07": True, "02:42:0a:4d:00:09": False}


async def test_a_wrong_vtep_is_seen(place: Place) -> None:
    """A stale row sends a task's frames to the node where it used to be."""
    place.add_overlay()
    place.bridge(OVERLAY, "fdb replace 02:42:0a:4d:00:07 dev vxlan0 dst 198.18.0.99 self permanent")

    (entry,) = (entry for entry in (await read(place)).fdb if entry.vtep)

    assert entry.vtep == IPv4Address("198.18.0.99")


async def test_traffic_moves_the_counters_and_teaches_the_bridge(place: Place) -> None:
    """Packets from task to task count at both ports, and leave a learned row at each."""
    place.add_overlay()
    source = place.join(TASK, "veth0", 5)
    place.join(OTHER_TASK, "veth1", 6)
    before = await read(place)

    await send_between_tasks(source, "10.77.0.6")

    after = await read(place)
    for port in ("veth0", "veth1"):
        then, now = link_of(before, port).statistics, link_of(after, port).statistics
        assert now.receive_packets > then.receive_packets
        assert now.receive_bytes > then.receive_bytes
        assert now.transmit_packets > then.transmit_packets
    learned = {(entry.mac, entry.device) for entry in after.fdb if not entry.permanent}
    assert learned == {("02:42:0a:4d:00:05", "veth0"), ("02:42:0a:4d:00:06", "veth1")}
    assert all(entry.bridge for entry in after.fdb if not entry.permanent)


async def test_each_kind_is_read_for_what_it_is_worth_reading(place: Place) -> None:
    """A load balancer's neighbours are not needed, a task's route and keepalive are."""
    place.add_overlay()
    place.join(LOAD_BALANCER, "veth0", 4)
    place.ip(LOAD_BALANCER, "neigh add 10.77.0.7 lladdr 02:42:0a:4d:00:07 dev eth0 nud permanent")
    place.join(TASK, "veth1", 5)
    place.ip(TASK, "route add default via 10.77.0.1")

    found = await read_all(place)

    (balancer,), (task,) = map(found.of_kind, (VantageKind.LOAD_BALANCER, VantageKind.TASK))
    assert [link.name for link in balancer.links] == ["lo", "eth0"]
    assert [str(item.address) for item in balancer.addresses] == ["10.77.0.4"]
    assert (balancer.fdb, balancer.neighbours, balancer.routes) == ((), (), ())
    assert balancer.sysctl("net.ipv4.ip_forward") in {"0", "1"}
    assert (balancer.vantage.name, balancer.network_id) == ("shop_app", NETWORK_ID)
    assert "0.0.0.0/0" in {str(route.destination) for route in task.routes}
    assert [name for name, _ in task.sysctls] == ["net.ipv4.tcp_keepalive_time"]
    assert task.neighbours == ()


async def test_the_firewall_of_a_load_balancer_is_its_own(place: Place) -> None:
    """What marks a VIP there is no rule of the host's."""
    place.add_overlay()
    place.join(LOAD_BALANCER, "veth0", 4)
    mark = "add rule ip mangle INPUT ip daddr 10.77.0.2 counter meta mark set 0x100"
    chain = "add chain ip mangle INPUT { type filter hook input priority -150; policy accept; }"
    rules = f"add table ip mangle\n{chain}\n{mark}\n"
    into = ("nsenter", f"--net={place.folder / LOAD_BALANCER}", "nft", "-f", "-")
    await asyncio.to_thread(subprocess.run, into, input=rules, text=True, check=True)

    found = await read_all(place)

    (balancer,) = found.of_kind(VantageKind.LOAD_BALANCER)
    assert [(rule.target, rule.mark) for rule in balancer.firewall.rules] == [("MARK", 0x100)]
    assert found.host is not None
    assert balancer.firewall.rules[0] not in found.host.namespace.firewall.rules


async def test_the_host_is_read_with_what_it_counts_for_all(place: Place) -> None:
    """Its namespace, and how full the tables are."""
    found = await read_all(place)

    host = found.host
    assert host is not None
    assert found.read_at == 1000.0
    assert link_of(host.namespace, "lo").kind == ""
    assert host.namespace.vantage == HOST
    assert host.namespace.sysctl("net.ipv4.ip_forward") in {"0", "1"}
    assert host.neighbour_table is not None
    assert host.neighbour_table.most == int(
        host.namespace.sysctl("net.ipv4.neigh.default.gc_thresh3") or 0
    )
    assert found.ipvs is Path("/proc/sys/net/ipv4/vs").exists()


async def test_another_host_than_our_own_can_be_read(place: Place) -> None:
    """It may be a namespace as others are; a peer to which it has no route is left out."""
    place.add_overlay()
    file = place.join(TASK, "veth0", 5).netns
    node = Vantage(kind=VantageKind.HOST, name="host", netns=file)
    near, nowhere = IPv4Address("10.77.0.7"), IPv4Address("198.18.0.13")

    found = await asyncio.to_thread(
        read_node, place.folder, [], now=0.0, host=node, peers=[near, nowhere]
    )

    assert found.host is not None
    assert [link.name for link in found.host.namespace.links] == ["lo", "eth0"]
    ways = {peer: (str(way.source), way.mtu_bytes) for peer, way in found.host.underlay}
    assert ways == {near: ("10.77.0.5", 1450)}
    assert found.failures == ()


async def test_what_is_known_of_a_task_is_not_read_again(place: Place) -> None:
    """Its file is not even opened; overlays are always read."""
    place.add_overlay()
    place.join(TASK, "veth0", 5)
    place.join(OTHER_TASK, "veth1", 6)
    before = {item.vantage.netns: item for item in (await read_all(place)).namespaces}
    known = replace(before[str(place.folder / TASK)], links=())

    found = await asyncio.to_thread(
        read_node,
        place.folder,
        [NETWORK],
        now=0.0,
        known_tasks={str(place.folder / TASK): known, str(place.folder / OVERLAY): known},
    )

    after = {item.vantage.netns: item for item in found.namespaces}
    assert after[str(place.folder / TASK)] is known
    assert after[str(place.folder / OTHER_TASK)].links
    assert after[str(place.folder / OVERLAY)].links


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The host is read all the same."""
    found = await asyncio.to_thread(read_node, tmp_path / "netns", [], now=0.0)

    assert [failure.where for failure in found.failures] == [str(tmp_path / "netns")]
    assert found.host is not None
    assert found.namespaces == ()


async def test_a_namespace_that_is_gone_does_not_stop_the_rest(place: Place) -> None:
    """Between listing and visiting a task may end: it is named, and the host is read."""
    gone = Namespace(
        vantage=Vantage(kind=VantageKind.TASK, name=TASK, netns=f"{place.folder}/{TASK}"),
        network_id="",
    )
    node = replace(gone.vantage, kind=VantageKind.HOST, name="host")
    place.add_overlay()

    found = await asyncio.to_thread(read_node, place.folder, [NETWORK], now=0.0, host=node)

    assert found.host is None
    assert [failure.where for failure in found.failures] == ["host"]
    assert all(failure.why for failure in found.failures)
    assert [item.vantage.name for item in found.namespaces] == ["shop_app"]


async def test_namespaces_that_are_closed_to_us_are_named(place: Place) -> None:
    """Without CAP_SYS_ADMIN nobody enters a namespace, and that is no fault of the network.

    Of the host's tables those that take CAP_NET_ADMIN are named, and the others are read.
    """
    place.add_overlay()
    found: list[NodeReading] = []

    def read_without_rights() -> None:
        give_up_capabilities()
        found.append(read_node(place.folder, [NETWORK], now=0.0))

    thread = threading.Thread(target=read_without_rights)  # its capabilities are its own
    thread.start()
    await asyncio.to_thread(thread.join)

    (reading,) = found
    why = {failure.where: failure.why for failure in reading.failures}
    assert {"overlay shop_app", "host, xfrm states", "host, xfrm policies"} <= why.keys()
    assert "CAP_SYS_ADMIN" in why["overlay shop_app"]
    assert "CAP_NET_ADMIN" in why["host, xfrm states"]
    assert reading.namespaces == ()
    assert reading.host is not None
    assert reading.host.namespace.links


def give_up_capabilities() -> None:
    """Empty the calling thread's sets (capset(2), _LINUX_CAPABILITY_VERSION_3)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@pytest.mark.parametrize(
    ("max_rows", "too_long"),
    [(1, ["links", "addresses", "fdb", "neighbours"]), (150, ["fdb"]), (10_000, [])],
)
async def test_a_table_that_is_too_long_is_cut_and_named(
    place: Place, max_rows: int, too_long: list[str]
) -> None:
    """What was read is kept, and each table that was cut says so, wherever the cut falls."""
    place.add_overlay()
    macs = [f"02:42:0a:4d:01:{octet:02x}" for octet in range(200)]
    rows = [f"fdb add {mac} dev vxlan0 dst 198.18.0.12 self permanent" for mac in macs]
    place.bridge(OVERLAY, "\n".join(rows))
    place.ip(OVERLAY, "neigh add 10.77.0.8 lladdr 02:42:0a:4d:00:08 dev vxlan0 nud permanent")

    found = await read_all(place, max_rows)

    (reading,) = found.namespaces
    written = {entry.mac for entry in reading.fdb} & set(macs)
    assert len(written) < max_rows if "fdb" in too_long else written == set(macs)
    why = f"it has more than {max_rows} rows: the rest was left out"
    cut = [failure for failure in found.failures if failure.where.startswith("overlay")]
    assert cut == [CouldNotLook(where=f"overlay shop_app, {table}", why=why) for table in too_long]


async def test_nothing_stays_open(place: Place) -> None:
    """Reading leaves no descriptor, no thread of pyroute2's, and pins no namespace."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    place.add_overlay()
    place.join(TASK, "veth0", 5)
    place.join(LOAD_BALANCER, "veth1", 4)
    (place.folder / OTHER_TASK).touch()  # no namespace
    await read_all(place)
    descriptors, threads = open_descriptors(), threading.active_count()

    for max_rows in [10_000, 1] * 20:
        await read_all(place, max_rows)

    assert open_descriptors() == descriptors
    assert threading.active_count() == threads


def open_descriptors() -> set[str]:
    return {file.name for file in Path("/proc/self/fd").iterdir() if file.exists()}
