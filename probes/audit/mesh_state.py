"""What does the routing mesh hold on this node for each published port, beside what it should?"""

from collections.abc import Mapping
from dataclasses import dataclass

from probes.audit.balancer_counts import BackendCounts
from probes.audit.published import Published, ingress_network, published_ports
from probes.audit.situation import Situation
from probes.model.reading import NamespaceReading, VirtualService
from probes.model.vantage import VantageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """The routing mesh on this node: its namespace, and the ports that it should publish."""

    network: str
    network_id: str
    ports: tuple[Published, ...]
    reading: NamespaceReading

    def mark_of(self, published: Published) -> int | None:
        """Find the mark that packets of a port get."""
        marks = (
            rule.mark
            for rule in self.reading.firewall.rules
            if (rule.table, rule.chain, rule.target) == ("mangle", "PREROUTING", "MARK")
            and rule.protocol == published.port.protocol
            and rule.destination_port == published.number
        )
        return next(marks, None)

    def balanced(self, published: Published) -> VirtualService | None:
        """Find the IPVS service that a port's packets come to."""
        mark = self.mark_of(published)
        return next((item for item in self.reading.virtual_services if item.mark == mark), None)


def mesh_here(situation: Situation) -> Mesh | None:
    """Find the routing mesh; None where there is none, or its namespace was not read."""
    network = ingress_network(situation)
    reading = next(iter(situation.reading.of_kind(VantageKind.INGRESS)), None)
    if network is None or reading is None:
        return None
    return Mesh(
        network=network.name,
        network_id=network.id,
        ports=published_ports(situation),
        reading=reading,
    )


def mesh_counts(situation: Situation) -> Mapping[tuple[str, str], BackendCounts]:
    """Count by (ingress network's name, service's name), where the kernel balances the ports."""
    mesh = mesh_here(situation)
    if mesh is None or not situation.reading.ipvs:
        return {}
    # The ports of a service share one IPVS service.
    balanced = {item.service.name: mesh.balanced(item) for item in mesh.ports}
    return {
        (mesh.network, service): _count(service, found, mesh, situation)
        for service, found in balanced.items()
    }


def _count(
    service: str, found: VirtualService | None, mesh: Mesh, situation: Situation
) -> BackendCounts:
    tasks = {
        address: item
        for address, item in situation.endpoints.get(mesh.network_id, {}).items()
        if item.service == service
    }
    running = {address for address, item in tasks.items() if item.certain}
    weights = {item.address: item.weight for item in found.backends} if found else {}
    active = {address for address, weight in weights.items() if weight}
    return BackendCounts(
        expected=len(running),
        present=len(active & running),
        stale=len(active - tasks.keys()),
        drained=len(weights) - len(active),
    )
