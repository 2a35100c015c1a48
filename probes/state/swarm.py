"""What does the Swarm have: networks, nodes, and services' virtual IPs?"""

from collections import Counter

from probes.audit import addresses, control
from probes.audit.balancer import check as check_balancers
from probes.audit.balancer_counts import backend_counts
from probes.audit.situation import Situation
from probes.audit.usage import address_usage
from probes.model.finding import Finding
from probes.model.topology import Network
from probes.state.judged import by_service
from probes.state.table import Row, Table

#: Driver option of an overlay's MTU (moby libnetwork/netlabel, DriverMTU).
_MTU_OPTION = "com.docker.network.driver.mtu"


def networks(situation: Situation) -> Table:
    """List the Swarm's networks, and how full each is."""
    usage = {item.network_id: item for item in address_usage(situation)}
    here = {item.network_id for item in situation.views}
    services = Counter(
        item.network_id for service in situation.topology.services for item in service.attachments
    )
    answers = [answer for check in addresses.CHECKS for answer in check.run(situation)]
    wrong = {item.subject.network: item.code for item in answers if isinstance(item, Finding)}

    def row(network: Network) -> Row:
        used = usage.get(network.id)
        return Row(
            cells=(
                network.name,
                network.driver,
                ", ".join(map(str, network.vnis)),
                ", ".join(map(str, network.subnets)),
                str(used.used) if used else "",
                str(used.free) if used else "",
                dict(network.options).get(_MTU_OPTION, ""),
                _flags(network),
                str(services[network.id]),
                "yes" if network.id in here else "no",
            ),
            wrong=wrong.get(network.name, ""),
        )

    return Table(
        kind="networks",
        node=situation.node.name,
        columns=(
            "network",
            "driver",
            "vni",
            "subnet",
            "used",
            "free",
            "mtu",
            "is",
            "services",
            "here",
        ),
        rows=tuple(row(item) for item in sorted(situation.topology.networks, key=_name)),
        judged=True,
    )


def _name(network: Network) -> str:
    return network.name


def _flags(network: Network) -> str:
    flags = ("ingress", "internal", "attachable", "encrypted")
    return ", ".join(name for name in flags if getattr(network, name))


def nodes(situation: Situation) -> Table:
    """List the Swarm's nodes; whose agent told nothing is shown as silent."""
    running = Counter(task.node_id for task in situation.topology.tasks if task.running)
    answers = [answer for check in control.CHECKS for answer in check.run(situation)]
    wrong = {item.subject.peer: item.code for item in answers if isinstance(item, Finding)}
    heard = {*situation.reports, situation.node.id}
    return Table(
        kind="nodes",
        node=situation.node.name,
        columns=("node", "role", "state", "availability", "address", "engine", "tasks", "agent"),
        rows=tuple(
            Row(
                cells=(
                    node.name,
                    ("manager, leader" if node.leader else "manager") if node.manager else "worker",
                    node.state,
                    node.availability,
                    str(node.address or ""),
                    node.engine_version,
                    str(running[node.id]),
                    "heard" if node.id in heard else "silent",
                ),
                wrong=wrong.get(node.name, ""),
            )
            for node in sorted(situation.topology.nodes, key=lambda node: node.name)
        ),
        judged=True,
    )


def vips(situation: Situation) -> Table:
    """List the virtual IPs, and how many of their tasks this node's load balancers have."""
    counted = backend_counts(situation)
    wrong = by_service(check_balancers(situation))
    names = {network.id: network.name for network in situation.topology.networks}
    rows = []
    for service in sorted(situation.topology.services, key=lambda service: service.name):
        running = sum(task.running for task in situation.lookup.tasks_of(service))
        for item in service.vips:
            network = names.get(item.network_id, item.network_id)
            counts = counted.get((network, service.name))
            backends = f"{counts.present} of {counts.expected}" if counts else "not read here"
            rows.append(
                Row(
                    cells=(service.name, network, str(item.address), str(running), backends),
                    wrong=wrong.get((network, service.name), ""),
                )
            )
    return Table(
        kind="vips",
        node=situation.node.name,
        columns=("service", "network", "vip", "tasks", "backends"),
        rows=tuple(rows),
        key=2,
        judged=True,
        note="" if situation.reading.ipvs else "this node's kernel has no IPVS: no VIP answers",
    )
