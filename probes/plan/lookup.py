"""How are the parts of a topology found from one another?"""

from collections import defaultdict
from ipaddress import IPv4Address

from probes.model.intent import NOTHING_DECLARED, ForbiddenFlow, Intent, ServiceIntent
from probes.model.topology import Network, Node, Service, Task, Topology


class Lookup:
    """The topology's parts by id; built once for each plan."""

    def __init__(self, topology: Topology, intent: Intent = NOTHING_DECLARED) -> None:
        self.nodes: dict[str, Node] = {node.id: node for node in topology.nodes}
        self.networks: dict[str, Network] = {network.id: network for network in topology.networks}
        self.services: dict[str, Service] = {service.id: service for service in topology.services}
        self.tasks: dict[str, Task] = {task.id: task for task in topology.tasks}
        self._intents = {declared.service_id: declared for declared in intent.services}
        self._forbidden = defaultdict[tuple[str, str], list[ForbiddenFlow]](list)
        for flow in intent.forbidden:
            self._forbidden[flow.source_id, flow.destination_id].append(flow)
        self.external = intent.external
        self.routes = intent.routes
        self._tasks_of = defaultdict[str, list[Task]](list)
        for task in topology.tasks:
            self._tasks_of[task.service_id].append(task)
        self._exposed = defaultdict[str, set[int]](set)
        for report in topology.reports:
            for exposed in report.exposed:
                self._exposed[exposed.service_id].update(exposed.ports)

    def tasks_of(self, service: Service) -> list[Task]:
        """List a service's tasks, in the order of their ids."""
        return self._tasks_of[service.id]

    def intent_of(self, service: Service) -> ServiceIntent:
        """Find what was declared of a service; nothing declared is the default."""
        return self._intents.get(service.id) or ServiceIntent(service_id=service.id)

    def forbidden(self, source: Service, destination: Service) -> list[ForbiddenFlow]:
        """List what the policy says must not be from one service to another."""
        return self._forbidden.get((source.id, destination.id), [])

    def exposed_by(self, service: Service) -> set[int]:
        """List the TCP ports of its image's `EXPOSE`, as far as any node reported them."""
        return self._exposed[service.id]

    def tcp_ports_of(self, service: Service) -> set[int]:
        """List the TCP ports that it is known to listen on: declared, or exposed by its image."""
        declared = {port.target for port in service.ports if port.protocol == "tcp"}
        return declared | self.exposed_by(service)

    def overlays_of(self, service: Service) -> set[str]:
        """List the ids of the overlays that a service's tasks join on the operator's word."""
        joined = (attachment.network_id for attachment in service.attachments)
        return {
            network_id
            for network_id in joined
            if network_id in self.networks and self.networks[network_id].driver == "overlay"
        }

    def name_of(self, task: Task) -> str:
        """Name a task as people do: service and slot, or service and node for a global one."""
        service = self.services.get(task.service_id)
        node = self.nodes.get(task.node_id)
        number = task.slot or (node.name if node else task.node_id)
        return f"{service.name if service else task.service_id}.{number}"


def address_on(task: Task, network_id: str) -> IPv4Address | None:
    """Find a task's own address on a network."""
    found = (item.address for item in task.addresses if item.network_id == network_id)
    return next(found, None)


def vip_on(service: Service, network_id: str) -> IPv4Address | None:
    """Find a service's virtual IP on a network."""
    found = (item.address for item in service.vips if item.network_id == network_id)
    return next(found, None)
