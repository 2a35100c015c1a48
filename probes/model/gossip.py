"""What does one node's Engine believe of a network, by what the other nodes told it?

Engines gossip services and endpoints to one another (moby libnetwork/networkdb); each programs its
own DNS, load balancer and forwarding entries from what has reached it.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipTask:
    """One endpoint of a service, as `GET /networks/{id}?verbose=true` lists it under `Tasks`."""

    #: Such as "shop_api.2.rhzxh4cnmgvn".
    name: str
    address: IPv4Address
    #: `Info["Host IP"]`: where the overlay driver sends frames for it.
    vtep: IPv4Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipService:
    """One service, as a node's Engine knows it."""

    #: "" groups the endpoints that belong to no service.
    name: str
    vip: IPv4Address | None
    #: The IPVS mark on this node (`LocalLBIndex`); 0 while there is none.
    mark: int
    tasks: tuple[GossipTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkView:
    """One network, as a node's Engine knows it."""

    network_id: str
    #: Addresses of the nodes that take part in the network's gossip, this one too.
    peers: tuple[IPv4Address, ...]
    services: tuple[GossipService, ...]
    #: Address of this node's load balancer on the network; None where there is none.
    balancer: IPv4Address | None = None
    #: Addresses of containers here that no service made, on an attachable network.
    containers: tuple[IPv4Address, ...] = ()
    #: Unix seconds of the reading; not part of its identity.
    read_at: float = field(default=0.0, compare=False)
