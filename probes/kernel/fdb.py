"""Which MAC is reached through which device, and which VTEP?"""

from collections.abc import Mapping
from ipaddress import IPv4Address
from socket import AF_BRIDGE

from pyroute2.netlink.rtnl import RTM_GETNEIGH
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from probes.kernel.netlink import Dump, Message, dump_table, picked
from probes.model.reading import FdbEntry

# Kernel include/uapi/linux/neighbour.h.
_NTF_SELF = 0x02
_NUD_NOARP = 0x40
_NUD_PERMANENT = 0x80

#: Group bit of a MAC's first octet (IEEE 802).
_MULTICAST = 0x01

_ATTRIBUTES = frozenset({"NDA_LLADDR", "NDA_DST"})


def fetch_fdb() -> Dump:
    """Ask for the forwarding entries of the namespace that the thread stands in."""
    request = ndmsg()
    request["family"] = AF_BRIDGE
    return dump_table(RTM_GETNEIGH, request)


def parse_fdb_entry(message: Message, devices: Mapping[int, str]) -> FdbEntry | None:
    """Read one RTM_NEWNEIGH; *devices* gives the devices' names by index.

    None for a multicast MAC: those rows are each device's own receive filter, never something
    that Swarm wrote. Rows that name an IPv6 VTEP are kept without it.
    """
    found = picked(message, _ATTRIBUTES)
    mac: str = found["NDA_LLADDR"]
    if int(mac[:2], 16) & _MULTICAST:
        return None
    index: int = message["ifindex"]
    return FdbEntry(
        mac=mac,
        # The same stand-in as iproute2's, for a device made since the devices were read.
        device=devices.get(index, f"if{index}"),
        vtep=_parse_vtep(found.get("NDA_DST")),
        # A bridge calls an entry that somebody wrote for a port NOARP ("static"), and its own
        # addresses PERMANENT; VXLAN knows PERMANENT alone.
        permanent=bool(message["state"] & (_NUD_PERMANENT | _NUD_NOARP)),
        bridge=not message["flags"] & _NTF_SELF,
    )


def _parse_vtep(destination: str | None) -> IPv4Address | None:
    return IPv4Address(destination) if destination and ":" not in destination else None
