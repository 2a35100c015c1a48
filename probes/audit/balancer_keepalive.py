"""Will idle connections through a VIP be forgotten before anybody asks whether they are alive?

Linux asks after two hours (tcp_keepalive_time), IPVS forgets after 15 minutes, and Docker leaves
both as they are; so every service of every Swarm would be told of. It is told where it hurts: the
service is one that clients keep connections to, they keep some open through this load balancer
right now, and a task of this node may be their owner. Programs that ask sooner by themselves
cannot be told from others, so it is no more than worth knowing.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from probes.audit.balancer_state import ServedVip, balancers, served_vips
from probes.audit.check import Answer
from probes.audit.expected import ExpectedEndpoint
from probes.audit.situation import Situation
from probes.findings import balancer as findings
from probes.model.finding import Evidence, Subject
from probes.model.vantage import VantageKind

KEEPALIVE = "net.ipv4.tcp_keepalive_time"
#: IPVS's own limit for TCP, which the Engine does not change (kernel ip_vs_proto_tcp.c,
#: tcp_timeouts).
IPVS_IDLE_SECONDS = 900
#: What clients keep connections to: MySQL, PostgreSQL, AMQP, Redis, NATS, MongoDB.
KEPT_PORTS = frozenset({3306, 5432, 5672, 6379, 4222, 27017})


def check(situation: Situation) -> Iterator[Answer]:
    """Look for connections kept open to a database's VIP, and for tasks that do not ask."""
    for balancer in balancers(situation):
        late = _late(situation, balancer.network.id)
        for served in served_vips(balancer, situation):
            clients = {
                task.service: f"{task.name}: {seconds} s"
                for task, seconds in late
                if task.service != served.service.name
            }
            kept = sum(backend.active_connections for backend in served.backends.values())
            if clients and kept and _ports(served, situation) & KEPT_PORTS:
                evidence = Evidence(
                    what=f"{KEEPALIVE}, {kept} connections being open",
                    expected=f"below {IPVS_IDLE_SECONDS} s, when IPVS forgets an idle connection",
                    actual="; ".join(clients.values()),
                )
                subject = Subject(
                    network=balancer.network.name, service=served.service.name, item=KEEPALIVE
                )
                yield findings.KEEPALIVE.found(subject, evidence, client=min(clients))


def _late(situation: Situation, network_id: str) -> list[tuple[ExpectedEndpoint, int]]:
    """List the tasks of this node that ask later than IPVS forgets."""
    set_to = _keepalives(situation)
    endpoints = situation.endpoints.get(network_id, {})
    return [
        (endpoint, set_to[address])
        for address, endpoint in endpoints.items()
        if endpoint.certain and set_to.get(address, 0) > IPVS_IDLE_SECONDS
    ]


def _keepalives(situation: Situation) -> Mapping[IPv4Address, int]:
    """Give what each task of this node is set to, by all of its addresses."""
    found = {}
    for reading in situation.reading.of_kind(VantageKind.TASK):
        value = reading.sysctl(KEEPALIVE)
        if value is not None:
            found.update({item.address: int(value) for item in reading.addresses})
    return found


def _ports(served: ServedVip, situation: Situation) -> set[int]:
    """List the ports that a service is known to listen on."""
    lookup, service = situation.lookup, served.service
    declared = {*lookup.intent_of(service).tcp, *(port.target for port in service.ports)}
    return declared | lookup.exposed_by(service)
