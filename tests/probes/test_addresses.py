"""Which address is read from a text, and from a machine's resolv.conf?"""

from ipaddress import IPv4Address

import pytest

from probes.addresses import first_nameserver, parse_address


@pytest.mark.parametrize("text", ["", "api", "10.0.0", "10.0.0.256", "10.0.0.1/24", "::1"])
def test_what_is_no_ipv4_address_is_none(text: str) -> None:
    """A name, a network or an IPv6 address."""
    assert parse_address("10.0.0.25") == IPv4Address("10.0.0.25")
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("# nameserver 192.0.2.1\nnameserver fe80::1\nnameserver 192.0.2.2", "192.0.2.2"),
        ("search a\nnameserver fe80::1%eth0\nnameserver 192.0.2.2 x\n", "192.0.2.2"),
        ("nameserver 192.0.2.2 \nnameserver 192.0.2.3", "192.0.2.2"),
    ],
)
def test_the_first_ipv4_nameserver_is_found(text: str, server: str) -> None:
    """Comments, IPv6 and scoped addresses are passed over."""
    assert first_nameserver(text) == IPv4Address(server)


@pytest.mark.parametrize("text", ["", "nameserver", "search example.org\nnameserver\n"])
def test_a_resolv_conf_may_name_nobody(text: str) -> None:
    """Nothing is found where nothing is."""
    assert first_nameserver(text) is None
