"""What was declared, of the Swarm that there is? Two files and the services' labels, as one Intent.

Where a label and a file speak of the same, the label holds: it was deployed with the service.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from probes.intent.declared.flows import allowed_pairs, forbidden_flows
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.outside import external_intents, route_intents
from probes.intent.declared.service_discovery import DeclaredService, Health, ServiceDiscovery
from probes.intent.labels import read_labels
from probes.model.intent import Intent, NetworkIntent, ServiceIntent
from probes.model.probe import HttpCheck
from probes.model.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The two files; None where there is none."""

    networks: NetworkConfig | None = None
    services: ServiceDiscovery | None = None


NO_DECLARATION = Declaration()


def intent_of(topology: Topology, declaration: Declaration = NO_DECLARATION) -> Intent:
    """Join what was declared in files and in labels."""
    labelled = read_labels(topology.services)
    declared = declaration.services.services if declaration.services else {}
    names = {service.id: service.name for service in topology.services}
    services = tuple(
        _joined(item, declared[names[item.service_id]])
        if names[item.service_id] in declared
        else item
        for item in labelled.services
    )
    config, discovery = declaration.networks, declaration.services
    gateway = discovery.gateway if discovery else None
    return Intent(
        services=services,
        networks=tuple(network_intents(config)) if config else (),
        forbidden=forbidden_flows(config, topology) if config else (),
        allowed=allowed_pairs(config, topology) if config else frozenset(),
        external=tuple(external_intents(discovery, topology)) if discovery else (),
        routes=tuple(route_intents(gateway, topology)) if gateway else (),
        absent=tuple(sorted(declared.keys() - {*names.values()})),
        complaints=labelled.complaints,
    )


def _joined(label: ServiceIntent, declared: DeclaredService) -> ServiceIntent:
    slo = declared.slo
    latency = slo.latency_seconds if slo else None
    return replace(
        label,
        tcp=label.tcp or tuple(sorted(item.port for item in declared.ports)),
        http=label.http or ((_check(declared.health),) if declared.health else ()),
        slow_seconds=label.slow_seconds or latency,
        latency_objective=label.latency_objective or (slo.within if slo else None),
        success_objective=label.success_objective or (slo.success if slo else None),
        endpoint_mode=declared.endpoint_mode or "",
        min_healthy=declared.min_healthy,
        aliases=declared.aliases,
    )


def _check(health: Health) -> HttpCheck:
    return HttpCheck(
        port=health.port,
        path=health.path,
        tls=health.tls,
        host=health.host or "",
        statuses=health.status,
        body=health.body,
    )


def network_intents(config: NetworkConfig) -> Iterator[NetworkIntent]:
    """List what was declared of each network, in the order of the file."""
    for name, network in config.networks.items():
        yield NetworkIntent(
            name=name,
            subnet=network.subnet,
            mtu_bytes=network.mtu,
            encrypted=network.encrypted,
            internal=network.internal,
            attachable=network.attachable,
            head_room=network.head_room,
        )
