"""Are a node's resolvers read?"""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from probes.errors import CouldNotLookError
from probes.kernel.nameservers import read_nameservers


def test_every_ipv4_name_server_is_read(tmp_path: Path) -> None:
    """In the order of the file; what is no IPv4 name server is passed over."""
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# nameserver 192.0.2.1\nsearch example.org\nnameserver 192.0.2.53\n"
        "nameserver 2001:db8::53\nnameserver\nnameserver 127.0.0.53\n",
    )

    assert read_nameservers(file) == (IPv4Address("192.0.2.53"), IPv4Address("127.0.0.53"))


def test_no_file_names_none(tmp_path: Path) -> None:
    """A node may do without."""
    assert read_nameservers(tmp_path / "none") == ()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(CouldNotLookError, match=f"{tmp_path} cannot be read"):
        read_nameservers(tmp_path)
