"""What does a small Swarm look like? Topologies for tests of the pure parts."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from probes.model.local import LocalTask
from probes.model.topology import (
    Attachment,
    ExposedPorts,
    Network,
    NetworkAddress,
    Node,
    NodeReport,
    Port,
    Service,
    Task,
    Topology,
)

APP = Network(
    id="app0000000000",
    name="shop_app",
    driver="overlay",
    subnets=(IPv4Network("10.0.1.0/24"),),
    vnis=(4097,),
)
DATA = Network(
    id="data000000000",
    name="shop_data",
    driver="overlay",
    subnets=(IPv4Network("10.0.2.0/24"),),
    vnis=(4098,),
)


def node(number: int) -> Node:
    """Make a node named nodeN at 198.18.0.1N."""
    return Node(
        id=f"n{number}",
        name=f"node{number}",
        address=IPv4Address(f"198.18.0.1{number}"),
        state="ready",
        availability="active",
        manager=number == 1,
    )


def on(network: Network, last_byte: int) -> NetworkAddress:
    """Make an address on a network."""
    subnet = network.subnets[0]
    return NetworkAddress(network_id=network.id, address=subnet[last_byte])


def service(name: str, *networks: Network, vip: int = 0, ports: tuple[int, ...] = ()) -> Service:
    """Make a service on networks; with a VIP when *vip* gives its last byte, else dnsrr."""
    return Service(
        id=f"s-{name}",
        name=name,
        mode="replicated",
        replicas=1,
        endpoint_mode="vip" if vip else "dnsrr",
        vips=tuple(on(network, vip) for network in networks) if vip else (),
        ports=tuple(Port(protocol="tcp", target=port, published=port) for port in ports),
        attachments=tuple(Attachment(network_id=network.id) for network in networks),
    )


def task(
    of: Service,
    slot: int,
    at: Node,
    last_byte: int,
    *,
    state: str = "running",
    desired: str = "running",
) -> Task:
    """Make a task with an address on each of its service's networks."""
    return Task(
        id=f"t-{of.name}-{slot}-{last_byte}",
        service_id=of.id,
        node_id=at.id,
        slot=slot,
        state=state,
        desired_state=desired,
        addresses=tuple(
            NetworkAddress(
                network_id=attachment.network_id,
                address=(APP if attachment.network_id == APP.id else DATA).subnets[0][last_byte],
            )
            for attachment in of.attachments
        ),
    )


def local(of: Task) -> LocalTask:
    """Make what the Engine says of a task on its own node."""
    return LocalTask(
        task_id=of.id,
        service_id=of.service_id,
        service_name=of.service_id.removeprefix("s-"),
        container_id=f"c-{of.id}",
        container_name=f"{of.service_id}.{of.slot}",
        netns=f"/run/docker/netns/{of.id}",
    )


NODE1, NODE2, NODE3 = node(1), node(2), node(3)
WEB = service("shop_web", APP, vip=10, ports=(80,))
API = service("shop_api", APP, DATA, vip=20)
DB = service("shop_db", DATA)
WEB_1 = task(WEB, 1, NODE1, 11)
API_1 = task(API, 1, NODE1, 21)
API_2 = task(API, 2, NODE2, 22)
DB_1 = task(DB, 1, NODE3, 31)

SHOP = Topology(
    nodes=(NODE1, NODE2, NODE3),
    networks=(APP, DATA),
    services=(WEB, API, DB),
    tasks=(WEB_1, API_1, API_2, DB_1),
    reports=(NodeReport(node_id="n3", exposed=(ExposedPorts(service_id=DB.id, ports=(5432,)),)),),
)


def labelled(of: Service, **labels: str) -> Service:
    """Add `swarmscope.*` labels to a service; an underscore in a key stands for a dot."""
    added = tuple((f"swarmscope.{key.replace('_', '.')}", value) for key, value in labels.items())
    return replace(of, labels=of.labels + added)


def with_service(topology: Topology, changed: Service) -> Topology:
    """Replace the service of the same id."""
    services = (changed if item.id == changed.id else item for item in topology.services)
    return replace(topology, services=tuple(services))


def with_task(topology: Topology, changed: Task) -> Topology:
    """Replace the task of the same id, or add it."""
    others = tuple(item for item in topology.tasks if item.id != changed.id)
    return replace(topology, tasks=(*others, changed))
