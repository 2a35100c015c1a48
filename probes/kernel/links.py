"""Which network devices are there, and what have they counted?"""

from typing import Any

from pyroute2.netlink.rtnl import RTM_GETLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from probes.kernel.netlink import Dump, Message, dump_table, picked
from probes.model.reading import Link, LinkStatistics

# Device flags (kernel include/uapi/linux/if.h).
_IFF_UP = 0x1
_IFF_RUNNING = 0x40

_ATTRIBUTES = frozenset(
    {
        "IFLA_IFNAME",
        "IFLA_MTU",
        "IFLA_ADDRESS",
        "IFLA_LINK",
        "IFLA_MASTER",
        "IFLA_LINKINFO",
        "IFLA_STATS64",
    },
)
_INFO_ATTRIBUTES = frozenset({"IFLA_INFO_KIND", "IFLA_INFO_DATA"})
_VXLAN_ATTRIBUTES = frozenset({"IFLA_VXLAN_ID", "IFLA_VXLAN_PORT"})


def fetch_links() -> Dump:
    """Ask for the devices of the namespace that the thread stands in."""
    return dump_table(RTM_GETLINK, ifinfmsg())


def parse_link(message: Message) -> Link:
    """Read one RTM_NEWLINK.

    A link is up when it was set up and has a carrier: a veth whose other end is down or gone is
    not.
    """
    found = picked(message, _ATTRIBUTES)
    kind, data = _parse_info(found.get("IFLA_LINKINFO"))
    return Link(
        index=message["index"],
        name=found["IFLA_IFNAME"],
        kind=kind,
        mtu_bytes=found["IFLA_MTU"],
        up=message["flags"] & (_IFF_UP | _IFF_RUNNING) == _IFF_UP | _IFF_RUNNING,
        mac=found.get("IFLA_ADDRESS", ""),
        statistics=_parse_statistics(found["IFLA_STATS64"]),
        enabled=bool(message["flags"] & _IFF_UP),
        # Other kinds use the same attribute for the device that they stand on.
        peer_index=found.get("IFLA_LINK") if kind == "veth" else None,
        master_index=found.get("IFLA_MASTER"),
        vni=data.get("IFLA_VXLAN_ID"),
        vxlan_port=data.get("IFLA_VXLAN_PORT"),
    )


def _parse_info(info: Message | None) -> tuple[str, dict[str, Any]]:
    """Read the kind, and what a VXLAN device says of itself; a loopback has neither."""
    if info is None:
        return "", {}
    found = picked(info, _INFO_ATTRIBUTES)
    kind: str = found.get("IFLA_INFO_KIND", "")
    if kind != "vxlan" or "IFLA_INFO_DATA" not in found:
        return kind, {}
    return kind, picked(found["IFLA_INFO_DATA"], _VXLAN_ATTRIBUTES)


def _parse_statistics(counters: Message) -> LinkStatistics:
    return LinkStatistics(
        receive_bytes=counters["rx_bytes"],
        receive_packets=counters["rx_packets"],
        receive_errors=counters["rx_errors"],
        receive_dropped=counters["rx_dropped"],
        transmit_bytes=counters["tx_bytes"],
        transmit_packets=counters["tx_packets"],
        transmit_errors=counters["tx_errors"],
        transmit_dropped=counters["tx_dropped"],
    )
