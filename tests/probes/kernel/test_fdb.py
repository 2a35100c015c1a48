from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.kernel.fdb import parse_fdb_entry
from probes.model.reading import FdbEntry

DEVICES = {3: "vxlan0", 4: "veth0"}
SELF, MASTER = 0x02, 0x04
REACHABLE, STALE, NOARP, PERMANENT = 0x02, 0x04, 0x40, 0x80


def fdb_message(
    mac: str = "02:42:0a:4d:00:07",
    *attributes: tuple[str, Any],
    flags: int = SELF,
    state: int = PERMANENT,
    index: int = 3,
) -> dict[str, Any]:
    attrs = [("NDA_LLADDR", mac), *attributes]
    return {"ifindex": index, "flags": flags, "state": state, "attrs": attrs}


def parsed(message: dict[str, Any]) -> FdbEntry:
    entry = parse_fdb_entry(message, DEVICES)
    assert entry is not None
    return entry


def test_a_row_that_names_a_vtep_gives_it() -> None:
    """What Docker writes for a task on another node."""
    message = fdb_message("02:42:0a:4d:00:07", ("NDA_DST", "198.18.0.13"))

    assert parsed(message) == FdbEntry(
        mac="02:42:0a:4d:00:07",
        device="vxlan0",
        vtep=IPv4Address("198.18.0.13"),
        permanent=True,
        bridge=False,
    )


def test_a_vtep_of_another_family_is_not_named() -> None:
    """The row is there; its address does not fit an overlay of IPv4 nodes."""
    assert parsed(fdb_message("02:42:0a:4d:00:07", ("NDA_DST", "2001:db8::1"))).vtep is None


@pytest.mark.parametrize(
    ("state", "permanent"),
    [(PERMANENT, True), (NOARP, True), (REACHABLE, False), (STALE, False), (0, False)],
)
def test_written_and_learned_rows_are_told_apart(state: int, *, permanent: bool) -> None:
    """A row is permanent when somebody wrote it."""
    assert parsed(fdb_message(state=state)).permanent is permanent


@pytest.mark.parametrize(("flags", "bridge"), [(SELF, False), (MASTER, True), (0, True)])
def test_the_bridges_rows_are_those_that_are_not_the_devices_own(
    flags: int, *, bridge: bool
) -> None:
    """In a dump the kernel marks the device's own rows alone."""
    assert parsed(fdb_message(flags=flags)).bridge is bridge


@pytest.mark.parametrize("mac", ["33:33:00:00:00:01", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"])
def test_multicast_rows_are_left_out(mac: str) -> None:
    """They are receive filters of the devices themselves."""
    assert parse_fdb_entry(fdb_message(mac), DEVICES) is None


def test_an_all_zero_mac_is_kept() -> None:
    """VXLAN's default destination decides where unknown frames go."""
    message = fdb_message("00:00:00:00:00:00", ("NDA_DST", "198.18.0.13"))

    assert parsed(message).mac == "00:00:00:00:00:00"


def test_a_device_that_is_newer_than_the_list_of_devices_is_named_by_its_index() -> None:
    """The tables are read one after the other."""
    assert parsed(fdb_message(index=99)).device == "if99"
