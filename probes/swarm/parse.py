"""What do the Engine API's documents mean? Foreign JSON stops here.

Shapes: Docker Engine API, `GET /nodes`, `/networks`, `/services`, `/tasks` and `/info`,
versions 1.41 (Engine 20.10) to 1.52 (Engine 29).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from probes.addresses import parse_address
from probes.model.topology import (
    ENDED_STATES,
    Attachment,
    Network,
    NetworkAddress,
    Node,
    Port,
    Service,
    Task,
    Topology,
)
from probes.swarm.failures import sum_up

Document = Mapping[str, Any]

#: moby libnetwork/drivers/overlay: the VNIs of a network, one per subnet.
_VNI_OPTION = "com.docker.network.driver.overlay.vxlanid_list"
_DEFAULT_DATA_PATH_PORT = 4789


def parse_topology(
    *,
    info: Document,
    nodes: Sequence[Document],
    networks: Sequence[Document],
    services: Sequence[Document],
    tasks: Sequence[Document],
    read_at: float,
) -> Topology:
    """Join a manager's documents, each list in the order of ids so that equal means equal."""
    cluster = info.get("Swarm", {}).get("Cluster") or {}
    live = (raw for raw in tasks if not _is_history(raw))
    history = (_parse_task(raw) for raw in tasks if _is_history(raw))
    return Topology(
        nodes=tuple(_parse_node(raw) for raw in _by_id(nodes)),
        networks=tuple(_parse_network(raw) for raw in _by_id(networks, "Id")),
        services=tuple(_parse_service(raw) for raw in _by_id(services)),
        tasks=tuple(_parse_task(raw) for raw in _by_id(live)),
        failures=sum_up(history),
        data_path_port=cluster.get("DataPathPort") or _DEFAULT_DATA_PATH_PORT,
        read_at=read_at,
    )


def _by_id(documents: Iterable[Document], key: str = "ID") -> list[Document]:
    return sorted(documents, key=lambda document: str(document[key]))


def _is_history(raw: Document) -> bool:
    """Tell whether a task ended and is meant to be ended: Swarm keeps some for people to read."""
    return raw.get("DesiredState") in ENDED_STATES and raw["Status"]["State"] in ENDED_STATES


def _parse_node(raw: Document) -> Node:
    status, spec = raw.get("Status", {}), raw.get("Spec", {})
    description = raw.get("Description", {})
    manager = raw.get("ManagerStatus") or {}
    return Node(
        id=raw["ID"],
        name=description.get("Hostname", ""),
        address=_node_address(status.get("Addr", ""), manager.get("Addr", "")),
        state=status.get("State", "unknown"),
        availability=spec.get("Availability", "active"),
        manager=spec.get("Role") == "manager",
        leader=bool(manager.get("Leader")),
        reachability=manager.get("Reachability", ""),
        engine_version=description.get("Engine", {}).get("EngineVersion", ""),
    )


def _node_address(status_address: str, manager_address: str) -> IPv4Address | None:
    """Prefer what Swarm saw the node connect from; a manager may show 0.0.0.0 or loopback there."""
    for text in (status_address, manager_address.rpartition(":")[0]):
        address = parse_address(text)
        if address and not address.is_unspecified and not address.is_loopback:
            return address
    return None


def _parse_network(raw: Document) -> Network:
    options = raw.get("Options") or {}
    pools = (raw.get("IPAM") or {}).get("Config") or []
    gateways = (parse_address(pool.get("Gateway", "")) for pool in pools)
    return Network(
        id=raw["Id"],
        name=raw["Name"],
        driver=raw.get("Driver", ""),
        subnets=tuple(_subnets(pools)),
        gateways=tuple(gateway for gateway in gateways if gateway),
        vnis=tuple(int(vni) for vni in options.get(_VNI_OPTION, "").split(",") if vni),
        ingress=bool(raw.get("Ingress")),
        internal=bool(raw.get("Internal")),
        attachable=bool(raw.get("Attachable")),
        encrypted="encrypted" in options,
        options=tuple(sorted(options.items())),
    )


def _subnets(pools: Iterable[Document]) -> Iterator[IPv4Network]:
    for pool in pools:
        subnet = pool.get("Subnet", "")
        if subnet and ":" not in subnet:
            yield IPv4Network(subnet, strict=False)


def _parse_service(raw: Document) -> Service:
    spec, endpoint = raw["Spec"], raw.get("Endpoint") or {}
    template = spec.get("TaskTemplate", {})
    mode, parameters = next(iter(spec.get("Mode", {"Replicated": {}}).items()))
    attachments = template.get("Networks") or spec.get("Networks") or []
    placement = template.get("Placement") or {}
    endpoint_spec = endpoint.get("Spec") or spec.get("EndpointSpec") or {}
    return Service(
        id=raw["ID"],
        name=spec["Name"],
        mode=_MODES.get(mode, mode.lower()),
        replicas=(parameters or {}).get("Replicas"),
        endpoint_mode=endpoint_spec.get("Mode", "vip"),
        vips=tuple(_addresses((vip["NetworkID"], vip.get("Addr", "")) for vip in _vips(endpoint))),
        ports=tuple(_parse_port(port) for port in endpoint.get("Ports") or []),
        attachments=tuple(_parse_attachment(network) for network in attachments),
        labels=tuple(sorted((spec.get("Labels") or {}).items())),
        image=template.get("ContainerSpec", {}).get("Image", ""),
        update_state=(raw.get("UpdateStatus") or {}).get("State", ""),
        updated_at=_seconds(raw.get("UpdatedAt", "")),
        max_replicas_per_node=placement.get("MaxReplicas") or None,
        constraints=tuple(placement.get("Constraints") or ()),
        restart_condition=(template.get("RestartPolicy") or {}).get("Condition") or "any",
    )


_MODES = {"ReplicatedJob": "replicated-job", "GlobalJob": "global-job"}


def _vips(endpoint: Document) -> Sequence[Document]:
    return endpoint.get("VirtualIPs") or []


def _addresses(pairs: Iterable[tuple[str, str]]) -> Iterator[NetworkAddress]:
    for network_id, text in pairs:
        address = parse_address(text.partition("/")[0])  # "10.0.1.5/24"
        if address:
            yield NetworkAddress(network_id=network_id, address=address)


def _parse_port(raw: Document) -> Port:
    return Port(
        protocol=raw.get("Protocol", "tcp"),
        target=raw["TargetPort"],
        published=raw.get("PublishedPort"),
        mode=raw.get("PublishMode", "ingress"),
    )


def _parse_attachment(raw: Document) -> Attachment:
    return Attachment(network_id=raw["Target"], aliases=tuple(raw.get("Aliases") or ()))


def _parse_task(raw: Document) -> Task:
    status = raw.get("Status", {})
    attachments = raw.get("NetworksAttachments") or []
    return Task(
        id=raw["ID"],
        service_id=raw.get("ServiceID", ""),
        node_id=raw.get("NodeID", ""),
        slot=raw.get("Slot") or None,
        state=status.get("State", "new"),
        desired_state=raw.get("DesiredState", ""),
        addresses=tuple(
            _addresses(
                (attachment["Network"]["ID"], address)
                for attachment in attachments
                for address in attachment.get("Addresses") or []
            ),
        ),
        container_id=(status.get("ContainerStatus") or {}).get("ContainerID", ""),
        error=status.get("Err", ""),
        created_at=_seconds(raw.get("CreatedAt", "")),
        updated_at=_seconds(status.get("Timestamp", "")),
    )


def _seconds(text: str) -> float:
    """Read a time of the Engine's (RFC 3339, nanoseconds) as Unix seconds; 0 for none.

    Go writes a time that was never set as year 1.
    """
    return max(0.0, datetime.fromisoformat(text).timestamp()) if text else 0.0
