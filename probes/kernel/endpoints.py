"""Which port of an overlay's bridge is the other end of a container's address?"""

from ipaddress import IPv4Address

from probes.model.reading import NamespaceReading


def match_endpoints(reading: NamespaceReading) -> dict[IPv4Address, int]:
    """Give each address of the namespace's veths the index of its veth's other end.

    That index counts in the namespace where the other end is: for a task's address on an overlay,
    or a load balancer's, the overlay's (IFLA_LINK); for its address on docker_gwbridge, the
    node's. Other devices' addresses are left out.
    """
    peers = {link.index: link.peer_index for link in reading.links}
    return {
        found.address: peer
        for found in reading.addresses
        if (peer := peers.get(found.device_index)) is not None
    }
