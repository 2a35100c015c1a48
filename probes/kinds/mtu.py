"""Does the largest packet that the way should carry get there and back, in one piece?"""

import socket

from probes.kinds.icmp import echo, echo_socket
from probes.model.probe import MtuLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

# include/uapi/linux/in.h; Python 3.11 names none of them.
_IP_MTU_DISCOVER, _IP_PMTUDISC_PROBE = 10, 3
_IP_MTU = 14
_LARGEST_PACKET_BYTES = 65_535
#: IPv4's header without options, and ICMP's.
HEADERS_BYTES = 28


async def look(look: MtuLook, net: Net, phases: Phases) -> Observation:
    """Send one echo request that fills the device's MTU, and wait for its reply.

    The request must not be broken up, and what the kernel has heard of a smaller MTU on the way
    does not count for it (ip(7), IP_PMTUDISC_PROBE): services' packets are as large at first.
    """
    with echo_socket(look.address, net) as sock:
        whole_packets(sock)
        return await echo(sock, device_mtu(sock) - HEADERS_BYTES, phases)


def whole_packets(sock: socket.socket) -> None:
    """Send nothing in pieces, whatever was heard of the way."""
    sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_PROBE)


def device_mtu(sock: socket.socket) -> int:
    """Give the MTU of the device that a connected socket sends by, in bytes."""
    return min(sock.getsockopt(socket.IPPROTO_IP, _IP_MTU), _LARGEST_PACKET_BYTES)
