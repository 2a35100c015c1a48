"""Has each network addresses left, does each address have one owner, and each service its VIP?

Facts of the Swarm's, found by one node alone; what overlaps with a node is looked for on each.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.audit import overlaps
from probes.audit.check import Check
from probes.audit.situation import Situation
from probes.audit.speaker import speaks_for_swarm
from probes.audit.subnets import free_subnet
from probes.audit.usage import AddressUsage, address_usage
from probes.findings import addresses as findings
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, Finding, Subject
from probes.model.topology import Service

#: Where one thing has an address.
Place = tuple[str, IPv4Address]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """Somebody who has an address, by the Swarm or by an agent's word."""

    name: str
    service: str = ""
    #: The node whose agent told it; "" for what the Swarm tells.
    teller: str = ""


def check_usage(situation: Situation) -> Iterator[Finding]:
    """Find networks that are full, or nearly."""
    if not speaks_for_swarm(situation):
        return
    for usage in address_usage(situation):
        if usage.exhausted:
            yield _scarce(findings.EXHAUSTED, usage, situation)
        elif usage.nearly_exhausted:
            yield _scarce(findings.NEARLY_EXHAUSTED, usage, situation)


def _scarce(
    spec: FindingSpec,
    usage: AddressUsage,
    situation: Situation,
) -> Finding:
    subnets = ", ".join(str(subnet) for subnet in usage.subnets)
    rows = (
        Evidence(
            what=f"addresses of {subnets}",
            expected=f"fewer than {usage.total} used",
            actual=f"{usage.used}: gateways {usage.gateways}, virtual IPs {usage.vips},"
            f" tasks {usage.tasks}, load balancers {usage.balancers},"
            f" containers {usage.containers}",
        ),
        Evidence(what="tasks that still fit", expected="enough", actual=str(usage.free)),
    )
    proposed = free_subnet(situation, usage.subnets[0])
    return spec.found(
        Subject(network=usage.network, item=subnets),
        *rows,
        subnet=str(proposed),
    )


def check_duplicates(situation: Situation) -> Iterator[Finding]:
    """Find addresses that were given twice."""
    if not speaks_for_swarm(situation):
        return
    for (network_id, address), owners in _owners(situation).items():
        network = situation.network(network_id)
        if len(owners) > 1 and network is not None:
            evidence = Evidence(
                what=str(address),
                expected="one owner",
                actual=", ".join(owner.name for owner in owners),
            )
            yield _duplicate(network.name, address, owners, evidence)


def _duplicate(
    network: str,
    address: IPv4Address,
    owners: Sequence[_Owner],
    evidence: Evidence,
) -> Finding:
    service = next((owner.service for owner in owners if owner.service), "")
    teller = next((owner.teller for owner in owners if owner.teller), "")
    spec = findings.BALANCER_DUPLICATE if teller else findings.DUPLICATE
    subject = Subject(network=network, service=service, peer=teller, item=str(address))
    return spec.found(subject, evidence)


def _owners(situation: Situation) -> Mapping[Place, list[_Owner]]:
    """List who has each address; a task's service comes before a virtual IP's."""
    found = defaultdict[Place, list[_Owner]](list)
    topology, lookup = situation.topology, situation.lookup
    for task in topology.tasks:
        service = lookup.services.get(task.service_id)
        if not (task.running or task.in_transition):
            continue
        for item in task.addresses:
            owner = _Owner(name=lookup.name_of(task), service=service.name if service else "")
            found[item.network_id, item.address].append(owner)
    for service in topology.services:
        for item in service.vips:
            owner = _Owner(name=f"the virtual IP of {service.name}", service=service.name)
            found[item.network_id, item.address].append(owner)
    for network in topology.networks:
        for gateway in network.gateways:
            found[network.id, gateway].append(_Owner(name="the gateway"))
    for report in topology.reports:
        node = lookup.nodes.get(report.node_id)
        told = [("the load balancer", item) for item in report.balancers]
        told += [("a container", item) for item in report.containers]
        for what, item in told:
            name = node.name if node else report.node_id
            owner = _Owner(name=f"{what} of {name}", teller=name)
            found[item.network_id, item.address].append(owner)
    return found


def check_vips(situation: Situation) -> Iterator[Finding]:
    """Find services that should have a virtual IP and have none; a full network tells itself."""
    if not speaks_for_swarm(situation):
        return
    full = {usage.network_id for usage in address_usage(situation) if usage.exhausted}
    for service in situation.topology.services:
        if service.endpoint_mode == "vip" and service.mode in {"replicated", "global"}:
            yield from _without_vip(service, full, situation)


def _without_vip(
    service: Service,
    full: Collection[str],
    situation: Situation,
) -> Iterator[Finding]:
    has = {item.network_id for item in service.vips}
    for network_id in sorted(situation.lookup.overlays_of(service) - has - set(full)):
        name = situation.lookup.networks[network_id].name
        evidence = Evidence(what=f"virtual IP on {name}", expected="an address", actual="none")
        yield findings.NO_VIP.found(Subject(network=name, service=service.name), evidence)


def check_names(situation: Situation) -> Iterator[Finding]:
    """Find names that several networks of the Swarm have."""
    if not speaks_for_swarm(situation):
        return
    networks = situation.topology.networks
    for name, count in Counter(network.name for network in networks).items():
        if count > 1:
            ids = ", ".join(network.id for network in networks if network.name == name)
            evidence = Evidence(what=f"networks named {name}", expected="one", actual=ids)
            yield findings.DUPLICATE_NAME.found(Subject(network=name), evidence)


CHECKS = (
    Check(
        name="address usage",
        finds=(findings.EXHAUSTED, findings.NEARLY_EXHAUSTED),
        run=check_usage,
    ),
    Check(
        name="address owners",
        finds=(findings.DUPLICATE, findings.BALANCER_DUPLICATE),
        run=check_duplicates,
    ),
    Check(name="virtual IPs", finds=(findings.NO_VIP,), run=check_vips),
    Check(name="network names", finds=(findings.DUPLICATE_NAME,), run=check_names),
    Check(
        name="overlaps",
        finds=(findings.OVERLAP_VITAL, findings.OVERLAP),
        run=overlaps.check,
    ),
)
