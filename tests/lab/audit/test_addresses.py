"""Are scarce, overlapping and ambiguous networks found, by those who should?

No Engine gives an address to two, leaves a service without its virtual IP, or makes two networks of
one name, for the asking (409, "network with name ... already exists", CheckDuplicate or not): the
API takes no addresses for tasks, and those faults are bugs (moby#33795, moby#40989, for-linux#176);
tests/probes/audit/test_addresses.py has them from values.
"""

from collections.abc import Iterator

import pytest

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
