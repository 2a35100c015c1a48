"""Does each load balancer of this node answer for the VIPs of its network's services?

One fault is one finding: a load balancer that is gone says nothing of its services, a service of
which two parts are missing nothing of each part, and one without a virtual service nothing of its
backends. Forwarding on or off in these namespaces is the host's family; what the Engine was never
told, gossip's.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address

from probes.audit import balancer_backends, balancer_keepalive, balancer_load, balancer_settings
from probes.audit.balancer_scope import HOST_PREFIX, may_do_without_ipvs, overlays_served, unread
from probes.audit.balancer_state import Balancer, ServedVip, balancers, served_vips, vips_of
from probes.audit.check import Answer, Check
from probes.audit.situation import Situation
from probes.findings import balancer as findings
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, FirewallRule
from probes.model.topology import Network
from probes.model.vantage import VantageKind
from probes.plan.lookup import vip_on


def check(situation: Situation) -> Iterator[Answer]:
    """Look for what leads to each VIP, and at what is behind it."""
    wanted = [network for network in overlays_served(situation) if _wanted(network, situation)]
    blind = _blind(situation) if wanted else None
    if blind is not None:
        yield blind
    elif situation.reading.ipvs is not False:
        yield from _namespaces(wanted, situation)
        for balancer in balancers(situation):
            yield from _balancer(balancer, situation)


def _wanted(network: Network, situation: Situation) -> list[str]:
    """Name the services that the network's load balancers should know."""
    endpoints = situation.endpoints.get(network.id, {}).values()
    alive = {endpoint.service for endpoint in endpoints if endpoint.certain}
    return [service.name for service, _ in vips_of(network, situation) if service.name in alive]


def _blind(situation: Situation) -> CouldNotLook | None:
    if may_do_without_ipvs(situation):
        version = situation.node.engine_version
        return CouldNotLook(where="load balancers", why=f"Engine {version} works without IPVS")
    if not situation.reading.namespaces:
        failures = (f"{item.where}: {item.why}" for item in situation.reading.failures)
        return CouldNotLook(
            where="load balancers", why=next(failures, "no namespace of the Engine's was found")
        )
    if situation.reading.ipvs is None:
        return CouldNotLook(where="load balancers", why="nobody knows whether the kernel has IPVS")
    return None


def _namespaces(wanted: list[Network], situation: Situation) -> Iterator[Answer]:
    for network in wanted:
        failure = unread(network, situation)
        if failure is not None:
            yield failure
        elif situation.namespace(VantageKind.LOAD_BALANCER, network.id) is None:
            names = ", ".join(_wanted(network, situation))
            evidence = Evidence(
                what="namespace", expected=f"lb_{network.id[:9]}, for {names}", actual="none"
            )
            yield findings.NAMESPACE_MISSING.found(Subject(network=network.name), evidence)


def _balancer(balancer: Balancer, situation: Situation) -> Iterator[Finding]:
    served = list(served_vips(balancer, situation))
    for each in served:
        missing = list(_missing_parts(each)) if each.running else []
        if len(missing) > 1:
            evidence = (item for _, item in missing)
            yield findings.SERVICE_MISSING.found(_subject(each), *evidence, *_told(each))
        for spec, item in missing[:1] if len(missing) == 1 else []:
            yield spec.found(
                _subject(each), item, netns=balancer.netns, mark=str(each.mark or "MARK")
            )
        if len(missing) <= 1:
            yield from balancer_backends.compare(each, situation)
        yield from _two_marks(each)
    if any(each.running for each in served):
        yield from _translation(balancer)
    yield from _strangers(balancer, situation)


def _missing_parts(served: ServedVip) -> Iterator[tuple[FindingSpec, Evidence]]:
    """List what a VIP lacks; without a mark nobody knows which virtual service is its own."""
    balancer, vip = served.balancer, served.vip
    if vip not in balancer.vips_held:
        wanted = f"{vip}/{HOST_PREFIX} dev eth0"
        yield findings.VIP_MISSING, Evidence(what="address", expected=wanted, actual="none")
    if vip not in balancer.marks:
        wanted = f"mangle INPUT -d {vip}/{HOST_PREFIX} -j MARK --set-mark {served.mark or 'any'}"
        yield findings.MARK_MISSING, Evidence(what="rule", expected=wanted, actual="none")
    if served.mark is not None and served.virtual_service is None:
        others = ", ".join(f"FWM {mark}" for mark in sorted(balancer.virtual_services))
        yield (
            findings.VIRTUAL_SERVICE_MISSING,
            Evidence(what="ipvs", expected=f"FWM {served.mark}", actual=others or "none"),
        )


def _told(served: ServedVip) -> Iterator[Evidence]:
    """Tell whether it is the Engine that does not know the service, and not the kernel alone."""
    if served.balancer.told and served.service.name not in served.balancer.told:
        yield Evidence(what="gossip", expected=served.service.name, actual="the Engine has no such")


def _two_marks(served: ServedVip) -> Iterator[Finding]:
    marks = served.balancer.marks.get(served.vip, ())
    if len(set(marks)) > 1:
        rules = "; ".join(f"--set-mark {mark}" for mark in marks)
        evidence = Evidence(what=f"rules for {served.vip}", expected="one mark", actual=rules)
        yield findings.TWO_MARKS.found(_subject(served), evidence)


def _translation(balancer: Balancer) -> Iterator[Finding]:
    """Look for the rule that sends answers back through the load balancer."""
    if balancer.direct or any(_translates(rule) for rule in balancer.reading.firewall.rules):
        return
    own, subnets = balancer.own_address, balancer.network.subnets
    subnet = next((item for item in subnets if own in item), subnets[0] if subnets else None)
    wanted = f"nat POSTROUTING -d {subnet} -m ipvs --ipvs -j SNAT --to-source {own}"
    evidence = Evidence(what="rule", expected=wanted, actual="none")
    subject = Subject(network=balancer.network.name, item=str(subnet))
    yield findings.SNAT_MISSING.found(
        subject, evidence, netns=balancer.netns, balancer=str(own or "ADDRESS")
    )


def _translates(rule: FirewallRule) -> bool:
    return (rule.table, rule.chain, rule.target) == ("nat", "POSTROUTING", "SNAT")


def _strangers(balancer: Balancer, situation: Situation) -> Iterator[Finding]:
    """Look for addresses that the load balancer answers for, and that are no VIP."""
    services = situation.topology.services
    known = {vip_on(service, balancer.network.id) for service in services}
    marked = {address for address in balancer.marks if _inside(address, balancer)}
    for address in sorted((balancer.vips_held | marked) - known):
        rules = [
            f"mangle INPUT -d {address} --set-mark {m}" for m in balancer.marks.get(address, ())
        ]
        held = [f"{address}/{HOST_PREFIX} dev eth0"] if address in balancer.vips_held else []
        owner = situation.endpoints.get(balancer.network.id, {}).get(address)
        evidence = Evidence(
            what="VIP",
            expected=f"nothing: it is the address of {owner.name}" if owner else "nothing",
            actual="; ".join([*held, *rules]),
        )
        service = next((s.name for s in balancer.told.values() if s.vip == address), "")
        subject = Subject(network=balancer.network.name, service=service, item=str(address))
        yield findings.VIP_STALE.found(subject, evidence, netns=balancer.netns)


def _inside(address: IPv4Address, balancer: Balancer) -> bool:
    return any(address in subnet for subnet in balancer.network.subnets)


def _subject(served: ServedVip) -> Subject:
    return Subject(
        network=served.balancer.network.name, service=served.service.name, item=str(served.vip)
    )


CHECKS = (
    Check(name="balancer", finds=findings.PROGRAMMED, run=check),
    Check(name="balancer settings", finds=findings.SETTINGS, run=balancer_settings.check),
    Check(name="balancer load", finds=(findings.UNEVEN,), run=balancer_load.check),
    Check(name="balancer keepalive", finds=(findings.KEEPALIVE,), run=balancer_keepalive.check),
)
