"""Does an overlay's subnet cover what this node needs, or has itself?

Each node looks for itself, also at overlays that none of its tasks is on yet: the Engine refuses
to start tasks on a subnet that one of its local networks has. Docker makes no route for an overlay
on the host, so every route there is somebody else's.
"""

from collections.abc import Iterator

from probes.audit.check import Answer
from probes.audit.expected import vteps
from probes.audit.situation import Situation
from probes.audit.subnets import free_subnet, local_networks
from probes.findings import addresses as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, HostReading
from probes.model.topology import Network

_TABLES = ("host, addresses", "host, routes", "host, name servers")


def check(situation: Situation) -> Iterator[Answer]:
    """Hold each overlay against this node; what it needs counts more than what it has."""
    unread = [item for item in situation.reading.failures if item.where in ("host", *_TABLES)]
    yield from unread
    host = situation.reading.host
    if host is None:
        if not unread:
            yield CouldNotLook(where="host", why="it has not been read yet")
        return
    for network in situation.topology.networks:
        if network.driver != "overlay":
            continue
        vital = list(_vital(network, host, situation))
        rows = vital or list(_local(network, host))
        if rows:
            yield _found(network, rows, situation, vital=bool(vital))


def _vital(network: Network, host: HostReading, situation: Situation) -> Iterator[str]:
    needed = [(address, "the name server") for address in host.nameservers]
    needed += [
        (route.gateway, "the default gateway")
        for route in host.namespace.routes
        if route.gateway and route.destination.prefixlen == 0
    ]
    by_address = sorted(vteps(situation.topology).items(), key=lambda item: item[1])
    for node_id, address in by_address:
        node = situation.lookup.nodes.get(node_id)
        needed.append((address, node.name if node else node_id))
    for address, what in dict.fromkeys(needed):
        if any(address in subnet for subnet in network.subnets):
            yield f"{what} {address}"


def _local(network: Network, host: HostReading) -> Iterator[str]:
    for other, words in local_networks(host):
        if any(subnet.overlaps(other) for subnet in network.subnets):
            yield words


def _found(network: Network, rows: list[str], situation: Situation, *, vital: bool) -> Finding:
    subnets = ", ".join(str(subnet) for subnet in network.subnets)
    evidence = [
        Evidence(what=f"of {situation.node.name}", expected=f"outside {subnets}", actual=row)
        for row in rows
    ]
    spec = findings.OVERLAP_VITAL if vital else findings.OVERLAP
    subject = Subject(network=network.name, item=subnets)
    proposed = str(free_subnet(situation, network.subnets[0]))
    return spec.found(subject, *evidence, subnet=proposed)
