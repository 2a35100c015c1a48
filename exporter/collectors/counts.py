"""How much is there of what the audit compares? Raw counts, for graphs and predictions."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from exporter import catalog
from exporter.collectors.families import family
from probes.audit.balancer_counts import backend_counts
from probes.audit.balancer_state import balancers, served_vips
from probes.audit.mesh_state import mesh_counts
from probes.audit.situation import Situation
from probes.audit.speaker import speaks_for_swarm
from probes.audit.usage import address_usage
from probes.model.intent import ServiceIntent
from probes.model.reading import HostReading


def collect(situation: Situation | None) -> Iterator[Metric]:
    """Turn what the last round saw into families; nothing before the first."""
    if situation is None:
        return
    yield from _of_overlays(situation)
    yield from _of_balancers(situation)
    yield from _of_gossip(situation)
    if speaks_for_swarm(situation):
        yield from _of_swarm(situation)
    if situation.reading.host:
        yield from _of_host(situation.reading.host)


def _of_overlays(situation: Situation) -> Iterator[Metric]:
    """Count the endpoints that should be reachable on each overlay that is on this node."""
    here = {view.network_id for view in situation.views}
    rows = [
        (network.name, place, count)
        for network in situation.topology.networks
        if network.id in here
        for place, count in _places(network.id, situation)
    ]
    yield family(
        catalog.OVERLAY_ENDPOINTS,
        (((network, place), count) for network, place, count in rows),
    )


def _places(network_id: str, situation: Situation) -> Iterator[tuple[str, int]]:
    endpoints = situation.endpoints.get(network_id, {}).values()
    own = sum(item.certain and item.node_id == situation.node.id for item in endpoints)
    yield "local", own
    yield "remote", sum(item.certain for item in endpoints) - own


def _of_balancers(situation: Situation) -> Iterator[Metric]:
    counted = {**backend_counts(situation), **mesh_counts(situation)}
    yield family(
        catalog.BALANCER_BACKENDS,
        (
            ((network, service, state), getattr(counts, state))
            for (network, service), counts in counted.items()
            for state in ("expected", "present", "stale", "drained")
        ),
    )
    yield family(
        catalog.BALANCER_CONNECTIONS,
        (
            (
                (balancer.network.name, served.service.name, served.possible[address].name),
                backend.connections,
            )
            for balancer in balancers(situation)
            for served in served_vips(balancer, situation)
            for address, backend in served.backends.items()
            if address in served.possible
        ),
    )


def _of_gossip(situation: Situation) -> Iterator[Metric]:
    views = [
        (network.name, view)
        for view in situation.views
        if (network := situation.network(view.network_id))
    ]
    yield family(catalog.GOSSIP_PEERS, (((name,), len(view.peers)) for name, view in views))
    yield family(
        catalog.GOSSIP_ENDPOINTS,
        (((name,), sum(len(service.tasks) for service in view.services)) for name, view in views),
    )
    yield family(catalog.GOSSIP_TIMESTAMP, (((name,), view.read_at) for name, view in views))


def _of_swarm(situation: Situation) -> Iterator[Metric]:
    """Count what is the whole Swarm's: one agent tells it."""
    usage = address_usage(situation)
    yield family(
        catalog.NETWORK_ADDRESSES,
        (
            ((item.network, state), count)
            for item in usage
            for state, count in (("used", item.used), ("total", item.total))
        ),
    )
    lookup = situation.lookup
    yield family(
        catalog.SERVICE_TASKS_RUNNING,
        (
            ((service.name,), sum(task.running for task in lookup.tasks_of(service)))
            for service in situation.topology.services
        ),
    )
    yield family(
        catalog.SERVICE_REPLICAS,
        (
            ((service.name,), service.replicas)
            for service in situation.topology.services
            if service.replicas is not None
        ),
    )
    yield family(
        catalog.OBJECTIVE,
        (
            ((service.name, objective), share)
            for service in situation.topology.services
            for objective, share in _objectives(lookup.intent_of(service))
            if share is not None
        ),
    )


def _objectives(declared: ServiceIntent) -> Iterator[tuple[str, float | None]]:
    yield "latency", declared.latency_objective
    yield "success", declared.success_objective


def _of_host(host: HostReading) -> Iterator[Metric]:
    tables = [("conntrack", host.conntrack), ("neighbours", host.neighbour_table)]
    known = [(name, usage) for name, usage in tables if usage is not None]
    yield family(catalog.TABLE_ENTRIES, (((name,), usage.entries) for name, usage in known))
    yield family(
        catalog.TABLE_LIMIT,
        (((name,), usage.most) for name, usage in known if usage.most),
    )
    yield family(catalog.TABLE_REFUSED, (((name,), usage.refused) for name, usage in known))
    yield family(
        catalog.XFRM_ERRORS,
        (((error,), count) for error, count in host.xfrm_errors),
    )
