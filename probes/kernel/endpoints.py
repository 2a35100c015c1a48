"""Which port of an overlay's bridge is the other end of a container's address?"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from socket import AF_INET

from pyroute2.netlink.rtnl import RTM_GETADDR
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from probes.kernel.links import fetch_links, parse_link
from probes.kernel.netlink import Dump, Message, dump_table, picked, read_table
from probes.model.reading import Link
from probes.model.vantage import Vantage
from probes.vantage import inside

#: A load balancer has one address for each service of its network: more than this is no Swarm.
_MAX_ROWS = 10_000

_ATTRIBUTES = frozenset({"IFA_LOCAL", "IFA_ADDRESS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAddress:
    """An IPv4 address, and the index of the device that has it."""

    address: IPv4Address
    device_index: int


def read_endpoints(vantage: Vantage) -> dict[IPv4Address, int]:
    """Give each address of the namespace's veths the index of its veth's other end.

    That index counts in the namespace where the other end is: for a task's address on an overlay,
    or a load balancer's, the overlay's (IFLA_LINK); for its address on docker_gwbridge, the
    node's. Only for a worker thread. Raises LookError.
    """
    with inside(vantage):
        links = read_table(fetch_links(), parse_link, _MAX_ROWS)
        addresses = read_table(fetch_addresses(), parse_address, _MAX_ROWS)
    return match_endpoints(links.rows, addresses.rows)


def fetch_addresses() -> Dump:
    """Ask for the IPv4 addresses of the namespace that the thread stands in."""
    request = ifaddrmsg()
    request["family"] = AF_INET
    return dump_table(RTM_GETADDR, request)


def parse_address(message: Message) -> DeviceAddress:
    """Read one RTM_NEWADDR; where both ends of a link are named, the near one counts."""
    found = picked(message, _ATTRIBUTES)
    address = found.get("IFA_LOCAL") or found["IFA_ADDRESS"]
    return DeviceAddress(address=IPv4Address(address), device_index=message["index"])


def match_endpoints(
    links: Iterable[Link],
    addresses: Iterable[DeviceAddress],
) -> dict[IPv4Address, int]:
    """Join addresses to the other ends of their veths; other devices' addresses are left out."""
    peers = {link.index: link.peer_index for link in links}
    return {
        found.address: peer
        for found in addresses
        if (peer := peers.get(found.device_index)) is not None
    }
