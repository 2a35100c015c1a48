"""What does this node encrypt, for whom, and by which security association?

Everything here is IPv4. Keys are never looked at: of an association only the header is decoded,
not the attributes behind it, where they are.
"""

import errno
import socket
import struct
import sys
from ipaddress import IPv4Address, IPv4Network

from probes.kernel.attributes import attributes
from probes.kernel.transport import Answer, KernelMessage, exchange, request
from probes.model.reading import SecurityAssociation, SecurityPolicy

_NETLINK_XFRM = 6
# Kernel include/uapi/linux/xfrm.h.
_XFRM_MSG_GETSA = 0x12
_XFRM_MSG_GETPOLICY = 0x15
_XFRMA_MARK = 21
_DIRECTIONS = ("in", "out", "forward")

#: struct xfrm_selector: daddr, saddr, dport, (sport, family,) the prefixes' lengths.
_SELECTOR = struct.Struct("!4s12x 4s12x H2x 4x 2x BB 12x")
_SELECTOR_FAMILY = struct.Struct("=40xH")
#: struct xfrm_usersa_info: selector, id (daddr, spi, proto), saddr, limits, then curlft with its
#: second counter, packets; and family.
_ASSOCIATION = struct.Struct("=56x 4s12x 4s4x 4s12x 64x 8xQ16x 20xH")
#: struct xfrm_userpolicy_info: selector, limits, counters, priority, index; dir. Padded to eight.
_POLICY_DIRECTION = struct.Struct("=56x 64x 32x 8xB7x")


def fetch_associations() -> Answer:
    """Ask for the security associations of the namespace that the thread stands in."""
    return exchange(_NETLINK_XFRM, request(_XFRM_MSG_GETSA, b""))


def fetch_policies() -> Answer:
    """Ask for the security policies of the namespace that the thread stands in."""
    return exchange(_NETLINK_XFRM, request(_XFRM_MSG_GETPOLICY, b""))


def has_xfrm() -> bool:
    """Tell whether the kernel has IPsec at all; True when that cannot be found out."""
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_XFRM).close()
    except OSError as error:
        return error.errno != errno.EPROTONOSUPPORT
    return True


def parse_association(message: KernelMessage) -> SecurityAssociation | None:
    """Read one XFRM_MSG_NEWSA; None for another family than IPv4."""
    destination, spi, source, packets, family = _ASSOCIATION.unpack_from(message.body)
    if family != socket.AF_INET:
        return None
    return SecurityAssociation(
        source=IPv4Address(source),
        destination=IPv4Address(destination),
        spi=int.from_bytes(spi, "big"),
        packets=packets,
    )


def parse_policy(message: KernelMessage) -> SecurityPolicy | None:
    """Read one XFRM_MSG_NEWPOLICY; None for another family, and for a single socket's."""
    body = message.body
    (family,) = _SELECTOR_FAMILY.unpack_from(body)
    (direction,) = _POLICY_DIRECTION.unpack_from(body)
    if family != socket.AF_INET or direction >= len(_DIRECTIONS):
        return None
    destination, source, port, destination_bits, source_bits = _SELECTOR.unpack_from(body)
    return SecurityPolicy(
        source=IPv4Network((source, source_bits), strict=False),
        destination=IPv4Network((destination, destination_bits), strict=False),
        direction=_DIRECTIONS[direction],
        destination_port=port,
        mark=_mark(body),
    )


def _mark(body: bytes) -> int:
    """Find the mark that packets must have; 0 for any."""
    found = attributes(body[_POLICY_DIRECTION.size :]).get(_XFRMA_MARK)
    return int.from_bytes(found[:4], sys.byteorder) if found else 0
