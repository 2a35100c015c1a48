"""Which connections should this node try, that the declared policy forbids?

From one local task of each service, at each running task of those that it must not reach, on each
port that they are known to listen on: a policy that nobody tries is a hope.
"""

from collections.abc import Iterable, Iterator

from probes.model.probe import Kind, PolicyLook, Probe, ProbeId, Target
from probes.model.topology import Node, Service
from probes.plan.budget import Candidate, Tier
from probes.plan.candidates import Pace, Standpoint
from probes.plan.lookup import Lookup

#: The rest of the timeout is for us.
_PATIENCE_SHARE = 0.8


def towards_forbidden(
    lookup: Lookup, node: Node, sources: Iterable[Standpoint], pace: Pace
) -> Iterator[Candidate]:
    """Want a try at each forbidden port of each task, from every source that the policy names."""
    for source in sources:
        for destination in lookup.services.values():
            ports = _forbidden_ports(source.service, destination, lookup)
            if ports:
                yield from _tries(source, destination, ports, lookup, node, pace)


def _forbidden_ports(source: Service, destination: Service, lookup: Lookup) -> list[int]:
    flows = lookup.forbidden(source, destination)
    declared = lookup.intent_of(destination)
    known = {port.target for port in destination.ports if port.protocol == "tcp"}
    known |= {*declared.tcp} | {check.port for check in declared.http}
    known |= lookup.exposed_by(destination)
    known |= {port for flow in flows for port in flow.ports}
    return sorted(port for port in known if any(flow.forbids(port) for flow in flows))


def _tries(  # noqa: PLR0917 -- all of it makes a probe
    source: Standpoint,
    destination: Service,
    ports: list[int],
    lookup: Lookup,
    node: Node,
    pace: Pace,
) -> Iterator[Candidate]:
    runners = {task.node_id for task in lookup.tasks_of(source.service) if task.running}
    for task in lookup.tasks_of(destination):
        for item in task.addresses if task.running else ():
            network = lookup.networks.get(item.network_id)
            if network is None or network.driver != "overlay" or network.ingress:
                continue
            for port in ports:
                probe_id = ProbeId(
                    probe=Kind.POLICY,
                    target=Target.TASK,
                    network=network.name,
                    source_service=source.service.name,
                    source_node=node.name,
                    destination_service=destination.name,
                    destination_node=lookup.nodes[task.node_id].name,
                    destination_task=lookup.name_of(task),
                    endpoint=str(port),
                )
                probe = Probe(
                    id=probe_id,
                    look=PolicyLook(
                        address=item.address,
                        port=port,
                        patience_seconds=pace.timeout_seconds * _PATIENCE_SHARE,
                    ),
                    vantage=source.vantage,
                    interval_seconds=pace.interval_seconds,
                    timeout_seconds=pace.timeout_seconds,
                )
                yield Candidate(probe, Tier.TASKS, tuple(sorted(runners)))
