"""Which load balancers of this node can be judged?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from probes.audit.changes import GRACE_SECONDS
from probes.audit.situation import Situation
from probes.model.reading import CouldNotLook, NamespaceReading
from probes.model.topology import Network
from probes.model.vantage import VantageKind

HOST_PREFIX = 32
#: The first release that may balance with nf_tables and without IPVS (moby#53125).
_WITHOUT_IPVS_SINCE = (29, 8)


def overlays_served(situation: Situation) -> Iterator[Network]:
    """List the overlays with tasks of this node that have been running for a while."""
    since: dict[str, float] = {}
    for task in situation.topology.tasks:
        if task.node_id == situation.node.id and task.running:
            for item in task.addresses:
                known = since.get(item.network_id, task.updated_at)
                since[item.network_id] = min(known, task.updated_at)
    for network in situation.overlays_here():
        if not network.ingress and situation.now - since[network.id] >= GRACE_SECONDS:
            yield network


def unread(network: Network, situation: Situation) -> CouldNotLook | None:
    """Tell whether, and why, not all of a load balancer's tables were read."""
    whole = f"{VantageKind.LOAD_BALANCER} {network.name}"
    places = {whole, *(f"{whole}, {table}" for table in ("addresses", "ipvs", "firewall"))}
    return next((item for item in situation.reading.failures if item.where in places), None)


def may_do_without_ipvs(situation: Situation) -> bool:
    """Tell whether this node's Engine seems to balance with nf_tables alone.

    Such an Engine is known by its release, and by leaving no trace of IPVS anywhere.
    """
    traces = any(
        reading.virtual_services or marks_of(reading)
        for reading in situation.reading.of_kind(VantageKind.LOAD_BALANCER)
    )
    return not traces and _release(situation.node.engine_version) >= _WITHOUT_IPVS_SINCE


def marks_of(reading: NamespaceReading) -> Mapping[IPv4Address, tuple[int, ...]]:
    """Give the marks of what comes for an address, in the order of the rules."""
    found = defaultdict[IPv4Address, tuple[int, ...]](tuple)
    for rule in reading.firewall.rules:
        if (rule.table, rule.chain, rule.target) != ("mangle", "INPUT", "MARK"):
            continue
        destination = rule.destination
        if rule.mark and destination and destination.prefixlen == HOST_PREFIX:
            found[destination.network_address] += (rule.mark,)
    return found


def _release(version: str) -> tuple[int, ...]:
    """Read the first two numbers of such as "20.10.24+dfsg1"; none of anything else."""
    numbers = version.split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdecimal())
