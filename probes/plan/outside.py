"""Which looks do declared external services and gateway routes ask for?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Any

from probes.addresses import parse_address
from probes.model.intent import ExternalIntent, RouteIntent
from probes.model.probe import (
    KIND_OF,
    AddressedLook,
    DnsLook,
    HttpLook,
    Kind,
    Look,
    NamedLook,
    NatsLook,
    PolicyLook,
    PostgresLook,
    Probe,
    ProbeId,
    RedisLook,
    Target,
    TcpLook,
    endpoint_of,
)
from probes.model.topology import Node
from probes.model.vantage import HOST
from probes.plan.budget import Candidate, Tier
from probes.plan.candidates import EMBEDDED_RESOLVER, Pace, Standpoint
from probes.plan.lookup import Lookup

_NOWHERE = IPv4Address("0.0.0.0")  # noqa: S104 -- stands for what a name will lead to
_LOGINS: Mapping[str, type[PostgresLook | RedisLook | NatsLook]] = MappingProxyType(
    {"postgres": PostgresLook, "redis": RedisLook, "nats": NatsLook}
)
#: The rest of the timeout is for us, and for looking names up.
_PATIENCE_SHARE = 0.6


def towards_external(
    lookup: Lookup, node: Node, sources: Iterable[Standpoint], pace: Pace
) -> Iterator[Candidate]:
    """Want a look from each service that must reach it, and a try from each that must not."""
    for source in sources:
        for external in lookup.external:
            if source.service.id in external.must_reach:
                look = _at(external, _speaking(external))
            elif source.service.id in external.must_not and external.kind != "dns":
                patience = pace.timeout_seconds * _PATIENCE_SHARE
                forbidden = PolicyLook(
                    address=_NOWHERE, port=external.port, patience_seconds=patience, routed=True
                )
                look = _at(external, forbidden)
            else:
                continue
            runners = {task.node_id for task in lookup.tasks_of(source.service) if task.running}
            probe = _probe(source, external, look, node, pace)
            yield Candidate(probe, Tier.SERVICES, tuple(sorted(runners)))


def _speaking(external: ExternalIntent) -> AddressedLook | DnsLook:
    """Make the look that speaks its protocol, at an address that is not known yet."""
    plain: dict[str, Any] = {"address": _NOWHERE, "port": external.port}
    host = "" if parse_address(external.host) else external.host
    match external.kind:
        case "dns":
            return DnsLook(name=external.question, server=_NOWHERE, port=external.port)
        case "http" | "https":
            return HttpLook(
                **plain, path=external.path, tls=external.tls, host=host, verify=external.verify
            )
        case "postgres" | "redis" | "nats":
            return _LOGINS[external.kind](
                **plain,
                host=host,
                tls=external.tls,
                verify=external.verify,
                credentials_file=external.credentials_file,
            )
        case _:
            return TcpLook(**plain)


def _at(external: ExternalIntent, look: AddressedLook | DnsLook) -> Look:
    """Aim a look; a resolver is named by its address alone."""
    address = parse_address(external.host)
    if isinstance(look, DnsLook):
        return DnsLook(name=look.name, server=address or EMBEDDED_RESOLVER, port=look.port)
    if address:
        return replace(look, address=address)
    return NamedLook(host=external.host, server=EMBEDDED_RESOLVER, look=look)


def _probe(
    source: Standpoint, external: ExternalIntent, look: Look, node: Node, pace: Pace
) -> Probe:
    inner = look.look if isinstance(look, NamedLook) else look
    probe_id = ProbeId(
        probe=KIND_OF[type(inner)],
        target=Target.STATIC,
        network="",
        source_service=source.service.name,
        source_node=node.name,
        destination_service=external.name,
        endpoint=endpoint_of(look),
    )
    return Probe(
        id=probe_id,
        look=look,
        vantage=source.vantage,
        interval_seconds=pace.interval_seconds,
        timeout_seconds=pace.timeout_seconds,
        slow_seconds=pace.slow_seconds,
    )


def towards_routes(
    lookup: Lookup, node: Node, agent_service: str, pace: Pace
) -> Iterator[Candidate]:
    """Want each route tried at the published port of every ready node, from this one's host."""
    ready = [item for item in lookup.nodes.values() if item.state == "ready" and item.address]
    for route in lookup.routes:
        gateway = lookup.services.get(route.gateway_id)
        if gateway is None or not any(task.running for task in lookup.tasks_of(gateway)):
            continue
        for place in ready:
            probe = _route(route, place, node, agent_service, pace)
            if place.id == node.id:
                yield Candidate(probe, Tier.SERVICES, (node.id,))
            else:
                others = tuple(item.id for item in ready if item.id != place.id)
                yield Candidate(probe, Tier.TASKS, others)


def _route(route: RouteIntent, place: Node, node: Node, agent_service: str, pace: Pace) -> Probe:
    look = HttpLook(address=place.address or _NOWHERE, **asdict(route.check))
    probe_id = ProbeId(
        probe=Kind.HTTP,
        target=Target.STATIC,
        network="host",
        source_service=agent_service,
        source_node=node.name,
        destination_service=route.name,
        destination_node=place.name,
        endpoint=endpoint_of(look),
    )
    return Probe(
        id=probe_id,
        look=look,
        vantage=HOST,
        interval_seconds=pace.interval_seconds,
        timeout_seconds=pace.timeout_seconds,
        slow_seconds=pace.slow_seconds,
    )
