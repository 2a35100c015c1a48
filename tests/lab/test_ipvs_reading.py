"""What an engine tells IPVS and the firewall to do, read on a real Swarm: as `ipvsadm` shows it."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple, TypeVar

import pytest

from probes.kernel.firewall import read_firewall
from probes.kernel.ipvs import (
    IpvsTimeouts,
    has_ipvs,
    read_ipvs_timeouts,
    read_virtual_services,
)
from probes.kernel.namespaces import list_namespaces
from probes.model.reading import Firewall, VirtualService
from probes.model.topology import Topology
from probes.model.vantage import Vantage, VantageKind
from probes.swarm.engine import Engine
from probes.vantage import inside
from tests.lab.audit.looking import in_thread, netns_folder
from tests.lab.containers import container_of
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import get
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.needs("ipvs")]

T = TypeVar("T")

REQUESTS = 6
PUBLISHED_PORT = 8082
SERVICE = "read_web"
NETWORK = "read_default"

STACK = f"""
version: "3.8"
services:
  web:
    image: traefik/whoami:v1.10
    ports: ["{PUBLISHED_PORT}:80"]
    deploy: {{replicas: 3}}
  client:
    image: alpine:3.20
    command: [sh, -c, "trap exit TERM; sleep 1d & wait"]
"""

CONVERGED_SECONDS = 30


class Balancer(NamedTuple):
    """A namespace that balances, on a node."""

    node: Node
    vantage: Vantage
    network_id: str

    def look(self, look: Callable[[], T]) -> T:
        """Look from inside."""

        def work() -> T:
            with inside(self.vantage):
                return look()

        return in_thread(work)

    def ipvsadm(self, lab: Lab, *words: str) -> str:
        """Run `ipvsadm` there."""
        name = str(self.vantage.netns).rpartition("/")[2]
        return lab.netns(self.node, name, "ipvsadm", *words)


@pytest.fixture(scope="module")
def running(
    lab: Lab,
    shop_images: None,  # noqa: ARG001 -- the stack needs them
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lab]:
    """The lab with a published service of three replicas, and a client that has asked them."""
    file = tmp_path_factory.mktemp("read") / "read.yml"
    file.write_text(STACK)
    lab.deploy(file, "read")
    node, client = container_of(lab, "read_client")
    ask = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 web 80 | tail -1"
    script = f"for i in $(seq {REQUESTS}); do {ask}; done"
    wait_until(
        lambda: len(set(lab.docker(node, "exec", client, "sh", "-c", script).split())) > 1,
        CONVERGED_SECONDS,
        "replicas answer through their VIP",
    )
    wait_until(
        lambda: get(lab.nodes[0], PUBLISHED_PORT, "/"), CONVERGED_SECONDS, "the port answers"
    )
    yield lab
    lab.remove("read")


def topology_of(lab: Lab) -> Topology:
    return Engine(f"unix://{lab.manager.socket}", "").topology()


def balancers(lab: Lab, topology: Topology) -> list[Balancer]:
    """List every load balancer of the Swarm's, the routing mesh's among them."""
    return [
        Balancer(node, found.vantage, found.network_id)
        for node in lab.nodes
        for found in list_namespaces(netns_folder(node), topology.networks)
        if found.vantage.kind in {VantageKind.LOAD_BALANCER, VantageKind.INGRESS}
    ]


def of_the_client(lab: Lab) -> Balancer:
    """Find the one through which the client asked."""
    node, _ = container_of(lab, "read_client")
    topology = topology_of(lab)
    (found,) = (
        each
        for each in balancers(lab, topology)
        if each.node == node and each.vantage.name == NETWORK
    )
    return found


def shown(lab: Lab, balancer: Balancer) -> dict[str, tuple[str, ...]]:
    """Say what `ipvsadm` shows of each service and each of its backends."""
    listing = balancer.ipvsadm(lab, "-Ln").splitlines()[3:]
    statistics = balancer.ipvsadm(lab, "-Ln", "--stats", "--exact").splitlines()[3:]
    known: dict[str, tuple[str, ...]] = {}
    mark = ""
    for line, counted in zip(listing, statistics, strict=True):
        if service := re.match(r"FWM +(\d+) +(\w+)", line):
            mark, scheduler = service.groups()
            known[mark] = (scheduler, counted.split()[2])
        else:
            backend, _, *numbers = line.split()[1:]
            known[f"{mark} {backend}"] = (*numbers, counted.split()[2])
    return known


def read(services: tuple[VirtualService, ...]) -> dict[str, tuple[str, ...]]:
    """Say the same of a reading."""
    known: dict[str, tuple[str, ...]] = {}
    for service in services:
        known[str(service.mark)] = (service.scheduler, str(service.connections))
        for backend in service.backends:
            known[f"{service.mark} {backend.address}:0"] = (
                str(backend.weight),
                str(backend.active_connections),
                str(backend.inactive_connections),
                str(backend.connections),
            )
    return known


def test_every_load_balancer_reads_as_ipvsadm_shows_it(running: Lab) -> None:
    """Scheduler, weights and every count, of each service and backend, on each node."""
    everywhere = balancers(running, topology_of(running))
    assert {each.vantage.kind for each in everywhere} == {
        VantageKind.LOAD_BALANCER,
        VantageKind.INGRESS,
    }

    def as_shown(balancer: Balancer) -> bool:
        known = read(balancer.look(read_virtual_services))
        return bool(known) and known == shown(running, balancer)

    for balancer in everywhere:
        # Connections end, and newer kernels add their counters up every other second.
        where = f"{balancer.node.name} {balancer.vantage.name}"
        wait_until(partial(as_shown, balancer), CONVERGED_SECONDS, f"{where} reads as shown")


def test_connections_are_those_that_went_through(running: Lab) -> None:
    """All backends had their share, which adds up to the service's."""
    balancer = of_the_client(running)

    def used() -> tuple[VirtualService, ...]:
        services = balancer.look(read_virtual_services)
        return tuple(each for each in services if each.connections >= REQUESTS)

    (service,) = wait_until(used, CONVERGED_SECONDS, "the requests were counted")

    counts = [backend.connections for backend in service.backends]
    assert sum(counts) == service.connections
    assert len(counts) == 3
    assert all(counts)


def test_a_vip_leads_by_its_mark_to_the_services_tasks(running: Lab) -> None:
    """The firewall gives the VIP's packets the mark that IPVS has the tasks under."""
    topology = topology_of(running)
    (service,) = (each for each in topology.services if each.name == SERVICE)
    vips = {vip.network_id: vip.address for vip in service.vips}
    tasks = {
        network_id: {
            attached.address
            for task in topology.tasks
            if task.service_id == service.id and task.running
            for attached in task.addresses
            if attached.network_id == network_id
        }
        for network_id in vips
    }
    concerned = [each for each in balancers(running, topology) if each.network_id in vips]
    assert len(concerned) > len(running.nodes)

    def leads_there(balancer: Balancer) -> bool:
        marks = marks_of(vips[balancer.network_id], balancer.look(read_firewall))
        services = balancer.look(read_virtual_services)
        backends = {
            backend.address for each in services if each.mark in marks for backend in each.backends
        }
        return len(marks) == 1 and backends == tasks[balancer.network_id]

    for balancer in concerned:
        where = f"{balancer.node.name} {balancer.vantage.name}"
        wait_until(partial(leads_there, balancer), CONVERGED_SECONDS, f"{where} leads there")


def marks_of(vip: IPv4Address, firewall: Firewall) -> set[int | None]:
    return {
        rule.mark
        for rule in firewall.rules
        if (rule.table, rule.chain, rule.target) == ("mangle", "INPUT", "MARK")
        and rule.destination == IPv4Network(vip)
        and not rule.conditional
    }


def test_a_published_port_leads_to_the_same_mark_as_its_vip(running: Lab) -> None:
    """In the routing mesh's namespace, on every node."""
    topology = topology_of(running)
    (service,) = (each for each in topology.services if each.name == SERVICE)
    meshes = [
        each for each in balancers(running, topology) if each.vantage.kind is VantageKind.INGRESS
    ]
    assert len(meshes) == len(running.nodes)

    for mesh in meshes:
        firewall = mesh.look(read_firewall)
        vips = {vip.address for vip in service.vips if vip.network_id == mesh.network_id}
        ports = {
            rule.mark
            for rule in firewall.rules
            if (rule.table, rule.chain, rule.target) == ("mangle", "PREROUTING", "MARK")
            and (rule.protocol, rule.destination_port) == ("tcp", PUBLISHED_PORT)
        }
        assert ports == {mark for vip in vips for mark in marks_of(vip, firewall)} != set()


def test_answers_are_sent_back_through_the_load_balancer(running: Lab) -> None:
    """The SNAT has `-m ipvs`, which we do not decode: so much is said."""
    topology = topology_of(running)

    for balancer in balancers(running, topology):
        rules = [
            rule
            for rule in balancer.look(read_firewall).rules
            if (rule.table, rule.chain, rule.target) == ("nat", "POSTROUTING", "SNAT")
        ]
        (network,) = (each for each in topology.networks if each.id == balancer.network_id)
        assert [rule.destination for rule in rules] == list(network.subnets)
        assert all(rule.conditional for rule in rules)


def test_a_backend_without_weight_is_read_as_that(running: Lab) -> None:
    """So the Engine drains a backend, and so an operator may."""
    balancer = of_the_client(running)
    service = next(each for each in balancer.look(read_virtual_services) if len(each.backends) == 3)
    chosen = service.backends[0].address
    edit = ("-e", "-f", str(service.mark), "-r", f"{chosen}:0", "-m", "-w")

    def weights() -> dict[IPv4Address, int]:
        found = balancer.look(read_virtual_services)
        (same,) = (each for each in found if each.mark == service.mark)
        return {backend.address: backend.weight for backend in same.backends}

    before = weights()
    balancer.ipvsadm(running, *edit, "0")
    try:
        assert weights() == before | {chosen: 0}
    finally:
        balancer.ipvsadm(running, *edit, "1")
    assert weights() == before


def test_the_idle_limits_are_those_of_the_kernel(running: Lab) -> None:
    """`ipvsadm -l --timeout` shows the same."""
    assert has_ipvs()
    balancer = of_the_client(running)

    limits = balancer.look(read_ipvs_timeouts)

    told = balancer.ipvsadm(running, "-l", "--timeout")
    tcp, tcp_fin, udp = map(int, re.findall(r"\d+", told))
    assert limits == IpvsTimeouts(tcp_seconds=tcp, tcp_fin_seconds=tcp_fin, udp_seconds=udp)
