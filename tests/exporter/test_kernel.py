import asyncio
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from exporter.kernel import LOAD_BALANCER, KernelReader, KernelState, ends_of
from exporter.view import View
from probes.model.reading import (
    NOTHING_READ,
    DeviceAddress,
    Link,
    LinkStatistics,
    NamespaceReading,
    NodeReading,
)
from probes.model.vantage import Vantage, VantageKind
from probes.swarm.membership import Membership
from tests.swarms import API_1, APP, DATA, SHOP, WEB_1, local

NOTHING_COUNTED = LinkStatistics(
    receive_bytes=0,
    receive_packets=0,
    receive_errors=0,
    receive_dropped=0,
    transmit_bytes=0,
    transmit_packets=0,
    transmit_errors=0,
    transmit_dropped=0,
)
MEMBERSHIP = Membership(
    node_id="n1", address=IPv4Address("198.18.0.11"), manager=False, managers=()
)


def namespace(
    kind: VantageKind, netns: str, ends: dict[str, int], network_id: str = ""
) -> NamespaceReading:
    """Make a namespace with a veth for each address, and the index of its other end."""
    vantage = Vantage(kind=kind, name="x", netns=netns)
    links, addresses = [], []
    for index, (address, peer) in enumerate(ends.items(), start=2):
        links.append(
            Link(
                index=index,
                name=f"eth{index}",
                kind="veth",
                mtu_bytes=1450,
                up=True,
                mac="",
                statistics=NOTHING_COUNTED,
                peer_index=peer,
            )
        )
        found = DeviceAddress(address=IPv4Address(address), prefix_length=24, device_index=index)
        addresses.append(found)
    return NamespaceReading(
        vantage=vantage, network_id=network_id, links=tuple(links), addresses=tuple(addresses)
    )


def test_ports_are_called_after_the_tasks_behind_them() -> None:
    """A task on two networks has a port on each; the load balancer has the rest."""
    api, web = local(API_1), local(WEB_1)
    reading = NodeReading(
        namespaces=(
            namespace(VantageKind.TASK, api.netns or "", {"10.0.1.21": 7, "10.0.2.21": 9}),
            namespace(VantageKind.TASK, web.netns or "", {"10.0.1.11": 8, "172.18.0.3": 30}),
            namespace(VantageKind.LOAD_BALANCER, "/lb", {"10.0.1.2": 5}, APP.id),
        ),
    )

    ends = ends_of(reading, View(topology=SHOP, local=(api, web)))

    assert ends == {
        (APP.id, 5): LOAD_BALANCER,
        (APP.id, 7): "shop_api.1",
        (DATA.id, 9): "shop_api.1",
        (APP.id, 8): "shop_web.1",
    }


def test_a_task_that_nobody_knows_has_no_port() -> None:
    """One that the topology lacks, and one whose namespace was not read, are left out."""
    unknown = replace(local(API_1), task_id="gone")
    reading = NodeReading(
        namespaces=(namespace(VantageKind.TASK, unknown.netns or "", {"10.0.1.21": 7}),),
    )

    assert ends_of(reading, View(topology=SHOP, local=(unknown, local(WEB_1)))) == {}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[KernelReader]:
    reader = KernelReader(tmp_path, 60.0)
    yield reader
    reader.close()


async def test_without_a_swarm_nothing_is_read(reader: KernelReader) -> None:
    """The machine's own state is nobody's business then."""
    assert await reader.read(View()) == KernelState()
    assert reader.state.reading is NOTHING_READ


async def test_several_askers_share_one_reading(reader: KernelReader) -> None:
    """Within the time of the cache the node is read once, and the last reading is there to see."""
    view = View(membership=MEMBERSHIP)

    one, other = await asyncio.gather(reader.read(view), reader.read(view))

    assert one is other is reader.state
    assert one.reading.host is not None
    assert one.reading.read_at > 0
