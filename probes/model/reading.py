"""What did the kernel say? Links, forwarding entries and neighbours of one namespace."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.model.vantage import Vantage


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatistics:
    """Counters since the link was made (kernel include/uapi/linux/if_link.h, rtnl_link_stats64)."""

    receive_bytes: int
    receive_packets: int
    receive_errors: int
    receive_dropped: int
    transmit_bytes: int
    transmit_packets: int
    transmit_errors: int
    transmit_dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One network device."""

    index: int
    name: str
    #: `IFLA_INFO_KIND`: "bridge", "vxlan", "veth" ...; "" for the loopback.
    kind: str
    mtu_bytes: int
    up: bool
    mac: str
    statistics: LinkStatistics
    #: For a veth: the index of its other end, in that end's namespace.
    peer_index: int | None = None
    #: The bridge that it is a port of.
    master_index: int | None = None
    vni: int | None = None
    #: UDP destination port of a VXLAN device.
    vxlan_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FdbEntry:
    """One row of `bridge fdb show`."""

    mac: str
    device: str
    #: Where VXLAN sends frames for this MAC; None for a row that names no VTEP.
    vtep: IPv4Address | None
    #: Written by somebody (NUD_PERMANENT), not learned from traffic.
    permanent: bool
    #: Kept by the bridge (NTF_MASTER), not by the device itself (NTF_SELF).
    bridge: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """One row of `ip neigh show`."""

    address: IPv4Address
    device: str
    #: None while unresolved.
    mac: str | None
    #: "permanent", "reachable", "stale", "failed" ... (NUD_*, include/uapi/linux/neighbour.h).
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceReading:
    """What one namespace holds."""

    vantage: Vantage
    #: The Swarm network that the namespace serves; "" when we cannot tell.
    network_id: str
    links: tuple[Link, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CouldNotLook:
    """A namespace or a table that could not be read, and why."""

    where: str
    why: str
