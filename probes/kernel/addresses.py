"""Which IPv4 addresses do the devices have?"""

from ipaddress import IPv4Address
from socket import AF_INET

from pyroute2.netlink.rtnl import RTM_GETADDR
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from probes.kernel.netlink import Dump, Message, dump_table, picked
from probes.model.reading import DeviceAddress

_ATTRIBUTES = frozenset({"IFA_LOCAL", "IFA_ADDRESS"})


def fetch_addresses() -> Dump:
    """Ask for the IPv4 addresses of the namespace that the thread stands in."""
    request = ifaddrmsg()
    request["family"] = AF_INET
    return dump_table(RTM_GETADDR, request)


def parse_address(message: Message) -> DeviceAddress:
    """Read one RTM_NEWADDR; where both ends of a link are named, the near one counts."""
    found = picked(message, _ATTRIBUTES)
    address = found.get("IFA_LOCAL") or found["IFA_ADDRESS"]
    return DeviceAddress(
        address=IPv4Address(address),
        prefix_length=message["prefixlen"],
        device_index=message["index"],
    )
