"""Is every fault of a load balancer found, on the node that has it?"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from probes.audit.balancer_counts import backend_counts
from tests.lab.audit.balancing import ANOTHER_MARK, Place, place_of
from tests.lab.audit.looking import LabAuditor
from tests.lab.conftest import Stack
from tests.lab.containers import container_of
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults, pytest.mark.needs("ipvs")]

NETWORK, SERVICE = "shop_app", "shop_web"
DATA, DATABASE, DATABASE_PORT = "shop_data", "shop_orders-db", 5432

#: An overlay whose tasks answer clients past the load balancer.
DIRECT = """
version: "3.8"
services:
  web:
    image: traefik/whoami:v1.10
    deploy: {replicas: 3}
networks:
  default: {driver: overlay, driver_opts: {dsr: ""}}
"""

#: Connects over and over, each time anew, for two minutes at most.
CONNECT = """
import socket, sys, time
end = time.monotonic() + 120
while time.monotonic() < end:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()
    time.sleep(0.005)
"""
#: Connects once, and keeps the connection.
KEEP = """
import socket, sys, time
kept = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
time.sleep(120)
"""


@pytest.fixture
def place(auditor: LabAuditor) -> Place:
    """A VIP on the manager, or on another node that takes part in the network."""
    return _place(auditor, NETWORK, SERVICE, auditor.lab.nodes)


def _place(auditor: LabAuditor, network: str, service: str, nodes: tuple[Node, ...]) -> Place:
    def found() -> list[Place]:
        places = (place_of(auditor, node, network, service) for node in nodes)
        return [item for item in places if item]

    return wait_until(found, 60, f"a load balancer of {network} can be judged")[0]


@pytest.mark.parametrize(
    ("code", "inject", "remove"),
    [
        (
            "balancer_vip_missing",
            lambda p: p.address("delete", p.vip),
            lambda p: p.address("add", p.vip),
        ),
        (
            "balancer_mark_missing",
            lambda p: p.marking("--delete", p.mark),
            lambda p: p.marking("--append", p.mark),
        ),
        (
            "balancer_virtual_service_missing",
            Place.delete_virtual_service,
            Place.add_virtual_service,
        ),
        ("balancer_service_missing", Place.forget, Place.remember),
        ("balancer_no_backend", Place.drain_all, Place.fill_all),
        (
            "balancer_two_marks",
            lambda p: p.marking("--insert", ANOTHER_MARK),
            lambda p: p.marking("--delete", ANOTHER_MARK),
        ),
    ],
)
def test_a_vip_that_is_dead_here_is_one_finding(
    auditor: LabAuditor,
    place: Place,
    code: str,
    inject: Callable[[Place], None],
    remove: Callable[[Place], None],
) -> None:
    """Whatever part of the way to the tasks is lost, it names the part, and no task besides."""
    auditor.shows(
        place.node,
        code,
        inject=lambda: inject(place),
        remove=lambda: remove(place),
        network=NETWORK,
        service=SERVICE,
        item=place.vip,
    )


@pytest.mark.parametrize(
    ("code", "inject", "remove"),
    [
        ("balancer_backend_missing", Place.delete, Place.add),
        (
            "balancer_backend_drained",
            lambda p, address: p.edit(address, "--weight", "0"),
            lambda p, address: p.edit(address, "--weight", "1"),
        ),
    ],
)
def test_a_running_task_that_gets_nothing_is_named(
    auditor: LabAuditor,
    place: Place,
    code: str,
    inject: Callable[[Place, str], None],
    remove: Callable[[Place, str], None],
) -> None:
    """Its destination is lost, or drained though nobody stops it."""
    address, task = next((str(a), task) for a, task in place.served.running.items())

    auditor.shows(
        place.node,
        code,
        inject=lambda: inject(place, address),
        remove=lambda: remove(place, address),
        network=NETWORK,
        service=SERVICE,
        task=task.name,
        item=address,
    )


def test_a_destination_that_is_nobody_is_stale(auditor: LabAuditor, place: Place) -> None:
    """Every fourth connection would be lost; the counts say the same."""
    auditor.shows(
        place.node,
        "balancer_backend_stale",
        inject=lambda: place.add(place.free),
        remove=lambda: place.delete(place.free),
        network=NETWORK,
        service=SERVICE,
        item=str(place.free),
    )

    counts = backend_counts(auditor.situation(place.node))[NETWORK, SERVICE]
    assert (counts.expected, counts.present, counts.stale) == (3, 3, 0)


def test_an_address_that_is_no_vip_is_told(auditor: LabAuditor, place: Place) -> None:
    """The load balancer would answer for whoever gets it."""
    auditor.shows(
        place.node,
        "balancer_vip_stale",
        inject=lambda: place.address("add", place.free),
        remove=lambda: place.address("delete", place.free),
        network=NETWORK,
        item=str(place.free),
    )


def test_the_lost_way_back_is_told_of_the_network(auditor: LabAuditor, place: Place) -> None:
    """One rule serves all VIPs of a network."""
    auditor.shows(
        place.node,
        "balancer_snat_missing",
        inject=lambda: place.translation("--delete"),
        remove=lambda: place.translation("--append"),
        network=NETWORK,
        service="",
    )


@pytest.mark.parametrize(
    ("name", "code", "values"),
    [
        ("net.ipv4.vs.conntrack", "balancer_conntrack_off", ("0", "1")),
        ("net.ipv4.vs.conn_reuse_mode", "balancer_sysctl", ("1", "0")),
        ("net.ipv4.vs.expire_nodest_conn", "balancer_sysctl", ("0", "1")),
        ("net.ipv4.vs.expire_quiescent_template", "balancer_sysctl", ("0", "1")),
    ],
)
def test_a_setting_that_drifted_is_told(
    auditor: LabAuditor, place: Place, name: str, code: str, values: tuple[str, str]
) -> None:
    """By its name."""
    wrong, right = values
    auditor.shows(
        place.node,
        code,
        inject=lambda: place.sysctl(name, wrong),
        remove=lambda: place.sysctl(name, right),
        network=NETWORK,
        item=name,
    )


def test_a_load_balancer_that_is_gone_is_one_finding(auditor: LabAuditor, place: Place) -> None:
    """It names the network; the Engine's file of the namespace is hidden for the while."""
    file = f"/run/docker/netns/{place.served.balancer.netns}"

    finding = auditor.shows(
        place.node,
        "balancer_missing",
        inject=lambda: auditor.lab.exec(place.node, "mount", "--bind", "/dev/null", file),
        remove=lambda: auditor.lab.exec(place.node, "umount", file),
        network=NETWORK,
        service="",
    )

    assert SERVICE in finding.evidence[0].expected


@contextmanager
def _in_a_task(place: Place, service: str, script: str, *words: str) -> Iterator[None]:
    """Run a script in the network of a service's task on the same node."""
    label = f"--filter=label=com.docker.swarm.service.name={service}"
    container = place.lab.docker(place.node, "ps", "--quiet", label).split()[0]
    argv = place.lab.visit_netns(place.node, container, sys.executable, "-c", script, *words)
    with subprocess.Popen(argv) as process:
        try:
            yield
        finally:
            process.kill()


def test_a_task_that_gets_no_new_connections_is_told(auditor: LabAuditor) -> None:
    """IPVS leaves out a destination that has reached its limit, whatever its weight."""
    node, _ = container_of(auditor.lab, "shop_worker")
    place = _place(auditor, NETWORK, SERVICE, (node,))
    address = place.tasks[0]

    with _in_a_task(place, "shop_worker", CONNECT, place.vip, "80"):
        finding = auditor.shows(
            node,
            "balancer_uneven",
            inject=lambda: place.edit(address, "--weight", "1", "--u-threshold", "1"),
            remove=lambda: place.edit(address, "--weight", "1", "--u-threshold", "0"),
            network=NETWORK,
            service=SERVICE,
        )

    assert address in finding.evidence[0].actual


def test_a_connection_kept_to_a_database_is_told(auditor: LabAuditor) -> None:
    """Nobody asks whether it is alive for two hours; the shop without it is silent."""
    node, _ = container_of(auditor.lab, "shop_worker")
    place = _place(auditor, DATA, DATABASE, (node,))
    kept = _in_a_task(place, "shop_worker", KEEP, place.vip, str(DATABASE_PORT))

    finding = auditor.shows(
        node,
        "balancer_keepalive",
        inject=kept.__enter__,
        remove=lambda: kept.__exit__(None, None, None),
        network=DATA,
        service=DATABASE,
    )

    assert "shop_worker" in finding.evidence[0].actual


def test_tasks_that_answer_clients_directly_are_no_fault(auditor: LabAuditor, stack: Stack) -> None:
    """There the Engine neither translates nor tracks, and the audit knows."""
    stack(DIRECT, "direct")
    place = _place(auditor, "direct_default", "direct_web", auditor.lab.nodes)

    def present() -> int:
        counts = backend_counts(auditor.situation(place.node))
        return counts["direct_default", "direct_web"].present

    wait_until(lambda: present() == len(place.tasks), 30, "all tasks are behind the VIP")

    found = auditor.look(place.node)

    assert place.served.balancer.reading.sysctl("net.ipv4.vs.conntrack") == "0"
    assert [item for item in found.findings if item.subject.network == "direct_default"] == []
    assert [item for item in found.unanswered if item.check.startswith("balancer")] == []
