"""Has the routing mesh what it needs on this node to lead published ports to their tasks?

The way in (moby libnetwork/service_linux.go): on the host a rule of DOCKER-INGRESS leads the port
through docker_gwbridge into the namespace ingress_sbox; there a rule marks the packet, and IPVS
balances what has the mark over the tasks' addresses on the ingress network.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address

from probes.audit.balancer_scope import may_do_without_ipvs
from probes.audit.check import Answer
from probes.audit.mesh_state import Mesh, mesh_here
from probes.audit.published import (
    Lacking,
    Published,
    findings_of,
    ingress_network,
    keeps_ingress_chain,
    published_ports,
)
from probes.audit.situation import Situation
from probes.findings import ingress as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, VirtualService
from probes.model.topology import Node

#: An nftables Engine keeps its rules in a table of this name (Engine 29).
_NFTABLES_ENGINE = "docker-bridges"


def check_mesh(situation: Situation) -> Iterator[Answer]:
    """Look for the namespace, and in it for each port's mark, IPVS service and destinations.

    A kernel without IPVS is the host family's one finding, and then none of these is told.
    """
    network, ports = ingress_network(situation), published_ports(situation)
    if network is None or not ports:
        return
    if situation.reading.ipvs is None:
        yield situation.unread("host, ipvs") or CouldNotLook(where="ipvs", why="it was not read")
    if not situation.reading.ipvs or may_do_without_ipvs(situation):
        return
    mesh = mesh_here(situation)
    if mesh is None:
        yield _unread_mesh(situation) or _no_namespace(situation)
        return
    unread = [item for item in situation.reading.failures if _of_mesh(item)]
    yield from unread
    if not unread:
        yield from _lost_rules(mesh, situation)
        yield from _lost_marks(mesh)
        yield from _lost_services(mesh)
        # The ports of a service share one IPVS service.
        for service in {item.service.name: item for item in mesh.ports}.values():
            yield from _backends(service, mesh, situation)


def _of_mesh(failure: CouldNotLook) -> bool:
    return failure.where.startswith("ingress ") or failure.where == "host, firewall"


def _unread_mesh(situation: Situation) -> CouldNotLook | None:
    """Tell why the namespace may be there and was not seen: it, or the folder, was closed to us."""
    for failure in situation.reading.failures:
        if failure.where.startswith(("ingress ", "/")):
            return failure
    return None


def _no_namespace(situation: Situation) -> Finding:
    network = ingress_network(situation)
    services = sorted({item.service.name for item in published_ports(situation)})
    evidence = Evidence(
        what="/var/run/docker/netns/ingress_sbox",
        expected=f"a namespace, for {', '.join(services)}",
        actual="none",
    )
    subject = Subject(network=network.name if network else "")
    return findings.NAMESPACE_MISSING.found(subject, evidence)


def _lost_rules(mesh: Mesh, situation: Situation) -> Iterator[Finding]:
    """Look at the host's rules, where the Engine is one that writes them.

    A connection to such a port succeeds all the same: the Engine listens there, to keep the port
    from others, and never answers.
    """
    host = situation.reading.host
    if host is None or not keeps_ingress_chain(situation.node.engine_version):
        return
    firewall = host.namespace.firewall
    if any(chain.table == _NFTABLES_ENGINE for chain in firewall.chains):
        return
    led = {
        (rule.protocol, rule.destination_port)
        for rule in firewall.rules
        if (rule.table, rule.chain, rule.target) == ("nat", "DOCKER-INGRESS", "DNAT")
    }
    inside = next((str(item) for item in _bridge_addresses(mesh)), "ingress_sbox")
    lacking = [
        Lacking(
            published=item,
            evidence=(
                Evidence(
                    what="iptables -t nat -S DOCKER-INGRESS",
                    expected=f"-p {item.port.protocol} --dport {item.number} -j DNAT "
                    f"--to-destination {inside}:{item.number}",
                    actual="none",
                ),
            ),
        )
        for item in mesh.ports
        if (item.port.protocol, item.number) not in led
    ]
    yield from findings_of(findings.RULE_MISSING, mesh.network, lacking, mesh.ports)


def _bridge_addresses(mesh: Mesh) -> Iterator[IPv4Address]:
    """Give the namespace's addresses on docker_gwbridge, which is its eth1."""
    names = {link.index: link.name for link in mesh.reading.links}
    for item in mesh.reading.addresses:
        if names.get(item.device_index) == "eth1":
            yield item.address


def _lost_marks(mesh: Mesh) -> Iterator[Finding]:
    lacking = [
        Lacking(
            published=item,
            evidence=(
                Evidence(
                    what="iptables -t mangle -S PREROUTING, in ingress_sbox",
                    expected=f"-p {item.port.protocol} --dport {item.number} -j MARK",
                    actual="none",
                ),
            ),
        )
        for item in mesh.ports
        if mesh.mark_of(item) is None
    ]
    yield from findings_of(findings.MARK_MISSING, mesh.network, lacking, mesh.ports)


def _lost_services(mesh: Mesh) -> Iterator[Finding]:
    lacking = [
        Lacking(
            published=item,
            evidence=(
                Evidence(
                    what="ipvsadm -Ln, in ingress_sbox",
                    expected=f"FWM {mesh.mark_of(item)} with the tasks of {item.service.name}",
                    actual="no destination" if mesh.balanced(item) else "none",
                ),
            ),
        )
        for item in mesh.ports
        if mesh.mark_of(item) is not None and not _has_backends(mesh.balanced(item))
    ]
    yield from findings_of(findings.VIRTUAL_SERVICE_MISSING, mesh.network, lacking, mesh.ports)


def _has_backends(balanced: VirtualService | None) -> bool:
    return balanced is not None and bool(balanced.backends)


def _backends(published: Published, mesh: Mesh, situation: Situation) -> Iterator[Finding]:
    """Hold the destinations of one port's IPVS service against the service's tasks."""
    balanced = mesh.balanced(published)
    if balanced is None or not balanced.backends:
        return
    endpoints = situation.endpoints.get(mesh.network_id, {})
    name = published.service.name
    weights = {item.address: item.weight for item in balanced.backends}
    shown = f"FWM {balanced.mark}: " + ", ".join(
        f"{address} weight {weight}" for address, weight in weights.items()
    )
    for address, endpoint in endpoints.items():
        node = situation.lookup.nodes.get(endpoint.node_id)
        expected = endpoint.service == name and endpoint.certain and _heard_of(node, situation)
        if expected and not weights.get(address):
            subject = Subject(
                network=mesh.network,
                service=name,
                task=endpoint.name,
                peer=node.name if node and node != situation.node else "",
                item=str(address),
            )
            evidence = Evidence(what="ipvsadm", expected=f"{address} weight 1", actual=shown)
            yield findings.BACKEND_MISSING.found(subject, evidence)
    for address, weight in weights.items():
        holder = endpoints.get(address)
        if weight and (holder is None or holder.service != name):
            subject = Subject(network=mesh.network, service=name, item=str(address))
            whose = holder.name if holder else "nobody"
            evidence = Evidence(
                what="ipvsadm",
                expected=f"only tasks of {name}",
                actual=f"{address} ({whose}) weight {weight}",
            )
            yield findings.BACKEND_STALE.found(subject, evidence)


def _heard_of(node: Node | None, situation: Situation) -> bool:
    """Tell whether this Engine can know of a node's tasks; that it does not is gossip's finding."""
    if node is None or node.state != "ready":
        return False
    network = ingress_network(situation)
    views = [view for view in situation.views if network and view.network_id == network.id]
    return node == situation.node or all(node.address in view.peers for view in views)
