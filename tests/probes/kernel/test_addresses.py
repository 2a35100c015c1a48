from ipaddress import IPv4Address

import pytest

from probes.kernel.addresses import fetch_addresses, parse_address
from probes.kernel.netlink import read_table
from probes.model.reading import DeviceAddress
from probes.vantage import inside
from tests.probes.kernel.place import TASK, Place


def test_of_a_point_to_point_address_the_near_end_counts() -> None:
    """IFA_ADDRESS is then the other side's."""
    message = {
        "index": 3,
        "prefixlen": 32,
        "attrs": [("IFA_ADDRESS", "10.0.0.2"), ("IFA_LOCAL", "10.0.0.1")],
    }

    assert parse_address(message).address == IPv4Address("10.0.0.1")


@pytest.mark.netns
def test_every_address_comes_with_its_prefix_and_device(place: Place) -> None:
    """A VIP is a further address of the same device, and its prefix tells it from the others."""
    place.add_overlay()
    vantage = place.join(TASK, "veth0", 5)
    place.ip(TASK, "address add 10.77.0.2/32 dev eth0")

    with inside(vantage):
        found = read_table(fetch_addresses(), parse_address, 10).rows

    device = found[0].device_index
    assert found == (
        DeviceAddress(address=IPv4Address("10.77.0.5"), prefix_length=24, device_index=device),
        DeviceAddress(address=IPv4Address("10.77.0.2"), prefix_length=32, device_index=device),
    )
