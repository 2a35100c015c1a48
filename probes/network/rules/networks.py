"""Are networks as declared, large enough, and apart from each other and from what is taken?"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations

from probes.audit.declared import network_differences
from probes.intent.declared.network_config import TAKEN_BY_THE_ENGINE
from probes.network.problem import Problem, Question


def overlapping(question: Question) -> Iterator[Problem]:
    """Find subnets that overlap another's, or one that is taken."""
    subnets = _subnets(question)
    pairs = [(name, subnet) for name, found in subnets.items() for subnet in found]
    for (first, one), (second, other) in combinations(pairs, 2):
        if first != second and one.overlaps(other):
            reason = f"its subnet {other} overlaps {one} of {first}"
            yield Problem(question.files.makes(second), second, reason)
    for name, subnet in pairs:
        for taken in question.taken:
            if subnet.overlaps(taken):
                reason = f"its subnet {subnet} overlaps {taken}, which is taken"
                yield Problem(question.files.makes(name), name, reason)


def _subnets(question: Question) -> Mapping[str, tuple[IPv4Network, ...]]:
    """List the subnets of each network of the files: those written, else the one declared."""
    declared = {item.name: item.subnet for item in question.intent.networks if item.subnet}
    return {
        network.name: network.subnets
        or ((declared[network.name],) if network.name in declared else ())
        for network in question.files.topology.networks
    }


def too_small(question: Question) -> Iterator[Problem]:
    """Find subnets with fewer addresses than tasks, VIPs, nodes and the declared head-room take."""
    head_room = {item.name: item.head_room for item in question.intent.networks}
    for name, subnets in _subnets(question).items():
        room = sum(subnet.num_addresses - TAKEN_BY_THE_ENGINE for subnet in subnets)
        left, needs = head_room.get(name, 0), _needs(name, question)
        if subnets and sum(needs.values()) + left > room:
            words = ", ".join(f"{what} {count}" for what, count in needs.items() if count)
            reason = (
                f"{', '.join(map(str, subnets))} has {room} addresses, and takes "
                f"{sum(needs.values()) + left}: {words}" + (f", head-room {left}" if left else "")
            )
            yield Problem(question.files.makes(name), name, reason)


def _needs(network: str, question: Question) -> dict[str, int]:
    """Count addresses by what takes them; each node's load balancer has one."""
    tasks = vips = surge = 0
    for service in question.files.topology.services:
        if network not in question.files.networks_of(service.name):
            continue
        started = question.nodes if service.replicas is None else service.replicas
        update = question.files.written[service.name].content.deploy.update_config
        tasks += started
        vips += service.endpoint_mode == "vip"
        if update.order == "start-first":
            surge += min(update.parallelism or started, started)
    return {"tasks": tasks, "updates": surge, "VIPs": vips, "load balancers": question.nodes}


def differing(question: Question) -> Iterator[Problem]:
    """Hold each network that the files make against its declaration."""
    files = question.files
    there = {item.name: item for item in files.topology.networks if item.name in files.made}
    for declared in question.intent.networks:
        if declared.name in there:
            for item in network_differences(declared, there[declared.name]):
                yield Problem(
                    files.makes(declared.name),
                    declared.name,
                    f"{item.what}: {item.expected} is declared, {item.actual} stands here",
                )


RULES = (overlapping, too_small, differing)
