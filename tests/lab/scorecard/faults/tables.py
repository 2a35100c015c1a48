"""Faults of what Docker writes into the kernel: forwarding entries, neighbours, load balancers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.lab.audit.balancing import place_of
from tests.lab.audit.forwarding import STRANGER, Place, find_place
from tests.lab.audit.looking import LabAuditor
from tests.lab.scorecard.scenario import Culprit, Fault, Scenario, Site

_BALANCED = ("shop_app", "shop_web")
_INGRESS, _PORT = "ingress_sbox", "8080"


def _entry(change: Callable[[Place], object], alert: str, *, critical: bool = True) -> Fault:
    @contextmanager
    def fault(site: Site) -> Iterator[Culprit]:
        place = find_place(LabAuditor(site.lab))
        change(place)
        try:
            yield Culprit(alerts=(alert,), labels={"node": (place.here.name,)}, critical=critical)
        finally:
            place.put_back()

    return fault


@contextmanager
def _stale(site: Site) -> Iterator[Culprit]:
    place = find_place(LabAuditor(site.lab))
    place.add_row(place.vtep)
    try:
        yield Culprit(
            alerts=("SwarmForwardingSuspect",),
            labels={"node": (place.here.name,)},
            critical=False,
        )
    finally:
        place.remove_row(place.vtep)


@contextmanager
def _stray(site: Site) -> Iterator[Culprit]:
    place = find_place(LabAuditor(site.lab))
    place.misdirect(STRANGER)
    try:
        yield Culprit(alerts=("SwarmForwardingBroken",), labels={"node": (place.here.name,)})
    finally:
        place.put_back()


@contextmanager
def _balancer_backend_stale(site: Site) -> Iterator[Culprit]:
    auditor = LabAuditor(site.lab)
    network, service = _BALANCED
    place = next(
        found for node in site.lab.nodes if (found := place_of(auditor, node, network, service))
    )
    place.add(place.free)
    try:
        yield Culprit(
            alerts=("SwarmLoadBalancerBroken",),
            labels={"node": (place.node.name,), "service": (service,)},
        )
    finally:
        place.delete(place.free)


@contextmanager
def _published_port_dead(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    rule = ("PREROUTING", "-p", "tcp", "--dport", _PORT, "-j", "DROP")
    site.lab.netns(victim, _INGRESS, "iptables", "-t", "raw", "-I", *rule)
    try:
        yield Culprit(
            alerts=("SwarmPublishedPortDead",),
            labels={"node": (victim.name,), "service": ("shop_gateway",)},
        )
    finally:
        site.lab.netns(victim, _INGRESS, "iptables", "-t", "raw", "-D", *rule)


SCENARIOS = (
    Scenario(
        name="fdb-deleted",
        words="the forwarding entry of a remote task is deleted (and learned again)",
        fault=_entry(Place.lose, "SwarmForwardingSuspect", critical=False),
    ),
    Scenario(
        name="fdb-wrong-vtep",
        words="the forwarding entry of a remote task points out of the Swarm",
        fault=_stray,
    ),
    Scenario(
        name="fdb-stale",
        words="a forwarding entry is left of a task that is gone",
        fault=_stale,
    ),
    Scenario(
        name="neighbour-missing",
        words="the neighbour entry of a remote task is deleted",
        fault=_entry(Place.forget, "SwarmForwardingBroken"),
    ),
    Scenario(
        name="balancer-stale",
        words="a load balancer sends to an address that nobody has",
        fault=_balancer_backend_stale,
        needs=("ipvs",),
    ),
    Scenario(
        name="port-dead",
        words="a published port is dead on one node",
        fault=_published_port_dead,
        needs=("ipvs",),
    ),
)
