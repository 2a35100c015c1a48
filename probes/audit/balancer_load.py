"""Do the tasks behind a VIP get the same number of new connections?

IPVS gives new connections to each destination in turn (rr), so they are even to the last one,
however long each lasts. Only what came between two rounds is compared: the counters begin with the
destination, so their totals differ as soon as one task is younger.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from probes.audit.balancer_state import Balancer, ServedVip, balancers, served_vips
from probes.audit.check import Answer
from probes.audit.situation import Situation
from probes.findings import balancer as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import VirtualService

#: So many for each destination, and newer kernels' counters, which they add up every other second
#: for one destination after the other, cannot feign a difference of this size.
MIN_CONNECTIONS = 30
#: Less than half of a fair share, or more than twice of it, is uneven.
FAR = 2


def check(situation: Situation) -> Iterator[Answer]:
    """Compare this round's counters with those of the round before."""
    for balancer in balancers(situation):
        before = _before(balancer, situation)
        for served in served_vips(balancer, situation):
            now = served.virtual_service
            then = before.get(served.mark or 0)
            if now is not None and then is not None:
                yield from _compare(served, _new_connections(then, now))


def _before(balancer: Balancer, situation: Situation) -> Mapping[int, VirtualService]:
    for reading in situation.before.namespaces:
        if reading.vantage == balancer.reading.vantage:
            return {item.mark: item for item in reading.virtual_services}
    return {}


def _new_connections(then: VirtualService, now: VirtualService) -> Mapping[IPv4Address, int]:
    """Count by destination; nothing where the destinations are not the same as before."""
    counts = [
        {item.address: item.connections for item in service.backends if item.weight}
        for service in (then, now)
    ]
    old, new = counts
    if old.keys() != new.keys() or any(new[address] < old[address] for address in new):
        return {}
    return {address: new[address] - old[address] for address in sorted(new)}


def _compare(served: ServedVip, connections: Mapping[IPv4Address, int]) -> Iterator[Finding]:
    """Judge enough connections over at least two tasks."""
    if len(connections) < FAR or served.running.keys() != connections.keys():
        return
    share = sum(connections.values()) / len(connections)
    if share < MIN_CONNECTIONS:
        return
    if share / FAR <= min(connections.values()) and max(connections.values()) <= share * FAR:
        return
    counts = (f"{address} {count}" for address, count in connections.items())
    subject = Subject(
        network=served.balancer.network.name, service=served.service.name, item=str(served.vip)
    )
    evidence = Evidence(
        what="new connections", expected=f"{share:.0f} for each", actual=", ".join(counts)
    )
    yield findings.UNEVEN.found(
        subject, evidence, netns=served.balancer.netns, mark=str(served.mark)
    )
