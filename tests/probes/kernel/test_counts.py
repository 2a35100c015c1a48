import socket
import subprocess
from pathlib import Path

import pytest

from probes.kernel.counts import (
    read_conntrack,
    read_neighbour_table,
    read_xfrm_errors,
    sum_column,
)
from probes.model.reading import Usage
from probes.model.vantage import Vantage
from probes.vantage import inside, open_socket
from tests.probes.kernel.place import OTHER_TASK, TASK, Place

STAT = """entries  clashres found insert_failed drop early_drop
00000010  00000000 00000003 00000001 0000000a 00000000
00000010  00000000 00000004 00000001 00000001 00000002
"""


@pytest.mark.parametrize(("name", "total"), [("drop", 11), ("found", 7), ("icmp_error", 0)])
def test_a_counter_is_the_sum_of_its_column(name: str, total: int) -> None:
    """Rows are hexadecimal, one a processor; kernels differ in their columns."""
    assert sum_column(STAT.splitlines(), name) == total


def test_without_the_file_nothing_was_counted() -> None:
    """A kernel may be built without it."""
    assert sum_column([], "drop") == 0


@pytest.fixture
def tracked(place: Place) -> tuple[Vantage, Vantage]:
    """Make two tasks on an overlay, the first of which tracks its connections."""
    place.add_overlay()
    tracking, other = place.join(TASK, "veth0", 5), place.join(OTHER_TASK, "veth1", 6)
    rules = "table ip t { chain c { type filter hook output priority 0; ct state new accept; }; }"
    in_task = ("nsenter", f"--net={place.folder / TASK}")
    subprocess.run((*in_task, "nft", rules), check=True, capture_output=True)
    return tracking, other


@pytest.mark.netns
def test_connections_are_counted_where_they_are_tracked(
    tracked: tuple[Vantage, Vantage],
) -> None:
    """Each namespace has its own count, under the limit of all."""
    tracking, other = tracked
    with open_socket(tracking, socket.SOCK_DGRAM) as sender:
        for port in (9, 10):
            sender.sendto(b"x", ("10.77.0.6", port))

    with inside(tracking):
        found = read_conntrack()
    with inside(other):
        elsewhere = read_conntrack()

    most = int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text())
    assert found == Usage(entries=2, most=most, refused=0)
    assert elsewhere == Usage(entries=0, most=most, refused=0)


@pytest.mark.netns
def test_the_neighbour_table_is_that_of_all_namespaces(place: Place) -> None:
    """Rows written into one namespace are counted from every other."""
    before = read_neighbour_table()
    place.add_overlay()
    rows = [f"neigh add 10.77.1.{n} lladdr 02:42:0a:4d:01:{n:02x} dev vxlan0" for n in range(200)]
    place.ip("1-k3x9q2m7wa", "\n".join(rows))

    after = read_neighbour_table()

    assert before is not None
    assert after is not None
    assert after.entries >= before.entries + 150  # others' neighbours come and go meanwhile
    limit = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
    assert after.most == int(limit.read_text())
    with Path("/proc/net/stat/arp_cache").open() as counted:
        assert after.refused == sum_column(counted, "table_fulls")


@pytest.mark.netns
def test_what_cannot_be_encrypted_is_counted(tracked: tuple[Vantage, Vantage]) -> None:
    """A policy without an association behind it drops what it selects.

    A kernel without CONFIG_XFRM_STATISTICS counts nothing, and then nothing is said.
    """
    sender, _ = tracked
    assert sender.netns
    policy = (
        "ip xfrm policy add src 10.77.0.5 dst 10.77.0.6 proto udp dport 4789 dir out "
        "tmpl src 10.77.0.5 dst 10.77.0.6 proto esp mode transport"
    )
    in_task = ("nsenter", f"--net={sender.netns}")
    subprocess.run((*in_task, *policy.split()), check=True, capture_output=True)
    before = errors_in(sender)

    with open_socket(sender, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"x", ("10.77.0.6", 4789))

    after = errors_in(sender)
    risen = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    counts = Path("/proc/thread-self/net/xfrm_stat").exists()
    assert risen == ({"XfrmOutNoStates": 1} if counts else {})


def errors_in(vantage: Vantage) -> dict[str, int]:
    with inside(vantage):
        return dict(read_xfrm_errors())
