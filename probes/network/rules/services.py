"""Are services as declared, told to be well by something, and no database open to the world?"""

from collections.abc import Iterator

from probes.audit.balancer_keepalive import IPVS_IDLE_SECONDS, KEPT_PORTS
from probes.audit.declared import service_differences
from probes.network.problem import Problem, Question

#: Ports of what keeps data or passes it on, by their makers' defaults.
_STORES = {
    1433: "SQL Server",
    2379: "etcd",
    3306: "MySQL",
    4222: "NATS",
    5432: "PostgreSQL",
    5672: "RabbitMQ",
    6379: "Redis",
    9042: "Cassandra",
    9092: "Kafka",
    9200: "Elasticsearch",
    11211: "memcached",
    27017: "MongoDB",
}
_STORE_PROTOCOLS = {"postgres": "PostgreSQL", "redis": "Redis", "nats": "NATS"}


def differing(question: Question) -> Iterator[Problem]:
    """Hold each service of the files against its declaration."""
    services = {service.id: service for service in question.files.topology.services}
    for declared in question.intent.services:
        service = services[declared.service_id]
        for item in service_differences(declared, service):
            where = question.files.place(service.name, "deploy", "endpoint_mode")
            reason = f"{item.what}: {item.expected} is declared, {item.actual} stands here"
            yield Problem(where, service.name, reason)
        if service.replicas is not None and service.replicas < declared.min_healthy:
            yield Problem(
                question.files.place(service.name, "deploy", "replicas"),
                service.name,
                f"replicas: {service.replicas}, and min_healthy is {declared.min_healthy}",
            )


def missing(question: Question) -> Iterator[Problem]:
    """Find declared services that have a stack's name, and are not in its file."""
    for name in question.intent.absent:
        for stack in question.files.stacks:
            if name.startswith(f"{stack.name}_"):
                yield Problem(stack.place("services"), name, "is declared, and does not stand here")


def published_store(question: Question) -> Iterator[Problem]:
    """Find databases, caches and brokers that are open to whoever reaches a node."""
    for service in question.files.topology.services:
        spoken = _spoken(service.name, question)
        for number, port in enumerate(service.ports):
            protocol = spoken.get(port.target, "")
            store = _STORE_PROTOCOLS.get(protocol) or _STORES.get(port.target)
            if store and port.protocol == "tcp":
                where = "its node" if port.mode == "host" else "every node"
                yield Problem(
                    question.files.place(service.name, "ports", number),
                    service.name,
                    f"publishes {store}, port {port.target}, on {where}",
                )


def _spoken(service: str, question: Question) -> dict[int, str]:
    """Name the declared protocol of each port of a service."""
    declared = question.discovery.services.get(service)
    return {item.port: item.protocol for item in declared.ports} if declared else {}


def without_health(question: Question) -> Iterator[Problem]:
    """Find services of HTTP of which nothing tells that they are well."""
    for intent in question.intent.services:
        service = intent.service_id
        for port, protocol in _spoken(service, question).items():
            if protocol in {"http", "https"} and not intent.http and intent.probed:
                reason = f"port {port} speaks {protocol}, and no health path is declared"
                yield Problem(question.files.place(service), service, reason)


def idle_connections(question: Question) -> Iterator[Problem]:
    """Find VIPs that cut what clients keep open; a declared endpoint mode was somebody's choice."""
    for service, intent in zip(
        question.files.topology.services, question.intent.services, strict=True
    ):
        if service.endpoint_mode != "vip" or intent.endpoint_mode:
            continue
        spoken = _spoken(service.name, question)
        kept = {port for port, protocol in spoken.items() if protocol in _STORE_PROTOCOLS}
        for port in sorted(kept | {*intent.tcp} & KEPT_PORTS):
            yield Problem(
                question.files.place(service.name),
                service.name,
                f"port {port} is behind a VIP, which forgets connections after "
                f"{IPVS_IDLE_SECONDS} s without traffic: set endpoint_mode: dnsrr, or declare "
                "endpoint_mode: vip where clients keep theirs alive",
            )


RULES = (differing, missing, published_store, without_health, idle_connections)
