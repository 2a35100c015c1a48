"""Who has which address on an overlay, whose is a VNI, and which node is behind a VTEP?"""

import difflib
from collections.abc import Iterable
from ipaddress import IPv4Address

from probes.audit.expected import expected_endpoints, vteps
from probes.looks.errors import UsageError
from probes.looks.names import Directory
from probes.model.topology import Topology
from probes.packets.conversations import Conversation, lacks_answer
from probes.packets.wanted import MOST_ADDRESSES, Captured
from probes.plan.lookup import Lookup


class Names:
    """The names of everything that a packet between the nodes can show."""

    def __init__(self, topology: Topology) -> None:
        lookup = Lookup(topology)
        self._topology = topology
        self._networks = {vni: item.name for item in topology.networks for vni in item.vnis}
        # Addresses may be the same on two networks, so they are known by the VNI.
        self._owners = {
            (vni, address): endpoint.name
            for network_id, endpoints in expected_endpoints(topology, lookup).items()
            if network_id in lookup.networks
            for vni in lookup.networks[network_id].vnis
            for address, endpoint in endpoints.items()
        }
        # A VTEP may be another than the node's address (--data-path-addr), where its agent says so.
        self._nodes = {node.address: node.name for node in topology.nodes if node.address}
        self._vteps = {lookup.nodes[key].name: value for key, value in vteps(topology).items()}
        self._nodes |= {vtep: name for name, vtep in self._vteps.items()}
        told = {report.node_id for report in topology.reports if report.vtep}
        #: Whether each node's VTEP is known, so that another one is nobody's.
        self.complete = bool(topology.nodes) and told >= {node.id for node in topology.nodes}

    # --- of what was captured ---

    def network(self, vni: int) -> str:
        """Name an overlay."""
        return self._networks.get(vni, f"vni {vni}")

    def end(self, vni: int, address: IPv4Address) -> str:
        """Name who has an address; itself where nobody should."""
        return self._owners.get((vni, address), str(address))

    def node(self, vtep: IPv4Address) -> str:
        """Name a node by its VTEP."""
        return self._nodes.get(vtep, str(vtep))

    def strangers(self, captured: Captured) -> list[IPv4Address]:
        """List the VTEPs that are no node's; empty where no topology says which nodes there are."""
        if not self._nodes:
            return []
        ends = [(item.source_vtep, item.destination_vtep) for item in captured.conversations]
        ends += [(item.sender, item.receiver) for item in captured.sealed]
        return sorted({vtep for pair in ends for vtep in pair} - self._nodes.keys())

    def is_bad(self, item: Conversation) -> bool:
        """Tell whether an answer was due and did not come, or a VTEP is certainly nobody's."""
        ends = {item.source_vtep, item.destination_vtep}
        return lacks_answer(item) or (self.complete and not ends <= self._nodes.keys())

    # --- of what is asked for ---

    def vnis_of(self, network: str) -> tuple[int, ...]:
        """Find an overlay's VNIs. Raises UsageError."""
        found = tuple(vni for vni, name in self._networks.items() if name == network)
        if not found:
            near = _near(network, self._networks.values())
            raise UsageError(f"there is no overlay {network!r}{near}")
        return found

    def vtep_of(self, node: str) -> IPv4Address:
        """Find a node's VTEP. Raises UsageError."""
        if node not in self._vteps:
            raise UsageError(f"there is no node {node!r}{_near(node, self._nodes.values())}")
        return self._vteps[node]

    def addresses_of(self, name: str) -> tuple[IPv4Address, ...]:
        """Find what a service's tasks, or one task, have on overlays. Raises UsageError."""
        service, task = Directory(self._topology).ends(name)
        tasks = (
            [task]
            if task
            else [each for each in self._topology.tasks if each.service_id == service.id]
        )
        overlays = {item.id for item in self._topology.networks if item.vnis}
        found = sorted(
            {
                item.address
                for each in tasks
                if each.running or each.in_transition
                for item in each.addresses
                if item.network_id in overlays
            }
        )
        if not found:
            raise UsageError(f"no task of {name} runs on an overlay: no packet can be its")
        if len(found) > MOST_ADDRESSES:
            raise UsageError(f"{name} has {len(found)} addresses, too many: name one of its tasks")
        return tuple(found)


def _near(name: str, known: Iterable[str]) -> str:
    names = sorted({*known})
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else f", only {', '.join(names) or 'none'}"
