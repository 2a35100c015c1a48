"""What did the kernel say? The tables of one namespace, and what a whole node counts."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from probes.model.vantage import Vantage, VantageKind


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
    #: Set up, and with a carrier.
    up: bool
    mac: str
    statistics: LinkStatistics
    #: Set up, whether or not there is a carrier.
    enabled: bool = True
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
class DeviceAddress:
    """One row of `ip addr show`, IPv4."""

    address: IPv4Address
    #: 32 for a VIP on a load balancer's device.
    prefix_length: int
    device_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of `ip route show table all`, IPv4 unicast."""

    destination: IPv4Network
    #: None for a route without one, such as a blackhole.
    device_index: int | None
    gateway: IPv4Address | None
    #: Preferred source (RTA_PREFSRC); None leaves the choice to the kernel.
    source: IPv4Address | None
    table: int
    mtu_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRoute:
    """What `ip route get` says: the way that the kernel would take to one address."""

    #: The source that it would choose.
    source: IPv4Address
    device_index: int
    #: None for a neighbour.
    gateway: IPv4Address | None
    #: The route's own, be it set or learned on the way, or else its device's.
    mtu_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One destination of an IPVS service."""

    address: IPv4Address
    #: 0 while Swarm drains it: existing connections go on, new ones do not come.
    weight: int
    active_connections: int
    inactive_connections: int
    #: Connections since it was added.
    connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualService:
    """One IPVS service; Swarm makes one for each service and network, found by its mark."""

    #: Firewall mark: counts anew on every node and at every restart of the Engine.
    mark: int
    scheduler: str
    connections: int
    backends: tuple[Backend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule:
    """One rule of iptables, as far as Swarm's own rules and their opposites need it.

    None and "" mean that the rule does not look at that.
    """

    #: "nat", "filter" or "mangle".
    table: str
    chain: str
    #: What is done: "MARK", "DROP", "REJECT", "ACCEPT", "SNAT", "DNAT", a chain to jump to, or "".
    target: str
    destination: IPv4Network | None = None
    #: "tcp", "udp", "esp" ...; "" for any.
    protocol: str = ""
    destination_port: int | None = None
    #: The value that MARK sets.
    mark: int | None = None
    #: The VXLAN network that it picks, by a match as the Engine writes it for encryption.
    vni: int | None = None
    #: Whether there is something that we did not decode, so that it may match less than it seems.
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallChain:
    """A chain that hooks into the kernel, and what happens to what falls through."""

    table: str
    chain: str
    #: "ACCEPT" or "DROP"; "" for a chain without a policy.
    policy: str
    #: "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", or "" for another. iptables' own
    #: chains are called after it; nf_tables' may have any name.
    hook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """The iptables rules of one namespace, whichever of its two back ends wrote them."""

    chains: tuple[FirewallChain, ...] = ()
    rules: tuple[FirewallRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAssociation:
    """One row of `ip xfrm state`; never its key."""

    source: IPv4Address
    destination: IPv4Address
    spi: int
    packets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPolicy:
    """One row of `ip xfrm policy`."""

    source: IPv4Network
    destination: IPv4Network
    #: "in", "out" or "forward".
    direction: str
    #: UDP destination port that it selects; 0 for any.
    destination_port: int
    mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceReading:
    """What one namespace holds; a table that the kind of vantage does not need stays empty.

    Links and addresses are read everywhere; forwarding entries in overlays; neighbours there and
    on the host; routes on the host and in tasks; IPVS in load balancers and the ingress
    namespace, the firewall there and on the host; sysctls everywhere but in overlays. A task's
    may be some rounds old: its devices and addresses do not change while it lives.
    """

    vantage: Vantage
    #: The Swarm network that the namespace serves; "" when we cannot tell.
    network_id: str
    links: tuple[Link, ...] = ()
    addresses: tuple[DeviceAddress, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    routes: tuple[Route, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    firewall: Firewall = Firewall()
    #: Name as sysctl(8) writes it -> value, such as ("net.ipv4.ip_forward", "1").
    sysctls: tuple[tuple[str, str], ...] = ()

    def sysctl(self, name: str) -> str | None:
        """Look one value up; None when the kernel has no such name, or it was not read."""
        return dict(self.sysctls).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouldNotLook:
    """A namespace or a table that could not be read, and why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How full a table of the kernel's is; *most* is 0 where it has no limit."""

    entries: int
    most: int
    #: Refusals since boot because it was full.
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReading:
    """What the node's own namespace holds, and what the kernel counts for all of them."""

    namespace: NamespaceReading
    #: None where the kernel does not track connections.
    conntrack: Usage | None = None
    #: Of all namespaces together (net/core/neighbour.c: gc_thresh3 is global).
    neighbour_table: Usage | None = None
    associations: tuple[SecurityAssociation, ...] = ()
    policies: tuple[SecurityPolicy, ...] = ()
    #: The way to each peer that was asked for; one that has no route is missing.
    underlay: tuple[tuple[IPv4Address, ChosenRoute], ...] = ()
    #: /proc/net/xfrm_stat, such as ("XfrmOutNoStates", 12).
    xfrm_errors: tuple[tuple[str, int], ...] = ()
    #: The resolvers that the node asks.
    nameservers: tuple[IPv4Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReading:
    """One round of reading on one node.

    The tables are read one after the other: within a round they may disagree by milliseconds.
    """

    #: Unix seconds.
    read_at: float = 0.0
    host: HostReading | None = None
    #: Overlays, load balancers, the ingress namespace, and the tasks'.
    namespaces: tuple[NamespaceReading, ...] = ()
    failures: tuple[CouldNotLook, ...] = ()
    #: Whether the kernel has IPVS; None when that could not be found out.
    ipvs: bool | None = None

    def of_kind(self, kind: VantageKind) -> tuple[NamespaceReading, ...]:
        """List the namespaces of one kind."""
        return tuple(item for item in self.namespaces if item.vantage.kind is kind)


NOTHING_READ = NodeReading()
