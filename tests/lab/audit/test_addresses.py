"""Are scarce, overlapping and ambiguous networks found, by those who should?

No Engine gives an address to two, leaves a service without its virtual IP, or makes two networks of
one name, for the asking (409, "network with name ... already exists", CheckDuplicate or not): the
API takes no addresses for tasks, and those faults are bugs (moby#33795, moby#40989, for-linux#176).
What the lab's Engines tell is changed as those bugs change it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from probes.audit.addresses import CHECKS
from probes.model.topology import NetworkAddress, Task, Topology
from tests.lab.audit import services
from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.faults]

NAME = "narrow"
#: Six addresses: the gateway, node1's load balancer, and four more.
SUBNET = "10.66.0.0/29"


@pytest.fixture
def swarm(auditor: LabAuditor) -> Iterator[Lab]:
    """The lab, without the test's network and service before and after."""
    lab = auditor.lab
    yield lab
    if NAME in lab.docker(lab.manager, "service", "ls", "--format={{.Name}}").split():
        services.remove(lab, NAME)
    if NAME in lab.docker(lab.manager, "network", "ls", "--format={{.Name}}").split():
        services.remove_network(lab, NAME)


def crowd(lab: Lab, replicas: int, **states: int) -> None:
    """Put tasks on the narrow network, all on the manager."""
    services.create_network(lab, NAME, SUBNET)
    here = ("--constraint", f"node.hostname=={lab.manager.name}", "--network", NAME)
    options = ("--replicas", str(replicas), "--endpoint-mode", "dnsrr", *here)
    services.create(lab, NAME, *options)
    services.wait_for_states(lab, NAME, **states)


def disperse(lab: Lab) -> None:
    services.remove(lab, NAME)
    services.remove_network(lab, NAME)


@pytest.mark.parametrize(
    ("code", "replicas", "states"),
    [
        ("address_nearly_exhausted", 3, {"running": 3}),
        ("address_exhausted", 4, {"running": 4}),
        # Swarm says nothing of why: the network's finding is told, and not the service's too.
        ("address_exhausted", 6, {"running": 4, "new": 2}),
    ],
)
def test_a_network_whose_addresses_run_out_is_told(
    auditor: LabAuditor,
    swarm: Lab,
    code: str,
    replicas: int,
    states: dict[str, int],
) -> None:
    """By the manager's node, and by no other."""

    def inject() -> None:
        crowd(swarm, replicas, **states)
        codes = {key[0] for node in swarm.nodes[1:] for key in auditor.findings(node)}
        assert code not in codes

    auditor.shows(
        swarm.manager,
        code,
        inject=inject,
        remove=lambda: disperse(swarm),
        network=NAME,
        item=SUBNET,
    )


def test_a_route_of_a_node_that_an_overlay_covers_is_told_there(
    auditor: LabAuditor,
    swarm: Lab,
) -> None:
    """As a VPN makes them; other nodes have no such route."""
    worker = swarm.nodes[1]
    route = ("10.66.0.0/24", "dev", "eth0")

    def inject() -> None:
        services.create_network(swarm, NAME, SUBNET)
        swarm.exec(worker, "ip", "route", "add", *route)
        assert "address_overlap" not in {key[0] for key in auditor.findings(swarm.manager)}

    def remove() -> None:
        swarm.exec(worker, "ip", "route", "del", *route)
        services.remove_network(swarm, NAME)

    finding = auditor.shows(
        worker,
        "address_overlap",
        inject=inject,
        remove=remove,
        network=NAME,
        item=SUBNET,
    )

    assert [row.actual for row in finding.evidence] == ["10.66.0.0/24 dev eth0"]


def test_an_overlay_that_covers_the_nodes_themselves_is_told(
    auditor: LabAuditor,
    swarm: Lab,
) -> None:
    """Its tasks could reach no node, and each node tells so."""
    subnet = "198.18.0.0/24"
    worker = swarm.nodes[2]

    finding = auditor.shows(
        worker,
        "address_overlap_vital",
        inject=lambda: services.create_network(swarm, NAME, subnet),
        remove=lambda: services.remove_network(swarm, NAME),
        network=NAME,
        item=subnet,
    )

    needed = [row.actual for row in finding.evidence]
    assert [f"{node.name} {node.address}" for node in swarm.nodes] == [
        row for row in needed if row.startswith("node")
    ]


def _tasks_of(topology: Topology, name: str) -> list[Task]:
    (service,) = (item for item in topology.services if item.name == name)
    return [item for item in topology.tasks if item.service_id == service.id and item.running]


def _given_twice(topology: Topology) -> Topology:
    """Two tasks of one service have one address, as after a change of leaders (moby#33795)."""
    first, second, *_ = _tasks_of(topology, "shop_web")
    tasks = (
        replace(task, addresses=first.addresses) if task == second else task
        for task in topology.tasks
    )
    return replace(topology, tasks=tuple(tasks))


def _given_to_a_balancer(topology: Topology) -> Topology:
    """A load balancer that was not removed has the address of a task (moby#40989)."""
    (task,) = _tasks_of(topology, "shop_cache")
    (address,) = task.addresses
    node = next(item for item in topology.nodes if item.id != task.node_id)
    told = NetworkAddress(network_id=address.network_id, address=address.address)
    reports = (
        replace(report, balancers=(told,)) if report.node_id == node.id else report
        for report in topology.reports
    )
    return replace(topology, reports=tuple(reports))


def _without_vips(topology: Topology) -> Topology:
    """A service that should have some has none (for-linux#176)."""
    services = (
        replace(item, vips=()) if item.name == "shop_orders-db" else item
        for item in topology.services
    )
    return replace(topology, services=tuple(services))


def _named_twice(topology: Topology) -> Topology:
    """Another network has the name, with addresses of its own (moby#18864)."""
    (network,) = (item for item in topology.networks if item.name == "shop_data")
    other = replace(network, id="another", subnets=(), gateways=())
    return replace(topology, networks=(*topology.networks, other))


@pytest.mark.parametrize(
    ("changed", "code", "network", "service"),
    [
        (_given_twice, "address_duplicate", "", "shop_web"),
        (_given_to_a_balancer, "address_balancer_duplicate", "shop_data", "shop_cache"),
        (_without_vips, "address_no_vip", "shop_data", "shop_orders-db"),
        (_named_twice, "address_duplicate_name", "shop_data", ""),
    ],
)
def test_what_the_swarm_allocated_wrongly_is_told(
    auditor: LabAuditor,
    changed: Callable[[Topology], Topology],
    code: str,
    network: str,
    service: str,
) -> None:
    """By the manager's node alone, of the service and the network."""
    found = auditor.as_if(auditor.lab.manager, CHECKS, changed)

    assert {item.code for item in found} == {code}
    assert {item.subject.service for item in found} == {service}
    assert not network or {item.subject.network for item in found} == {network}
    assert auditor.as_if(auditor.lab.nodes[1], CHECKS, changed) == ()
