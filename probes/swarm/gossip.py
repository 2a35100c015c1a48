"""What does an Engine say of a network that it takes part in, and of what others told it?

Shape: Docker Engine API, `GET /networks/{id}?verbose=true`, versions 1.41 to 1.51; a node answers
from its own tables (moby libnetwork/agent.go, `Services`), so two nodes may answer differently.
"""

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address

from probes.addresses import parse_address
from probes.model.gossip import GossipService, GossipTask, NetworkView
from probes.swarm.parse import Document

#: An endpoint without a container: one that is just being made, or was left over.
_NO_CONTAINER = "ep-"


def parse_network_view(
    inspected: Document,
    task_containers: Collection[str],
    read_at: float,
) -> NetworkView | None:
    """Read one network; None where it is not on this node.

    A manager knows every network of the Swarm and describes it; peers are told, and containers
    listed, by the nodes that take part. *task_containers* are the ids of the containers that
    belong to Swarm's tasks: what has an address and is none of these, a person started.
    """
    peers = (parse_address(peer.get("IP", "")) for peer in inspected.get("Peers") or [])
    balancer, containers = None, []
    for key, entry in (inspected.get("Containers") or {}).items():
        address = parse_address((entry.get("IPv4Address") or "").partition("/")[0])
        if address is None or key.startswith(_NO_CONTAINER):
            continue
        if _is_balancer(key, inspected["Name"]):
            balancer = address
        elif key not in task_containers:
            containers.append(address)
    view = NetworkView(
        network_id=inspected["Id"],
        peers=tuple(sorted(peer for peer in peers if peer)),
        services=tuple(_services(inspected.get("Services") or {})),
        balancer=balancer,
        containers=tuple(sorted(containers)),
        read_at=read_at,
    )
    return view if view.peers or view.balancer else None


def _is_balancer(key: str, network: str) -> bool:
    """Tell the sandboxes that Docker makes itself (moby libnetwork, `lbSandboxName`)."""
    return key in {f"lb-{network}", f"{network}-sbox"}


def _services(raw: Document) -> Iterator[GossipService]:
    for name, service in sorted(raw.items()):
        yield GossipService(
            name=name,
            vip=parse_address(service.get("VIP") or ""),  # "<nil>" for one without
            mark=service.get("LocalLBIndex") or 0,
            tasks=tuple(sorted(_tasks(service), key=lambda task: (task.address, task.name))),
        )


def _tasks(service: Document) -> Iterator[GossipTask]:
    for raw in service.get("Tasks") or []:
        address = parse_address(raw.get("EndpointIP") or "")
        if address is not None:
            yield GossipTask(
                name=raw.get("Name", ""),
                address=address,
                vtep=_vtep(raw.get("Info") or {}),
            )


def _vtep(info: Document) -> IPv4Address | None:
    """Find what the overlay driver knows of the endpoint; its table may lag behind the other."""
    return parse_address(info.get("Host IP") or "")
