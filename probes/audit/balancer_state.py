"""What does each load balancer of this node hold for each VIP, beside what it should?

Every service with a VIP has, in the load balancer's namespace of each of its networks, on each
node that takes part in the network (moby libnetwork/service_linux.go, seen with Engines 20.10 to
28): its VIP as a /32 on eth0, a rule of mangle INPUT that marks what comes for the VIP, and an
IPVS service of that mark with one destination for each task, of weight 1, or 0 while the task
drains. The marks count anew on each node. They are read from the rules, which the kernel follows;
where a rule is missing, from what the Engine says (`LocalLBIndex`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from probes.audit.balancer_scope import (
    HOST_PREFIX,
    marks_of,
    may_do_without_ipvs,
    overlays_served,
    unread,
)
from probes.audit.expected import EndpointKind, ExpectedEndpoint
from probes.audit.situation import Situation
from probes.model.gossip import GossipService
from probes.model.reading import Backend, NamespaceReading, VirtualService
from probes.model.topology import Network, Service
from probes.model.vantage import VantageKind
from probes.plan.lookup import vip_on

_READY = "ready"
#: Driver option of overlays whose tasks answer clients directly; its value does not matter (moby
#: libnetwork/network.go, overlayDSROptionString).
_DIRECT = "dsr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """The load balancer of one network on this node."""

    network: Network
    reading: NamespaceReading
    #: What it answers for: its addresses of prefix length 32.
    vips_held: frozenset[IPv4Address]
    #: The other one, which clients' addresses are translated to.
    own_address: IPv4Address | None
    #: Destination -> marks, in the order of the rules: the last one counts.
    marks: Mapping[IPv4Address, tuple[int, ...]]
    virtual_services: Mapping[int, VirtualService]
    #: What this node's Engine was told, by the service's name.
    told: Mapping[str, GossipService]

    @property
    def direct(self) -> bool:
        """Whether tasks answer clients themselves, so that nothing is translated."""
        return _DIRECT in dict(self.network.options)

    @property
    def netns(self) -> str:
        """Name the namespace's file."""
        return Path(self.reading.vantage.netns or "").name


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedVip:
    """One service behind one load balancer."""

    balancer: Balancer
    service: Service
    vip: IPv4Address
    #: None where neither a rule nor the Engine tells it.
    mark: int | None
    #: The service's tasks on the network that must be reachable.
    running: Mapping[IPv4Address, ExpectedEndpoint]
    #: Those, and those that are on their way up or down.
    possible: Mapping[IPv4Address, ExpectedEndpoint]

    @property
    def virtual_service(self) -> VirtualService | None:
        """Find what IPVS has for it."""
        return None if self.mark is None else self.balancer.virtual_services.get(self.mark)

    @property
    def backends(self) -> Mapping[IPv4Address, Backend]:
        """Give what IPVS sends its connections to."""
        found = self.virtual_service
        return {item.address: item for item in found.backends} if found else {}


def balancers(situation: Situation) -> Iterator[Balancer]:
    """List the load balancers that serve somebody here and could be read whole.

    One that serves no task of this node may lag behind for ever, and harms nobody. Where tasks
    have just come, the Engine gets time to hear of the network's services.
    """
    if situation.reading.ipvs is False or may_do_without_ipvs(situation):
        return  # the one is a fault of the host's and told as such, the other none
    told = {view.network_id: view for view in situation.views}
    for network in overlays_served(situation):
        reading = situation.namespace(VantageKind.LOAD_BALANCER, network.id)
        if reading is None or unread(network, situation):
            continue
        view = told.get(network.id)
        links = {link.index: link.name for link in reading.links}
        outside = [item for item in reading.addresses if links.get(item.device_index) != "lo"]
        own = (item.address for item in outside if item.prefix_length < HOST_PREFIX)
        yield Balancer(
            network=network,
            reading=reading,
            vips_held=frozenset(
                item.address for item in outside if item.prefix_length == HOST_PREFIX
            ),
            own_address=next(own, None),
            marks=marks_of(reading),
            virtual_services={item.mark: item for item in reading.virtual_services},
            told={service.name: service for service in view.services} if view else {},
        )


def served_vips(balancer: Balancer, situation: Situation) -> Iterator[ServedVip]:
    """List the services that have a VIP on the load balancer's network."""
    endpoints = situation.endpoints.get(balancer.network.id, {})
    of_service = defaultdict[str, dict[IPv4Address, ExpectedEndpoint]](dict)
    for address, endpoint in endpoints.items():
        if endpoint.kind is EndpointKind.TASK:
            of_service[endpoint.service][address] = endpoint
    for service, vip in vips_of(balancer.network, situation):
        tasks = of_service[service.name]
        yield ServedVip(
            balancer=balancer,
            service=service,
            vip=vip,
            mark=_mark_of(vip, service, balancer),
            running={
                address: item
                for address, item in tasks.items()
                if item.certain and _on_ready_node(item, situation)
            },
            possible={
                address: item
                for address, item in tasks.items()
                if item.certain or _on_ready_node(item, situation)
            },
        )


def vips_of(network: Network, situation: Situation) -> Iterator[tuple[Service, IPv4Address]]:
    """List the services that a network's load balancers answer for, with their VIPs."""
    for service in situation.topology.services:
        vip = vip_on(service, network.id)
        if vip is not None and service.endpoint_mode == "vip":
            yield service, vip


def _mark_of(vip: IPv4Address, service: Service, balancer: Balancer) -> int | None:
    if marks := balancer.marks.get(vip):
        return marks[-1]
    told = balancer.told.get(service.name)
    return told.mark if told and told.vip == vip and told.mark else None


def _on_ready_node(endpoint: ExpectedEndpoint, situation: Situation) -> bool:
    node = situation.lookup.nodes.get(endpoint.node_id)
    return node is not None and node.state == _READY
