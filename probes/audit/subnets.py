"""Which subnets does a node have itself, and which are nobody's?"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from probes.audit.situation import Situation
from probes.model.reading import HostReading

#: A wider route is the sum of a whole site: nobody need be at the overlay's part of it.
_WIDEST_ROUTE = 16
_POOL = IPv4Network("10.0.0.0/8")
_LOOPBACK = IPv4Network("127.0.0.0/8")
#: Room for ten times the tasks of most networks; Docker's own choice too.
_WIDEST_NEW = 24


def local_networks(host: HostReading) -> Iterator[tuple[IPv4Network, str]]:
    """Give each subnet that the node has a device in, or a route to, as `ip` would write it."""
    reading = host.namespace
    names = {link.index: link.name for link in reading.links}
    connected: set[IPv4Network] = set()
    for item in reading.addresses:
        subnet = IPv4Network((item.address, item.prefix_length), strict=False)
        if subnet.subnet_of(_LOOPBACK) or item.prefix_length == item.address.max_prefixlen:
            continue
        connected.add(subnet)
        device = names.get(item.device_index, "?")
        yield subnet, f"{item.address}/{item.prefix_length} dev {device}"
    for route in reading.routes:
        wide = route.destination.prefixlen < _WIDEST_ROUTE
        if wide or route.destination in connected or route.destination.subnet_of(_LOOPBACK):
            continue
        via = f" via {route.gateway}" if route.gateway else ""
        device = f" dev {names.get(route.device_index, '?')}" if route.device_index else ""
        yield route.destination, f"{route.destination}{via}{device}"


def local_subnets(host: HostReading) -> tuple[IPv4Network, ...]:
    """List the node's own subnets, for its report."""
    return tuple(sorted({subnet for subnet, _ in local_networks(host)}))


def free_subnet(situation: Situation, size: IPv4Network) -> IPv4Network:
    """Propose a subnet four times as large as *size* that no network and no node is known to have.

    Where the private range is full, *size* itself.
    """
    taken = [subnet for network in situation.topology.networks for subnet in network.subnets]
    taken += [subnet for report in situation.topology.reports for subnet in report.local_subnets]
    if situation.reading.host is not None:
        taken += local_subnets(situation.reading.host)
    prefix = max(_POOL.prefixlen, min(size.prefixlen - 2, _WIDEST_NEW))
    for subnet in _POOL.subnets(new_prefix=prefix):
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    return size
