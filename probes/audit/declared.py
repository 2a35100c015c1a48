"""Is what there is what the operator declared in files?

All but forbidden connections are facts of the Swarm's, found by one node alone; a connection that
should not be is found where it was tried.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterator

from probes.audit.check import Check
from probes.audit.situation import Situation
from probes.audit.speaker import speaks_for_swarm
from probes.audit.usage import address_usage
from probes.findings import declared as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.intent import NetworkIntent, ServiceIntent
from probes.model.probe import Kind
from probes.model.result import Outcome, Result
from probes.model.topology import Network, Service

#: Driver option of an overlay's MTU (moby libnetwork/netlabel, DriverMTU).
MTU_OPTION = "com.docker.network.driver.mtu"
_MOST_ROWS = 6


def check_policy(situation: Situation) -> Iterator[Finding]:
    """Tell each pair of services of which a forbidden connection came about, from this node."""
    connected = defaultdict[tuple[str, str], list[Result]](list)
    for result in situation.results:
        probe = result.probe.id
        if probe.probe is Kind.POLICY and result.outcome is Outcome.CONNECTED:
            connected[probe.source_service, probe.destination_service].append(result)
    for (source, destination), results in sorted(connected.items()):
        rules = _rules(source, destination, situation)
        rows = (
            Evidence(
                what=f"tcp from {item.probe.vantage.name} to {item.probe.id.destination_task}:"
                f"{item.probe.id.endpoint} on {item.probe.id.network}",
                expected=rules,
                actual="connects",
            )
            for item in results[:_MOST_ROWS]
        )
        networks = {item.probe.id.network for item in results}
        subject = Subject(
            network=min(networks) if len(networks) == 1 else "", service=destination, item=source
        )
        yield findings.POLICY_VIOLATED.found(subject, *rows)


def _rules(source: str, destination: str, situation: Situation) -> str:
    ids = {service.name: service.id for service in situation.topology.services}
    wanted = ids.get(source), ids.get(destination)
    flows = situation.intent.forbidden
    rules = sorted({one.rule for one in flows if (one.source_id, one.destination_id) == wanted})
    return "; ".join(rules) or "forbidden"


def check_ways(situation: Situation) -> Iterator[Finding]:
    """Tell of services that may talk, and share no network to do it on."""
    if not speaks_for_swarm(situation):
        return
    services = situation.lookup.services
    for source_id, destination_id in sorted(situation.intent.allowed):
        source, destination = services[source_id], services[destination_id]
        here, there = (situation.lookup.overlays_of(item) for item in (source, destination))
        if not here & there:
            yield findings.NO_WAY.found(
                Subject(service=destination.name, item=source.name),
                *(
                    Evidence(
                        what=f"networks of {item.name}",
                        expected="one of them shared",
                        actual=_names(networks, situation) or "none",
                    )
                    for item, networks in ((source, here), (destination, there))
                ),
            )


def _names(network_ids: set[str], situation: Situation) -> str:
    return ", ".join(sorted(situation.lookup.networks[item].name for item in network_ids))


def check_networks(situation: Situation) -> Iterator[Finding]:
    """Hold each network against its declaration."""
    if not speaks_for_swarm(situation):
        return
    there = {network.name: network for network in situation.topology.networks}
    free = {usage.network: usage for usage in address_usage(situation)}
    for declared in situation.intent.networks:
        subject = Subject(network=declared.name)
        network = there.get(declared.name)
        if network is None:
            row = Evidence(what=declared.name, expected="a network", actual="none of this name")
            yield findings.NETWORK_MISSING.found(subject, row)
            continue
        differences = tuple(network_differences(declared, network))
        if differences:
            yield findings.NETWORK_DIFFERS.found(subject, *differences)
        usage = free.get(declared.name)
        if usage and usage.free < declared.head_room:
            row = Evidence(
                what=f"addresses left of {usage.total}",
                expected=f"{declared.head_room} or more",
                actual=str(usage.free),
            )
            yield findings.HEAD_ROOM.found(subject, row)


def network_differences(declared: NetworkIntent, network: Network) -> Iterator[Evidence]:
    """List what of a network is not as it was declared."""
    if network.driver != "overlay":
        yield Evidence(what="driver", expected="overlay", actual=network.driver)
    if declared.subnet and declared.subnet not in network.subnets:
        subnets = ", ".join(map(str, network.subnets)) or "none"
        yield Evidence(what="subnet", expected=str(declared.subnet), actual=subnets)
    mtu = dict(network.options).get(MTU_OPTION, "")
    if declared.mtu_bytes and mtu != str(declared.mtu_bytes):
        yield Evidence(what="mtu", expected=str(declared.mtu_bytes), actual=mtu or "the default")
    for name in ("encrypted", "internal", "attachable"):
        wanted, is_so = getattr(declared, name), getattr(network, name)
        if wanted is not is_so:
            yield Evidence(what=name, expected=_word(wanted), actual=_word(is_so))


def _word(value: bool) -> str:  # noqa: FBT001 -- what is told of
    return "true" if value else "false"


def check_services(situation: Situation) -> Iterator[Finding]:
    """Hold each service against its declaration, and name those that do not exist."""
    if not speaks_for_swarm(situation):
        return
    names = [service.name for service in situation.topology.services]
    for name in situation.intent.absent:
        near = difflib.get_close_matches(name, names, n=1)
        actual = f"none; the nearest is {near[0]}" if near else "none"
        row = Evidence(what=name, expected="a service", actual=actual)
        yield findings.SERVICE_MISSING.found(Subject(service=name), row)
    for declared in situation.intent.services:
        service = situation.lookup.services.get(declared.service_id)
        if service is None:
            continue
        subject = Subject(service=service.name)
        differences = tuple(service_differences(declared, service))
        if differences:
            yield findings.SERVICE_DIFFERS.found(subject, *differences)
        running = sum(task.running for task in situation.lookup.tasks_of(service))
        # That none runs at all is told by the family of services.
        if 0 < running < declared.min_healthy:
            row = Evidence(
                what="running tasks",
                expected=f"{declared.min_healthy} or more",
                actual=str(running),
            )
            yield findings.TOO_FEW.found(subject, row)


def service_differences(declared: ServiceIntent, service: Service) -> Iterator[Evidence]:
    """List what of a service is not as it was declared."""
    mode = declared.endpoint_mode
    if mode and mode != service.endpoint_mode:
        yield Evidence(what="endpoint mode", expected=mode, actual=service.endpoint_mode)
    has = {alias for item in service.attachments for alias in item.aliases} | {service.name}
    for alias in declared.aliases:
        if alias not in has:
            known = ", ".join(sorted(has - {service.name})) or "none"
            yield Evidence(what="alias", expected=alias, actual=known)


CHECKS = (
    Check(name="policy", finds=(findings.POLICY_VIOLATED,), run=check_policy),
    Check(name="declared ways", finds=(findings.NO_WAY,), run=check_ways),
    Check(
        name="declared networks",
        finds=(findings.NETWORK_MISSING, findings.NETWORK_DIFFERS, findings.HEAD_ROOM),
        run=check_networks,
    ),
    Check(
        name="declared services",
        finds=(findings.SERVICE_MISSING, findings.SERVICE_DIFFERS, findings.TOO_FEW),
        run=check_services,
    ),
)
