from typing import Any

import pytest

from probes.kernel.links import parse_link

COUNTERS = {
    "rx_bytes": 1,
    "rx_packets": 2,
    "rx_errors": 3,
    "rx_dropped": 4,
    "tx_bytes": 5,
    "tx_packets": 6,
    "tx_errors": 7,
    "tx_dropped": 8,
    "multicast": 9,
}
UP_AND_RUNNING = 0x1 | 0x40


def link_message(*attributes: tuple[str, Any], flags: int = UP_AND_RUNNING) -> dict[str, Any]:
    common = [("IFLA_IFNAME", "eth0"), ("IFLA_MTU", 1450), ("IFLA_STATS64", COUNTERS)]
    return {"index": 7, "flags": flags, "attrs": [*common, *attributes]}


def test_counters_are_the_kernels_own() -> None:
    """Each counter goes to its own field, and none is mistaken for another."""
    counted = parse_link(link_message()).statistics

    assert (counted.receive_bytes, counted.receive_packets) == (1, 2)
    assert (counted.receive_errors, counted.receive_dropped) == (3, 4)
    assert (counted.transmit_bytes, counted.transmit_packets) == (5, 6)
    assert (counted.transmit_errors, counted.transmit_dropped) == (7, 8)


def test_a_device_without_kind_is_no_special_device() -> None:
    """A loopback has neither kind, nor address, nor other end."""
    link = parse_link(link_message())

    assert (link.index, link.name, link.kind, link.mac) == (7, "eth0", "", "")
    assert (link.peer_index, link.master_index, link.vni, link.vxlan_port) == (None,) * 4


@pytest.mark.parametrize(
    ("flags", "up"), [(0x1 | 0x40, True), (0x1, False), (0x40, False), (0x0, False)]
)
def test_up_means_with_a_carrier(flags: int, *, up: bool) -> None:
    """A veth that was set up while its other end is down carries nothing."""
    assert parse_link(link_message(flags=flags)).up is up


def test_only_a_veths_lower_link_is_its_other_end() -> None:
    """A VLAN's IFLA_LINK is the device that it stands on."""
    info = {"attrs": [("IFLA_INFO_KIND", "vlan"), ("IFLA_INFO_DATA", {"attrs": []})]}

    link = parse_link(link_message(("IFLA_LINK", 3), ("IFLA_LINKINFO", info)))

    assert (link.kind, link.peer_index) == ("vlan", None)


def test_a_vxlan_device_may_say_nothing_of_itself() -> None:
    """A kind without data is still a kind."""
    info = {"attrs": [("IFLA_INFO_KIND", "vxlan")]}

    link = parse_link(link_message(("IFLA_LINKINFO", info)))

    assert (link.kind, link.vni, link.vxlan_port) == ("vxlan", None, None)


def test_a_ports_bridge_may_say_that_it_is_a_port() -> None:
    """What the kernel says of the master (IFLA_INFO_SLAVE_KIND) is not the device's kind."""
    info = {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_SLAVE_KIND", "bridge")]}

    link = parse_link(
        link_message(("IFLA_LINKINFO", info), ("IFLA_LINK", 12), ("IFLA_MASTER", 2)),
    )

    assert (link.kind, link.peer_index, link.master_index) == ("veth", 12, 2)
