import asyncio
from ipaddress import IPv4Address

import pytest

from probes.errors import VanishedError
from probes.kernel.endpoints import match_endpoints, parse_address, read_endpoints
from probes.kernel.namespaces import Namespace
from probes.kernel.read import read_namespaces
from probes.model.reading import NamespaceReading
from probes.model.vantage import Vantage, VantageKind
from tests.probes.kernel.place import LOAD_BALANCER, OTHER_TASK, TASK, Place


async def ports_of(overlay: Namespace, *joined: Vantage) -> dict[IPv4Address, str]:
    """Name the overlay's port behind each address, the way an operator would."""
    (reading,) = await asyncio.to_thread(read_namespaces, [overlay])
    assert isinstance(reading, NamespaceReading)
    names = {link.index: link.name for link in reading.links}
    found = [await asyncio.to_thread(read_endpoints, vantage) for vantage in joined]
    return {address: names[index] for peers in found for address, index in peers.items()}


@pytest.mark.netns
async def test_a_tasks_address_leads_to_its_port_on_the_bridge(place: Place) -> None:
    """The join holds however many tasks are plugged in, and in whatever order."""
    overlay = place.add_overlay()
    one = place.join(TASK, "veth5", 5)
    other = place.join(OTHER_TASK, "veth0", 6)

    assert await ports_of(overlay, other, one) == {
        IPv4Address("10.77.0.5"): "veth5",
        IPv4Address("10.77.0.6"): "veth0",
    }


@pytest.mark.netns
async def test_every_vip_leads_to_the_load_balancers_port(place: Place) -> None:
    """VIPs are further addresses of the load balancer's one device."""
    overlay = place.add_overlay()
    balancer = place.join(LOAD_BALANCER, "veth2", 4)
    place.ip(LOAD_BALANCER, "address add 10.77.0.2/32 dev eth0")

    assert await ports_of(overlay, balancer) == {
        IPv4Address("10.77.0.4"): "veth2",
        IPv4Address("10.77.0.2"): "veth2",
    }


@pytest.mark.netns
async def test_addresses_of_other_devices_have_no_other_end(place: Place) -> None:
    """The loopback's address is not an endpoint."""
    file = place.add(TASK)
    place.ip(TASK, "link set lo up")
    vantage = Vantage(kind=VantageKind.TASK, name="shop_api.1", netns=str(file))

    assert await asyncio.to_thread(read_endpoints, vantage) == {}


@pytest.mark.netns
async def test_a_task_that_ended_is_gone(place: Place) -> None:
    """The caller learns it as an outcome of its own."""
    gone = Vantage(kind=VantageKind.TASK, name="x", netns=f"{place.folder}/{TASK}")

    with pytest.raises(VanishedError):
        await asyncio.to_thread(read_endpoints, gone)


def test_of_a_point_to_point_address_the_near_end_counts() -> None:
    """IFA_ADDRESS is then the other side's."""
    message = {
        "index": 3,
        "attrs": [("IFA_ADDRESS", "10.0.0.2"), ("IFA_LOCAL", "10.0.0.1")],
    }

    assert parse_address(message).address == IPv4Address("10.0.0.1")


def test_an_address_of_a_device_that_is_newer_than_the_list_is_left_out() -> None:
    """Without its link nobody knows its other end; the next reading will."""
    address = parse_address({"index": 3, "attrs": [("IFA_ADDRESS", "10.0.0.2")]})

    assert match_endpoints([], [address]) == {}
