"""Which virtual services does IPVS balance, over which backends?

Numbers: kernel include/uapi/linux/ip_vs.h. Values are in the machine's byte order but for
addresses.
"""

import errno
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import islice
from socket import AF_INET

from probes.errors import CouldNotLookError
from probes.kernel.attributes import Attributes, attribute, attributes, text
from probes.kernel.generic import ask_one, ask_table, find_family
from probes.kernel.transport import RefusedByKernelError
from probes.model.reading import Backend, VirtualService

_GET_SERVICE = 4
_GET_DEST = 8
_GET_CONFIG = 13

_CMD_SERVICE = 1
_CMD_DEST = 2
_CMD_TIMEOUT_TCP = 4
_CMD_TIMEOUT_TCP_FIN = 5
_CMD_TIMEOUT_UDP = 6

_SERVICE_FAMILY = 1
_SERVICE_MARK = 5
_SERVICE_SCHEDULER = 6
_SERVICE_STATS64 = 12

_DEST_ADDRESS = 1
_DEST_WEIGHT = 4
_DEST_ACTIVE = 7
_DEST_INACTIVE = 8
_DEST_STATS64 = 12

_STATS_CONNECTIONS = 1

#: Beyond any Swarm: the rest is not read, and the reading fails rather than lie.
_MAX_SERVICES = 10_000
_MAX_BACKENDS = 100_000


class NoIpvsError(CouldNotLookError):
    """The kernel has no IPVS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IpvsTimeouts:
    """After how many idle seconds IPVS forgets a connection, in one namespace."""

    tcp_seconds: int
    #: After a FIN.
    tcp_fin_seconds: int
    udp_seconds: int


def has_ipvs() -> bool:
    """Tell whether the kernel has IPVS; one that has it as a module loads it now.

    The Engine's first VIP would load it as well. Raises CouldNotLookError.
    """
    try:
        _find_family()
    except NoIpvsError:
        return False
    return True


def read_virtual_services() -> tuple[VirtualService, ...]:
    """Read the mark services of the namespace that the calling thread stands in.

    Swarm makes no other kind: services by address and port, and IPv6's, are left out. Blocks.
    Raises NoIpvsError, and CouldNotLookError when IPVS is there and tells nothing.
    """
    family = _find_family()
    services = [
        attributes(found[_CMD_SERVICE])
        for found in _limited(ask_table(family, _GET_SERVICE), _MAX_SERVICES)
    ]
    left = _MAX_BACKENDS
    virtual_services = []
    for service in filter(is_mark_service, services):
        dump = ask_table(family, _GET_DEST, identity_of(service))
        backends = tuple(parse_backend(found[_CMD_DEST]) for found in _limited(dump, left))
        left -= len(backends)
        virtual_services.append(parse_service(service, backends))
    return tuple(virtual_services)


def read_ipvs_timeouts() -> IpvsTimeouts:
    """Read the idle limits of the namespace that the calling thread stands in.

    Blocks. Raises what `read_virtual_services` raises.
    """
    return parse_timeouts(ask_one(_find_family(), _GET_CONFIG))


def is_mark_service(service: Attributes) -> bool:
    """Tell whether IPVS finds an IPv4 service by the firewall's mark."""
    return (
        _SERVICE_MARK in service
        and int.from_bytes(service[_SERVICE_FAMILY], sys.byteorder) == AF_INET
    )


def identity_of(service: Attributes) -> bytes:
    """Encode which mark service is meant, as IPVS wants it in a question about its backends."""
    family = attribute(_SERVICE_FAMILY, service[_SERVICE_FAMILY])
    mark = attribute(_SERVICE_MARK, service[_SERVICE_MARK])
    return attribute(_CMD_SERVICE, family + mark, nested=True)


def parse_service(service: Attributes, backends: tuple[Backend, ...]) -> VirtualService:
    """Read IPVS_CMD_ATTR_SERVICE."""
    return VirtualService(
        mark=_number(service[_SERVICE_MARK]),
        scheduler=text(service[_SERVICE_SCHEDULER]),
        connections=_connections(service[_SERVICE_STATS64]),
        backends=backends,
    )


def parse_backend(destination: bytes) -> Backend:
    """Read IPVS_CMD_ATTR_DEST of an IPv4 service."""
    backend = attributes(destination)
    return Backend(
        # The kernel gives an IPv4 address in the first bytes of a union nf_inet_addr.
        address=IPv4Address(backend[_DEST_ADDRESS][:4]),
        weight=_number(backend[_DEST_WEIGHT]),
        active_connections=_number(backend[_DEST_ACTIVE]),
        inactive_connections=_number(backend[_DEST_INACTIVE]),
        connections=_connections(backend[_DEST_STATS64]),
    )


def parse_timeouts(config: Attributes) -> IpvsTimeouts:
    """Read the answer to IPVS_CMD_GET_CONFIG; a protocol that the kernel was built without is 0."""
    return IpvsTimeouts(
        tcp_seconds=_number(config.get(_CMD_TIMEOUT_TCP, b"")),
        tcp_fin_seconds=_number(config.get(_CMD_TIMEOUT_TCP_FIN, b"")),
        udp_seconds=_number(config.get(_CMD_TIMEOUT_UDP, b"")),
    )


def _find_family() -> int:
    try:
        return find_family("IPVS")
    except RefusedByKernelError as refusal:
        if refusal.number != errno.ENOENT:
            raise
        raise NoIpvsError("this kernel has no IPVS (module ip_vs)") from refusal


def _limited(rows: Iterator[Attributes], at_most: int) -> Iterator[Attributes]:
    yield from islice(rows, at_most)
    if next(rows, None) is not None:
        raise CouldNotLookError(f"IPVS has more rows than the {at_most} that are read")


def _connections(stats: bytes) -> int:
    return _number(attributes(stats)[_STATS_CONNECTIONS])


def _number(value: bytes) -> int:
    return int.from_bytes(value, sys.byteorder)
