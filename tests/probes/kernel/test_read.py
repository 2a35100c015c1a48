import asyncio
import ctypes
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from probes.kernel.namespaces import Namespace, list_namespaces
from probes.kernel.read import read_namespaces
from probes.model.reading import CouldNotLook, FdbEntry, Link, NamespaceReading, Neighbour
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


async def read(namespace: Namespace) -> NamespaceReading:
    """Read one namespace that can be read."""
    (reading,) = await asyncio.to_thread(read_namespaces, [namespace])
    assert isinstance(reading, NamespaceReading)
    return reading


async def read_when(
    namespace: Namespace, condition: Callable[[NamespaceReading], bool]
) -> NamespaceReading:
    """Read until *condition* holds: the kernel tells of a carrier up to a second late.

    It does so on purpose (net/core/link_watch.c).
    """
    async with asyncio.timeout(15):
        while True:
            reading = await read(namespace)
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

    reading = await read_when(overlay, lambda found: all(link.up for link in found.links))

    bridge, vxlan, veth = (link_of(reading, name) for name in ("br0", "vxlan0", "veth0"))
    assert (bridge.kind, vxlan.kind, veth.kind) == ("bridge", "vxlan", "veth")
    assert (vxlan.vni, vxlan.vxlan_port, vxlan.mtu_bytes) == (4097, 4789, 1450)
    assert (veth.vni, veth.vxlan_port, veth.mtu_bytes) == (None, None, 1450)
    assert vxlan.master_index == veth.master_index == bridge.index
    assert veth.peer_index is not None
    assert (reading.vantage, reading.network_id) == (overlay.vantage, NETWORK_ID)


async def test_a_port_whose_task_is_down_is_not_up(place: Place) -> None:
    """The bridge's end was set up all the same."""
    overlay = place.add_overlay()
    place.join(TASK, "veth0", 5)
    place.ip(TASK, "link set eth0 down")

    await read_when(overlay, lambda found: not link_of(found, "veth0").up)


async def test_what_docker_wrote_for_a_remote_task_is_read(place: Place) -> None:
    """One forwarding entry with the right VTEP, one neighbour, both permanent."""
    reading = await read(place.add_overlay())

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
    overlay = place.add_overlay()
    place.bridge(OVERLAY, "fdb add 02:42:0a:4d:00:08 dev vxlan0 dst 198.18.0.12 self permanent")
    place.bridge(OVERLAY, "fdb del 02:42:0a:4d:00:07 dev vxlan0 dst 198.18.0.13 self")
    place.ip(OVERLAY, "neigh del 10.77.0.7 dev vxlan0")

    reading = await read(overlay)

    assert [entry.mac for entry in reading.fdb if entry.vtep] == ["02:42:0a:4d:00:08"]
    assert reading.neighbours == ()


async def test_a_row_that_vxlan_learned_is_told_from_a_written_one(place: Place) -> None:
    """An entry learned from traffic hides that Docker's own is missing."""
    overlay = place.add_overlay()
    place.bridge(OVERLAY, "fdb add 02:42:0a:4d:00:09 dev vxlan0 dst 198.18.0.12 self dynamic")

    found = {entry.mac: entry.permanent for entry in (await read(overlay)).fdb if entry.vtep}

    assert found == {"02:42:0a:4d:00:07": True, "02:42:0a:4d:00:09": False}


async def test_a_wrong_vtep_is_seen(place: Place) -> None:
    """A stale row sends a task's frames to the node where it used to be."""
    overlay = place.add_overlay()
    place.bridge(OVERLAY, "fdb replace 02:42:0a:4d:00:07 dev vxlan0 dst 198.18.0.99 self permanent")

    (entry,) = (entry for entry in (await read(overlay)).fdb if entry.vtep)

    assert entry.vtep == IPv4Address("198.18.0.99")


async def test_traffic_moves_the_counters_and_teaches_the_bridge(place: Place) -> None:
    """Packets from task to task count at both ports, and leave a learned row at each."""
    overlay = place.add_overlay()
    source = place.join(TASK, "veth0", 5)
    place.join(OTHER_TASK, "veth1", 6)
    before = await read(overlay)

    await send_between_tasks(source, "10.77.0.6")

    after = await read(overlay)
    for port in ("veth0", "veth1"):
        then, now = link_of(before, port).statistics, link_of(after, port).statistics
        assert now.receive_packets > then.receive_packets
        assert now.receive_bytes > then.receive_bytes
        assert now.transmit_packets > then.transmit_packets
    learned = {(entry.mac, entry.device) for entry in after.fdb if not entry.permanent}
    assert learned == {("02:42:0a:4d:00:05", "veth0"), ("02:42:0a:4d:00:06", "veth1")}
    assert all(entry.bridge for entry in after.fdb if not entry.permanent)


async def test_only_overlays_tables_are_read(place: Place) -> None:
    """Of a task's or a load balancer's namespace the links are enough."""
    place.add_overlay()
    place.join(LOAD_BALANCER, "veth0", 4)
    place.ip(LOAD_BALANCER, "neigh add 10.77.0.7 lladdr 02:42:0a:4d:00:07 dev eth0 nud permanent")
    file = str(place.folder / LOAD_BALANCER)
    vantage = Vantage(kind=VantageKind.LOAD_BALANCER, name="shop_app", netns=file)

    reading = await read(Namespace(vantage=vantage, network_id=NETWORK_ID))

    assert [link.name for link in reading.links] == ["lo", "eth0"]
    assert (reading.fdb, reading.neighbours) == ((), ())


async def test_our_own_namespace_can_be_read() -> None:
    """The host's vantage has no file."""
    reading = await read(Namespace(vantage=HOST, network_id=""))

    assert link_of(reading, "lo").kind == ""


async def test_what_cannot_be_read_does_not_stop_the_rest(place: Place) -> None:
    """A namespace that vanished and a plain file are named; the overlay is read."""
    place.add_overlay()
    place.join(TASK, "veth0", 5)
    network = Network(id=NETWORK_ID, name="shop_app", driver="overlay")
    listed = list_namespaces(place.folder, [network])
    place.remove(TASK)
    (place.folder / LOAD_BALANCER).touch()
    plain = Vantage(
        kind=VantageKind.LOAD_BALANCER, name="plain", netns=f"{place.folder}/{LOAD_BALANCER}"
    )

    found = await asyncio.to_thread(
        read_namespaces, [Namespace(vantage=plain, network_id=""), *reversed(listed)]
    )

    assert [type(each) for each in found] == [CouldNotLook, CouldNotLook, NamespaceReading]
    lost = [each for each in found if isinstance(each, CouldNotLook)]
    assert [each.where for each in lost] == ["lb plain", f"task {TASK}"]
    assert all(each.why for each in lost)


async def test_a_namespace_that_is_closed_to_us_is_named(place: Place) -> None:
    """Without CAP_SYS_ADMIN nobody enters a namespace, and that is no fault of the network."""
    overlay = place.add_overlay()
    found: list[NamespaceReading | CouldNotLook] = []

    def read_without_rights() -> None:
        give_up_capabilities()
        found.extend(read_namespaces([overlay]))

    thread = threading.Thread(target=read_without_rights)  # its capabilities are its own
    thread.start()
    await asyncio.to_thread(thread.join)

    (lost,) = found
    assert isinstance(lost, CouldNotLook)
    assert lost.where == "overlay shop_app"
    assert "CAP_SYS_ADMIN" in lost.why or "not permitted" in lost.why


def give_up_capabilities() -> None:
    """Empty the calling thread's sets (capset(2), _LINUX_CAPABILITY_VERSION_3)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@pytest.mark.parametrize(
    ("max_rows", "too_long"),
    [(1, ["links", "fdb", "neighbours"]), (150, ["fdb"]), (10_000, [])],
)
async def test_a_table_that_is_too_long_is_cut_and_named(
    place: Place, max_rows: int, too_long: list[str]
) -> None:
    """What was read is kept, and each table that was cut says so, wherever the cut falls."""
    overlay = place.add_overlay()
    macs = [f"02:42:0a:4d:01:{octet:02x}" for octet in range(200)]
    rows = [f"fdb add {mac} dev vxlan0 dst 198.18.0.12 self permanent" for mac in macs]
    place.bridge(OVERLAY, "\n".join(rows))
    place.ip(OVERLAY, "neigh add 10.77.0.8 lladdr 02:42:0a:4d:00:08 dev vxlan0 nud permanent")

    reading, *cut = await asyncio.to_thread(read_namespaces, [overlay], max_rows=max_rows)

    assert isinstance(reading, NamespaceReading)
    written = {entry.mac for entry in reading.fdb} & set(macs)
    assert len(written) < max_rows if "fdb" in too_long else written == set(macs)
    why = f"it has more than {max_rows} rows: the rest was left out"
    assert cut == [CouldNotLook(where=f"overlay shop_app, {table}", why=why) for table in too_long]


async def test_nothing_stays_open(place: Place) -> None:
    """Reading leaves no descriptor, no thread of pyroute2's, and pins no namespace."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    overlay = place.add_overlay()
    gone = Vantage(kind=VantageKind.TASK, name="gone", netns=f"{place.folder}/{TASK}")
    everything = [overlay, Namespace(vantage=gone, network_id="")]
    await asyncio.to_thread(read_namespaces, everything)
    descriptors, threads = open_descriptors(), threading.active_count()

    for max_rows in [10_000, 1] * 20:
        await asyncio.to_thread(read_namespaces, everything, max_rows=max_rows)

    assert open_descriptors() == descriptors
    assert threading.active_count() == threads


def open_descriptors() -> set[str]:
    return {file.name for file in Path("/proc/self/fd").iterdir() if file.exists()}
