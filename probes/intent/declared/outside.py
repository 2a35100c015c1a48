"""What do declared gateways and external services ask of the Swarm that there is?"""

from collections.abc import Iterator

from probes.intent.declared.service_discovery import Gateway, ServiceDiscovery
from probes.model.intent import ExternalIntent, RouteIntent
from probes.model.probe import HttpCheck
from probes.model.topology import Topology


def external_intents(declared: ServiceDiscovery, topology: Topology) -> Iterator[ExternalIntent]:
    """Join each external service with the services that must reach it, and that must not.

    Our own services are nobody's clients: who is declared in neither list and is no declared
    service at all is left alone.
    """
    ids = {service.name: service.id for service in topology.services}
    known = {name for name in declared.services if name in ids}
    for name, item in declared.external.items():
        host, _, port = item.address.rpartition(":")
        may = {*item.must_reach, *item.may_reach}
        denied = known - may if item.others == "deny" else set()
        yield ExternalIntent(
            name=name,
            kind=item.kind,
            host=host,
            port=int(port),
            tls=item.tls or item.kind == "https",
            verify=item.verify,
            credentials_file=item.credentials,
            path=item.path,
            question=item.name or "",
            must_reach=frozenset(ids[one] for one in item.must_reach if one in ids),
            must_not=frozenset(ids[one] for one in denied),
        )


def route_intents(gateway: Gateway, topology: Topology) -> Iterator[RouteIntent]:
    """Make of each route the request that must be answered, where the gateway's service exists."""
    found = (item.id for item in topology.services if item.name == gateway.service)
    gateway_id = next(found, None)
    if gateway_id is None:
        return
    for route in gateway.routes:
        entry = gateway.entry(route)
        answered = route.answered_by
        by_header = answered is not None and bool(answered.header)
        yield RouteIntent(
            name=f"{route.host}{route.path}",
            gateway_id=gateway_id,
            port=entry.port,
            check=HttpCheck(
                port=entry.port,
                path=route.path,
                tls=entry.tls,
                host=route.host,
                statuses=route.status,
                verify=route.tls.verify if route.tls else True,
                header=answered.header if answered else "",
                header_contains=answered.contains if answered and by_header else "",
                body=answered.contains if answered and not by_header else "",
            ),
        )
