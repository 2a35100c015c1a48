"""Does the node itself do what all of its networks stand on?"""

from collections.abc import Iterator

from probes.audit.balancer_scope import may_do_without_ipvs
from probes.audit.check import Answer, Check
from probes.audit.forwarding import drops_docker
from probes.audit.situation import Situation
from probes.findings import host as findings
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, HostReading, NamespaceReading, Usage
from probes.model.topology import Service
from probes.model.vantage import VantageKind

_FORWARDING = "net.ipv4.ip_forward"
#: Off with the one above; by itself it is somebody's own doing.
_GWBRIDGE_FORWARDING = "net.ipv4.conf.docker_gwbridge.forwarding"


def check_ipvs(situation: Situation) -> Iterator[Answer]:
    """Hold the kernel against what services' endpoint modes need of it.

    One finding for the node: it explains every VIP and published port that is dead here.
    """
    networks = _balanced_networks(situation)
    if not networks:
        return
    if situation.reading.ipvs is None:
        yield situation.unread("host, ipvs") or _unread("host, ipvs")
        return
    if situation.reading.ipvs or may_do_without_ipvs(situation):
        return
    evidence = Evidence(
        what=f"IPVS, for virtual IPs on {', '.join(networks)}",
        expected="the kernel's generic netlink knows IPVS",
        actual="it does not: neither built in, nor a module that could be loaded",
    )
    yield findings.NO_IPVS.found(Subject(item="ip_vs"), evidence)


def _balanced_networks(situation: Situation) -> list[str]:
    """Name the networks on this node on which a service that runs has a VIP."""
    here = {network.id for network in situation.overlays_here()}
    here |= {network.id for network in situation.topology.networks if network.ingress}
    balanced = {
        item.network_id
        for service in situation.topology.services
        if service.endpoint_mode == "vip" and _runs(service, situation)
        for item in service.vips
    }
    found = (situation.network(network_id) for network_id in here & balanced)
    return sorted(network.name for network in found if network)


def _runs(service: Service, situation: Situation) -> bool:
    return any(task.running for task in situation.lookup.tasks_of(service))


def check_forwarding(situation: Situation) -> Iterator[Answer]:
    """Look at the switches and at the firewall that forwarding depends on.

    Where the kernel has no IPVS, load balancers have nothing to forward.
    """
    host = situation.reading.host
    if host is None:
        yield situation.unread("host") or _unread("host")
        return
    yield from _switches(host, situation)
    unread = situation.unread("host, firewall")
    if unread:
        yield unread
        return
    dropped = drops_docker(host.namespace.firewall)
    if dropped:
        evidence = Evidence(
            what="the hook FORWARD",
            expected="Docker's rules first, and nothing that drops all before them",
            actual=dropped,
        )
        yield findings.FORWARD_DROPS.found(Subject(item="FORWARD"), evidence)


def _switches(host: HostReading, situation: Situation) -> Iterator[Answer]:
    off = [name for name in (_FORWARDING, _GWBRIDGE_FORWARDING) if _is_off(host.namespace, name)]
    if off:
        evidence = Evidence(what="sysctl", expected=f"{off[0]} = 1", actual=f"{off[0]} = 0")
        yield findings.FORWARDING_OFF.found(Subject(item=off[0]), evidence)
    elif situation.reading.ipvs:
        kinds = (VantageKind.LOAD_BALANCER, VantageKind.INGRESS)
        balancers = [item for kind in kinds for item in situation.reading.of_kind(kind)]
        rows = [
            Evidence(
                what=f"sysctl in {balancer.vantage.netns or balancer.vantage.name}",
                expected=f"{_FORWARDING} = 1",
                actual=f"{_FORWARDING} = 0",
            )
            for balancer in balancers
            if _is_off(balancer, _FORWARDING)
        ]
        if rows:
            yield findings.BALANCER_FORWARDING_OFF.found(Subject(item=_FORWARDING), *rows)
    yield from (item for item in situation.reading.failures if _of_switches(item.where))


def _of_switches(where: str) -> bool:
    """Tell whether sysctls, or the whole, of the host or of a load balancer stayed unread."""
    place, _, table = where.partition(", ")
    return table in {"", "sysctls"} and place.startswith(("host", "lb ", "ingress "))


def _is_off(reading: NamespaceReading, name: str) -> bool:
    return reading.sysctl(name) == "0"


def check_tables(situation: Situation) -> Iterator[Answer]:
    """Look at the tables that the kernel keeps for all, and refuses to let grow."""
    host = situation.reading.host
    if host is None:
        yield situation.unread("host") or _unread("host")
        return
    before = situation.before.host
    unread = situation.unread("host, conntrack")
    if unread:
        yield unread
    elif host.conntrack:
        yield from _connections(host.conntrack, before.conntrack if before else None)
    unread = situation.unread("host, neighbour table")
    if unread:
        yield unread
    elif host.neighbour_table:
        written = _permanent_neighbours(situation)
        earlier = before.neighbour_table if before else None
        yield from _neighbours(host.neighbour_table, earlier, written)


def _connections(usage: Usage, before: Usage | None) -> Iterator[Finding]:
    """A refusal beside a table that has room is a lost race, and no fault."""
    if not usage.most:
        return
    share, refused = usage.entries / usage.most, _risen(usage, before)
    if refused and share >= findings.FULL_SHARE:
        yield _full(findings.CONNTRACK_FULL, "connections", usage, refused)
    elif share >= findings.NEARLY_FULL_SHARE:
        yield _filling(findings.CONNTRACK_NEARLY_FULL, "connections", usage, usage.entries)


def _neighbours(usage: Usage, before: Usage | None, written: int) -> Iterator[Finding]:
    """Permanent entries count for nothing in the limit: they are taken off, as far as seen."""
    counted = usage.entries - written
    refused = _risen(usage, before)
    if refused:
        yield _full(findings.NEIGHBOURS_FULL, "neighbours", usage, refused)
    elif usage.most and counted >= usage.most * findings.NEARLY_FULL_SHARE:
        yield _filling(findings.NEIGHBOURS_NEARLY_FULL, "neighbours", usage, counted)


def _permanent_neighbours(situation: Situation) -> int:
    host = situation.reading.host
    readings = (*situation.reading.namespaces, *((host.namespace,) if host else ()))
    rows = (row for reading in readings for row in reading.neighbours)
    return sum(row.state == "permanent" for row in rows)


def _risen(usage: Usage, before: Usage | None) -> int:
    return max(0, usage.refused - before.refused) if before else 0


def _full(spec: FindingSpec, what: str, usage: Usage, refused: int) -> Finding:
    evidence = Evidence(
        what=what,
        expected="none refused",
        actual=f"{refused} refused since the round before, at {usage.entries} of {usage.most}",
    )
    return spec.found(Subject(item=what), evidence, limit=str(usage.most * 2))


def _filling(spec: FindingSpec, what: str, usage: Usage, counted: int) -> Finding:
    most = int(usage.most * findings.NEARLY_FULL_SHARE)
    evidence = Evidence(
        what=what, expected=f"fewer than {most}", actual=f"{counted} of {usage.most}"
    )
    return spec.found(Subject(item=what), evidence, limit=str(usage.most * 2))


def _unread(where: str) -> CouldNotLook:
    return CouldNotLook(where=where, why="it was not read")


CHECKS = (
    Check(name="host ipvs", finds=(findings.NO_IPVS,), run=check_ipvs),
    Check(
        name="host forwarding",
        finds=(
            findings.FORWARDING_OFF,
            findings.BALANCER_FORWARDING_OFF,
            findings.FORWARD_DROPS,
        ),
        run=check_forwarding,
        needs_topology=False,
    ),
    Check(
        name="host tables",
        finds=(
            findings.CONNTRACK_FULL,
            findings.CONNTRACK_NEARLY_FULL,
            findings.NEIGHBOURS_FULL,
            findings.NEIGHBOURS_NEARLY_FULL,
        ),
        run=check_tables,
        needs_topology=False,
    ),
)
