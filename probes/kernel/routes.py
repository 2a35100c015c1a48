"""Where does the kernel send what?"""

import errno
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from socket import AF_INET
from typing import Any

from pyroute2.netlink.rtnl import RTM_GETROUTE
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from probes.errnos import words_of
from probes.errors import UnreachableError
from probes.kernel.netlink import Dump, Message, ask, dump_table, picked
from probes.kernel.transport import RefusedByKernelError
from probes.model.reading import ChosenRoute, Route

# Kernel include/uapi/linux/rtnetlink.h.
_RTN_UNICAST = 1
_RTN_BLACKHOLE = 6
_RTN_UNREACHABLE = 7
_RTN_PROHIBIT = 8
_ROUTED = frozenset({_RTN_UNICAST, _RTN_BLACKHOLE, _RTN_UNREACHABLE, _RTN_PROHIBIT})
_RT_TABLE_LOCAL = 255

_ATTRIBUTES = frozenset(
    {
        "RTA_DST",
        "RTA_OIF",
        "RTA_GATEWAY",
        "RTA_PREFSRC",
        "RTA_METRICS",
        "RTA_MULTIPATH",
        "RTA_TABLE",
    },
)
_METRICS = frozenset({"RTAX_MTU"})

#: How the kernel says that it would not send there (net/ipv4/route.c; fib_props in
#: net/ipv4/fib_semantics.c for unreachable, prohibit and blackhole).
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL})


def fetch_routes() -> Dump:
    """Ask for the IPv4 routes, of all tables, of the namespace that the thread stands in."""
    request = rtmsg()
    request["family"] = AF_INET
    return dump_table(RTM_GETROUTE, request)


def parse_route(message: Message) -> Route | None:
    """Read one RTM_NEWROUTE; of several next hops the first counts.

    None for what the kernel keeps for its own addresses: the local table, broadcast.
    """
    found = picked(message, _ATTRIBUTES)
    table: int = found["RTA_TABLE"]
    if table == _RT_TABLE_LOCAL or message["type"] not in _ROUTED:
        return None
    hop = _first_hop(found)
    return Route(
        destination=IPv4Network((found.get("RTA_DST", 0), message["dst_len"])),
        device_index=hop.get("RTA_OIF"),
        gateway=_address(hop.get("RTA_GATEWAY")),
        source=_address(found.get("RTA_PREFSRC")),
        table=table,
        mtu_bytes=_mtu(found),
    )


def route_to(address: IPv4Address, device_mtus: Mapping[int, int]) -> ChosenRoute:
    """Ask which way the kernel would send to *address*, with which source.

    *device_mtus* gives the devices' MTUs by index, in bytes. Raises UnreachableError where the
    kernel would not send, CouldNotLookError.
    """
    request = rtmsg()
    request["family"] = AF_INET
    request["dst_len"] = address.max_prefixlen
    request["attrs"] = [("RTA_DST", str(address))]
    try:
        answer = ask(RTM_GETROUTE, request)
    except RefusedByKernelError as refusal:
        if refusal.number not in _NO_ROUTE:
            raise
        why = words_of(refusal.number)
        raise UnreachableError(f"no route to {address}: {why}") from refusal
    found = picked(answer, _ATTRIBUTES)
    device: int = found["RTA_OIF"]
    return ChosenRoute(
        source=IPv4Address(found["RTA_PREFSRC"]),
        device_index=device,
        gateway=_address(found.get("RTA_GATEWAY")),
        mtu_bytes=_mtu(found) or device_mtus.get(device, 0),
    )


def _first_hop(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find device and gateway, which a route of several next hops names for each of them."""
    hops = found.get("RTA_MULTIPATH")
    if not hops:
        return found
    return {"RTA_OIF": hops[0]["oif"], **picked(hops[0], {"RTA_GATEWAY"})}


def _address(text: str | None) -> IPv4Address | None:
    return IPv4Address(text) if text else None


def _mtu(found: Mapping[str, Any]) -> int | None:
    """Give the MTU that somebody set for the route, or that the kernel learned on the way."""
    if "RTA_METRICS" not in found:
        return None
    return picked(found["RTA_METRICS"], _METRICS).get("RTAX_MTU")
