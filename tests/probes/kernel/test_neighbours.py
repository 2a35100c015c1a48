from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.kernel.neighbours import parse_neighbour
from probes.model.reading import Neighbour

DEVICES = {3: "vxlan0"}
PERMANENT = 0x80


def neighbour_message(
    *attributes: tuple[str, Any], state: int = PERMANENT, index: int = 3
) -> dict[str, Any]:
    attrs = [("NDA_DST", "10.77.0.7"), *attributes]
    return {"ifindex": index, "flags": 0, "state": state, "attrs": attrs}


def parsed(message: dict[str, Any]) -> Neighbour:
    neighbour = parse_neighbour(message, DEVICES)
    assert neighbour is not None
    return neighbour


def test_a_row_that_docker_wrote_is_permanent() -> None:
    """Address, device and MAC are those of the row."""
    assert parsed(neighbour_message(("NDA_LLADDR", "02:42:0a:4d:00:07"))) == Neighbour(
        address=IPv4Address("10.77.0.7"),
        device="vxlan0",
        mac="02:42:0a:4d:00:07",
        state="permanent",
    )


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (0x00, "none"),
        (0x01, "incomplete"),
        (0x02, "reachable"),
        (0x04, "stale"),
        (0x08, "delay"),
        (0x10, "probe"),
        (0x20, "failed"),
        (0x100, "unknown"),
    ],
)
def test_a_state_has_the_kernels_name(state: int, name: str) -> None:
    """The closed list ends with one name for what a later kernel may add."""
    neighbour = parsed(neighbour_message(state=state))

    assert (neighbour.state, neighbour.mac) == (name, None)


def test_rows_that_need_no_resolving_are_left_out() -> None:
    """Multicast and loopback say nothing of a peer; `ip neigh show` hides them too."""
    assert parse_neighbour(neighbour_message(state=0x40), DEVICES) is None


def test_a_device_that_is_newer_than_the_list_of_devices_is_named_by_its_index() -> None:
    """The tables are read one after the other."""
    assert parsed(neighbour_message(index=99)).device == "if99"
