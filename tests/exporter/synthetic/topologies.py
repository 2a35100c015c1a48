"""What does Swarm say of a Swarm that nobody runs: a small one, and a large one?"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import count
from zlib import crc32

from probes.model.topology import (
    Attachment,
    Network,
    NetworkAddress,
    Node,
    Port,
    Service,
    Task,
    Topology,
)

AGENT = "swarmscope_agent"
_UNDERLAY = IPv4Address("198.18.0.10")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A service of a stack: where it is, and what it answers on."""

    name: str
    networks: tuple[str, ...]
    replicas: int = 2
    port: int = 8080
    published: int | None = None
    endpoint_mode: str = "vip"


class Builder:
    """Makes a topology, giving out addresses and places as Swarm does."""

    def __init__(self, nodes: int) -> None:
        self.nodes = tuple(_node(number, nodes) for number in range(1, nodes + 1))
        self._networks: dict[str, Network] = {}
        self._addresses: dict[str, count[int]] = {}
        self._services: list[Service] = []
        self._tasks: list[Task] = []
        self._places = count()

    def network(self, name: str, *, ingress: bool = False, encrypted: bool = False) -> None:
        """Add an overlay."""
        number = len(self._networks)
        subnet = IPv4Network(f"10.{number // 250}.{number % 250}.0/24")
        self._networks[name] = Network(
            id=f"{crc32(name.encode()):08x}{number:017}",
            name=name,
            driver="overlay",
            subnets=(subnet,),
            gateways=(subnet[1],),
            vnis=(4096 + number,),
            ingress=ingress,
            encrypted=encrypted,
            attachable=not ingress,
        )
        self._addresses[name] = count(2)

    def service(self, stack: str, wanted: Wanted) -> None:
        """Add a service with its running tasks."""
        name = f"{stack}_{wanted.name}" if stack else wanted.name
        networks = [self._networks[item] for item in wanted.networks]
        vip = wanted.endpoint_mode == "vip"
        port = Port(protocol="tcp", target=wanted.port, published=wanted.published)
        service = Service(
            id=f"s-{name}",
            name=name,
            mode="replicated",
            replicas=wanted.replicas,
            endpoint_mode=wanted.endpoint_mode,
            vips=tuple(self._next(network) for network in networks) if vip else (),
            ports=(port,),
            attachments=tuple(Attachment(network_id=network.id) for network in networks),
            labels=(("com.docker.stack.namespace", stack),) if stack else (),
        )
        self._services.append(service)
        for slot in range(1, wanted.replicas + 1):
            node = self.nodes[next(self._places) % len(self.nodes)]
            self._tasks.append(_task(service, slot, node, [self._next(item) for item in networks]))

    def _next(self, network: Network) -> NetworkAddress:
        address = network.subnets[0][next(self._addresses[network.name])]
        return NetworkAddress(network_id=network.id, address=address)

    def topology(self) -> Topology:
        """Finish it with the agents, one on each node."""
        agent = Service(
            id=f"s-{AGENT}",
            name=AGENT,
            mode="global",
            endpoint_mode="dnsrr",
            labels=(("com.docker.stack.namespace", "swarmscope"),),
        )
        agents = [_task(agent, None, node, []) for node in self.nodes]
        return Topology(
            nodes=self.nodes,
            networks=tuple(self._networks.values()),
            services=(*self._services, agent),
            tasks=(*self._tasks, *agents),
        )


def _node(number: int, of: int) -> Node:
    width = len(str(of))
    manager = number <= min(3, of)
    return Node(
        id=f"n{number}",
        name=f"node{number:0{width}}",
        address=_UNDERLAY + number,
        state="ready",
        availability="active",
        manager=manager,
        leader=number == 1,
        reachability="reachable" if manager else "",
    )


def _task(
    service: Service, slot: int | None, node: Node, addresses: Sequence[NetworkAddress]
) -> Task:
    return Task(
        id=f"t-{service.name}-{slot or node.id}",
        service_id=service.id,
        node_id=node.id,
        slot=slot,
        state="running",
        desired_state="running",
        addresses=tuple(addresses),
    )


def shop() -> Topology:
    """Make a Swarm that one looks at in whole: five nodes, three stacks."""
    made = Builder(5)
    made.network("ingress", ingress=True)
    for name in ("shop_app", "shop_data", "billing_app", "logs_default"):
        made.network(name, encrypted=name == "billing_app")
    for wanted in (
        Wanted(name="gateway", networks=("shop_app",), port=80, published=80),
        Wanted(name="web", networks=("shop_app",), replicas=3),
        Wanted(name="api", networks=("shop_app", "shop_data"), replicas=3),
        Wanted(name="worker", networks=("shop_app", "shop_data"), replicas=2),
        Wanted(name="cache", networks=("shop_data",), replicas=1, port=6379),
        Wanted(
            name="orders-db",
            networks=("shop_data",),
            replicas=1,
            port=5432,
            endpoint_mode="dnsrr",
        ),
    ):
        made.service("shop", wanted)
    for wanted in (
        Wanted(name="api", networks=("billing_app",), published=8443),
        Wanted(name="mailer", networks=("billing_app",), replicas=1),
        Wanted(name="db", networks=("billing_app",), replicas=1, port=5432),
    ):
        made.service("billing", wanted)
    made.service("logs", Wanted(name="collector", networks=("logs_default",), port=4317))
    made.service("logs", Wanted(name="store", networks=("logs_default",), replicas=1, port=9200))
    return made.topology()


def large(services: int = 100, nodes: int = 50) -> Topology:
    """Make a large Swarm: stacks of ten, of which the first service is on a common network, too."""
    made = Builder(nodes)
    made.network("ingress", ingress=True)
    made.network("edge")
    names = ("front", "web", "api", "worker", "cache", "db", "search", "queue", "mail", "cron")
    for number in range(services):
        stack, name = f"team{number // len(names):02}", names[number % len(names)]
        if name == names[0]:
            made.network(f"{stack}_default")
        networks = (f"{stack}_default", "edge") if name == names[0] else (f"{stack}_default",)
        published = 20000 + number if name == names[0] else None
        made.service(stack, Wanted(name=name, networks=networks, replicas=5, published=published))
    return made.topology()
