"""Which connections does the declared policy allow and forbid, of the services that there are?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import permutations, product

from probes.intent.declared.network_config import Flow, NetworkConfig, Segment
from probes.model.intent import ForbiddenFlow
from probes.model.topology import Service, Topology


def forbidden_flows(config: NetworkConfig, topology: Topology) -> tuple[ForbiddenFlow, ...]:
    """List them, by pairs of services that are in segments; others have no policy."""
    segments_of = _segments_of(config.segments, topology)
    return tuple(
        flow
        for source, destination in permutations(topology.services, 2)
        if segments_of[source.id] and segments_of[destination.id]
        for flow in _between(source, destination, segments_of, config)
    )


def allowed_pairs(config: NetworkConfig, topology: Topology) -> frozenset[tuple[str, str]]:
    """List the pairs of services, by id, that a line of the policy allows to talk."""
    segments_of = _segments_of(config.segments, topology)
    return frozenset(
        (source.id, destination.id)
        for source, destination in permutations(topology.services, 2)
        if any(
            flow.source in segments_of[source.id]
            and flow.destination in segments_of[destination.id]
            for flow in config.policy.allow
        )
    )


def _segments_of(segments: Mapping[str, Segment], topology: Topology) -> defaultdict[str, set[str]]:
    """Name each service's segments, by its id."""
    networks = {network.id: network.name for network in topology.networks}

    def belongs(service: Service, segment: Segment) -> bool:
        joined = {networks.get(item.network_id, "") for item in service.attachments}
        return service.name in segment.services or bool(joined & {*segment.networks})

    found = defaultdict[str, set[str]](set)
    for name, segment in segments.items():
        for service in topology.services:
            if belongs(service, segment):
                found[service.id].add(name)
    return found


def _between(
    source: Service,
    destination: Service,
    segments_of: Mapping[str, set[str]],
    config: NetworkConfig,
) -> Iterator[ForbiddenFlow]:
    ways = _ways(source, destination, segments_of)
    for flow in _of(config.policy.never, ways):
        yield ForbiddenFlow(
            source_id=source.id,
            destination_id=destination.id,
            ports=frozenset(flow.ports),
            rule=f"policy.never: {flow.source} to {flow.destination}",
        )
    inside = any(here == there for here, there in ways)
    if config.policy.default == "allow" or inside:
        return
    allowed = [*_of(config.policy.allow, ways)]
    if all(flow.ports for flow in allowed):
        here, there = min(ways)
        yield ForbiddenFlow(
            source_id=source.id,
            destination_id=destination.id,
            excepted=frozenset(port for flow in allowed for port in flow.ports),
            rule=f"policy.default: deny, {here} to {there}",
        )


def _ways(
    source: Service, destination: Service, segments_of: Mapping[str, set[str]]
) -> set[tuple[str, str]]:
    return set(product(segments_of[source.id], segments_of[destination.id]))


def _of(flows: tuple[Flow, ...], ways: set[tuple[str, str]]) -> Iterator[Flow]:
    return (flow for flow in flows if (flow.source, flow.destination) in ways)
