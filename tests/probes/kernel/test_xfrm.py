import socket
import struct
import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from probes.kernel.netlink import read_table
from probes.kernel.transport import KernelMessage
from probes.kernel.xfrm import (
    fetch_associations,
    fetch_policies,
    has_xfrm,
    parse_association,
    parse_policy,
)
from probes.model.reading import SecurityAssociation, SecurityPolicy
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import inside
from tests.probes.kernel.place import TASK, Place

RECORDED = Path(__file__).parents[2] / "data" / "kernel" / "xfrm-newsa.bin"
NEW_ASSOCIATION = 0x10
#: struct nlmsghdr, and struct xfrm_usersa_info; its family.
HEADER_BYTES, INFO_BYTES, FAMILY_OFFSET = 16, 224, 16 + 212


@pytest.fixture
def node(place: Place) -> Vantage:
    """Make a namespace in which nothing is encrypted."""
    return Vantage(kind=VantageKind.HOST, name="host", netns=str(place.add(TASK)))


def xfrm(node: Vantage, command: str) -> str:
    """Run `ip xfrm` there."""
    words = ("nsenter", f"--net={node.netns}", "ip", "xfrm", *command.split())
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def policies(node: Vantage) -> set[SecurityPolicy | None]:
    with inside(node):
        return set(read_table(fetch_policies(), parse_policy, 100).rows)


@pytest.mark.netns
def test_policies_are_what_ip_xfrm_policy_shows(node: Vantage) -> None:
    """Both ends, direction, port and mark are those that somebody wrote, as the Engine does."""
    template = "tmpl src 198.18.0.11 dst 198.18.0.12 proto esp reqid 13681891 mode transport"
    ends = "src 198.18.0.11/32 dst 198.18.0.12/32 proto udp"
    xfrm(node, f"policy add {ends} dport 4789 dir out mark 13681891 {template}")
    xfrm(node, f"policy add src 10.0.0.0/8 dst 10.1.0.0/16 dir in {template}")
    xfrm(node, f"policy add src 10.0.0.0/8 dst 10.1.0.0/16 dir fwd {template}")
    xfrm(node, "policy add src 2001:db8::/32 dst 2001:db8::/32 dir in action block")

    subnets = {"source": IPv4Network("10.0.0.0/8"), "destination": IPv4Network("10.1.0.0/16")}
    assert policies(node) == {
        SecurityPolicy(
            source=IPv4Network("198.18.0.11/32"),
            destination=IPv4Network("198.18.0.12/32"),
            direction="out",
            destination_port=4789,
            mark=13681891,
        ),
        SecurityPolicy(**subnets, direction="in", destination_port=0, mark=0),
        SecurityPolicy(**subnets, direction="forward", destination_port=0, mark=0),
        None,
    }


@pytest.mark.netns
def test_a_single_sockets_policy_is_nobodys(node: Vantage) -> None:
    """A program may exempt its socket; the node's policies are as they were."""
    ip_xfrm_policy = 17  # include/uapi/linux/in.h
    outward = struct.pack("=40xH14x 64x 32x 8xB7x", socket.AF_INET, 1)
    with inside(node), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exempted:
        exempted.setsockopt(socket.IPPROTO_IP, ip_xfrm_policy, outward)
        listed = read_table(fetch_policies(), parse_policy, 100).rows

    assert listed == (None,)


@pytest.mark.netns
def test_associations_are_what_ip_xfrm_state_shows(node: Vantage) -> None:
    """Source, destination and SPI are the kernel's, also of one that has no key yet.

    A kernel without ESP refuses any other.
    """
    ends = "src 198.18.0.12 dst 198.18.0.11"
    xfrm(node, f"state allocspi {ends} proto esp mode transport min 0x1000 max 0x1000")

    with inside(node):
        found = read_table(fetch_associations(), parse_association, 100).rows

    assert "spi 0x00001000" in xfrm(node, "state")
    assert found == (
        SecurityAssociation(
            source=IPv4Address("198.18.0.12"),
            destination=IPv4Address("198.18.0.11"),
            spi=0x1000,
            packets=0,
        ),
    )


def test_an_association_that_encrypts_counts_its_packets() -> None:
    """Recorded where the kernel has ESP: without it there is no such association."""
    found = parse_association(KernelMessage(NEW_ASSOCIATION, RECORDED.read_bytes()))

    assert found == SecurityAssociation(
        source=IPv4Address("198.18.0.11"),
        destination=IPv4Address("198.18.0.12"),
        spi=0x8A1B2C3D,
        packets=3,
    )


def test_an_association_is_its_header_alone() -> None:
    """Where the attributes begin, among them the key, nothing is read."""
    recorded = RECORDED.read_bytes()
    header = recorded[: HEADER_BYTES + INFO_BYTES]

    assert len(header) < len(recorded)
    assert parse_association(KernelMessage(NEW_ASSOCIATION, header)) == parse_association(
        KernelMessage(NEW_ASSOCIATION, recorded)
    )


def test_another_family_is_left_out() -> None:
    """Overlays are carried by IPv4."""
    recorded = bytearray(RECORDED.read_bytes())
    assert struct.unpack_from("=H", recorded, FAMILY_OFFSET) == (socket.AF_INET,)
    struct.pack_into("=H", recorded, FAMILY_OFFSET, socket.AF_INET6)

    assert parse_association(KernelMessage(NEW_ASSOCIATION, bytes(recorded))) is None


def test_whether_the_kernel_has_ipsec_at_all_is_told() -> None:
    """It has counters for it where it has it, unless it was built without them."""
    assert has_xfrm() or not Path("/proc/thread-self/net/xfrm_stat").exists()
