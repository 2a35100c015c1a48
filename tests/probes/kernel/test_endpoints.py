import asyncio
from ipaddress import IPv4Address

import pytest

from probes.kernel.endpoints import match_endpoints
from probes.kernel.node import read_node
from probes.model.reading import DeviceAddress, NamespaceReading, NodeReading
from probes.model.vantage import Vantage, VantageKind
from tests.probes.kernel.place import LOAD_BALANCER, OTHER_TASK, TASK, Place


async def read(place: Place) -> NodeReading:
    return await asyncio.to_thread(read_node, place.folder, [], now=0.0)


async def ports_of(place: Place) -> dict[IPv4Address, str]:
    """Name the overlay's port behind each address, the way an operator would."""
    reading = await read(place)
    (overlay,) = reading.of_kind(VantageKind.OVERLAY)
    names = {link.index: link.name for link in overlay.links}
    found = [match_endpoints(item) for item in reading.namespaces if item is not overlay]
    return {address: names[index] for peers in found for address, index in peers.items()}


@pytest.mark.netns
async def test_a_tasks_address_leads_to_its_port_on_the_bridge(place: Place) -> None:
    """The join holds however many tasks are plugged in, and in whatever order."""
    place.add_overlay()
    place.join(TASK, "veth5", 5)
    place.join(OTHER_TASK, "veth0", 6)

    assert await ports_of(place) == {
        IPv4Address("10.77.0.5"): "veth5",
        IPv4Address("10.77.0.6"): "veth0",
    }


@pytest.mark.netns
async def test_every_vip_leads_to_the_load_balancers_port(place: Place) -> None:
    """VIPs are further addresses of the load balancer's one device."""
    place.add_overlay()
    place.join(LOAD_BALANCER, "veth2", 4)
    place.ip(LOAD_BALANCER, "address add 10.77.0.2/32 dev eth0")

    assert await ports_of(place) == {
        IPv4Address("10.77.0.4"): "veth2",
        IPv4Address("10.77.0.2"): "veth2",
    }


@pytest.mark.netns
async def test_addresses_of_other_devices_have_no_other_end(place: Place) -> None:
    """The loopback's address is not an endpoint."""
    place.add(TASK)
    place.ip(TASK, "link set lo up")

    (task,) = (await read(place)).of_kind(VantageKind.TASK)

    assert task.addresses
    assert match_endpoints(task) == {}


def test_an_address_of_a_device_that_is_newer_than_the_list_is_left_out() -> None:
    """Without its link nobody knows its other end; the next reading will."""
    vantage = Vantage(kind=VantageKind.TASK, name=TASK)
    address = DeviceAddress(address=IPv4Address("10.0.0.2"), prefix_length=24, device_index=3)

    reading = NamespaceReading(vantage=vantage, network_id="", addresses=(address,))

    assert match_endpoints(reading) == {}
