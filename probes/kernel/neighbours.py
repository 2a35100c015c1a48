"""Which MAC does an address have, and how does the kernel know?"""

from collections.abc import Mapping
from ipaddress import IPv4Address
from socket import AF_INET
from types import MappingProxyType

from pyroute2.netlink.rtnl import RTM_GETNEIGH
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from probes.kernel.netlink import Dump, Message, dump_table, picked
from probes.model.reading import Neighbour

_NUD_NOARP = 0x40

#: NUD_* (kernel include/uapi/linux/neighbour.h); exactly one of them holds at a time.
_STATES = MappingProxyType(
    {
        0x00: "none",
        0x01: "incomplete",
        0x02: "reachable",
        0x04: "stale",
        0x08: "delay",
        0x10: "probe",
        0x20: "failed",
        0x80: "permanent",
    },
)

_ATTRIBUTES = frozenset({"NDA_DST", "NDA_LLADDR"})


def fetch_neighbours() -> Dump:
    """Ask for the IPv4 neighbours of the namespace that the thread stands in."""
    request = ndmsg()
    request["family"] = AF_INET
    return dump_table(RTM_GETNEIGH, request)


def parse_neighbour(message: Message, devices: Mapping[int, str]) -> Neighbour | None:
    """Read one RTM_NEWNEIGH; *devices* gives the devices' names by index.

    None for what needs no resolving (NUD_NOARP: multicast, loopback), as `ip neigh show` does it.
    """
    state: int = message["state"]
    if state & _NUD_NOARP:
        return None
    found = picked(message, _ATTRIBUTES)
    index: int = message["ifindex"]
    return Neighbour(
        address=IPv4Address(found["NDA_DST"]),
        device=devices.get(index, f"if{index}"),
        mac=found.get("NDA_LLADDR"),
        state=_STATES.get(state, "unknown"),
    )
