"""Does the audit of published ports tell cause from symptom?"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from probes.audit.balancer_counts import BackendCounts
from probes.audit.ingress import CHECKS, dead_ports_here
from probes.audit.mesh_state import mesh_counts
from probes.audit.published import keeps_ingress_chain
from probes.audit.situation import Situation
from probes.model.probe import Kind, Probe, ProbeId, Target, TcpLook
from probes.model.reading import (
    Backend,
    CouldNotLook,
    Firewall,
    FirewallRule,
    HostReading,
    Link,
    LinkStatistics,
    NamespaceReading,
    NodeReading,
    VirtualService,
)
from probes.model.result import Outcome, Result
from probes.model.topology import Network, NodeReport, Port, Topology
from probes.model.vantage import HOST, Vantage, VantageKind
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import node, on, service, task

INGRESS = Network(
    id="ingress000000",
    name="ingress",
    driver="overlay",
    subnets=(IPv4Network("10.0.0.0/24"),),
    ingress=True,
)
HERE = replace(node(1), engine_version="20.10.24", leader=True)
THERE, ELSEWHERE = node(2), node(3)


def _published(name: str, port: int, vip: int) -> Any:
    made = service(name, INGRESS, vip=vip, ports=(port,))
    return replace(made, ports=(Port(protocol="tcp", target=80, published=port),))


WEB, API = _published("shop_web", 8080, 5), _published("shop_api", 9090, 8)


def _task(of: Any, slot: int, at: Any, last: int) -> Any:
    return replace(task(of, slot, at, last), addresses=(on(INGRESS, last),))


SWARM = Topology(
    nodes=(HERE, THERE, ELSEWHERE),
    networks=(INGRESS,),
    services=(WEB, API),
    tasks=(_task(WEB, 1, THERE, 6), _task(WEB, 2, HERE, 7), _task(API, 1, ELSEWHERE, 9)),
    reports=(NodeReport(node_id=THERE.id), NodeReport(node_id=ELSEWHERE.id)),
    read_at=NOW,
)


def _dnat(port: int) -> FirewallRule:
    return FirewallRule(
        table="nat",
        chain="DOCKER-INGRESS",
        target="DNAT",
        protocol="tcp",
        destination_port=port,
    )


def _mark(port: int, mark: int) -> FirewallRule:
    return FirewallRule(
        table="mangle",
        chain="PREROUTING",
        target="MARK",
        protocol="tcp",
        destination_port=port,
        mark=mark,
    )


def _balanced(mark: int, *last_bytes: int) -> VirtualService:
    return VirtualService(
        mark=mark,
        scheduler="rr",
        connections=0,
        backends=tuple(
            Backend(
                address=on(INGRESS, last).address,
                weight=1,
                active_connections=0,
                inactive_connections=0,
                connections=0,
            )
            for last in last_bytes
        ),
    )


NOTHING_COUNTED = LinkStatistics(
    receive_bytes=0,
    receive_packets=0,
    receive_errors=0,
    receive_dropped=0,
    transmit_bytes=0,
    transmit_packets=0,
    transmit_errors=0,
    transmit_dropped=0,
)
BRIDGE = Link(
    index=5,
    name="docker_gwbridge",
    kind="bridge",
    mtu_bytes=1500,
    up=True,
    mac="02:42:00:00:00:01",
    statistics=NOTHING_COUNTED,
)
HOST_NAMESPACE = NamespaceReading(
    vantage=HOST,
    network_id="",
    links=(BRIDGE,),
    firewall=Firewall(rules=(_dnat(8080), _dnat(9090))),
)
SBOX = NamespaceReading(
    vantage=Vantage(kind=VantageKind.INGRESS, name="ingress", netns="/netns/ingress_sbox"),
    network_id=INGRESS.id,
    virtual_services=(_balanced(256, 6, 7), _balanced(257, 9)),
    firewall=Firewall(rules=(_mark(8080, 256), _mark(9090, 257))),
)
HEALTHY = NodeReading(
    read_at=NOW,
    host=HostReading(namespace=HOST_NAMESPACE),
    namespaces=(SBOX,),
    ipvs=True,
)


def with_host(**fields: Any) -> NodeReading:
    """Change something of the host's."""
    return replace(HEALTHY, host=HostReading(namespace=replace(HOST_NAMESPACE, **fields)))


def with_mesh(**fields: Any) -> NodeReading:
    """Change something in the routing mesh's namespace."""
    return replace(HEALTHY, namespaces=(replace(SBOX, **fields),))


def looked(
    port: int,
    outcome: Outcome,
    *,
    of: str = "shop_web",
    at: str = "node1",
    target: Target = Target.PUBLISHED,
) -> Result:
    """Make the result of a look at a port."""
    probe_id = ProbeId(
        probe=Kind.TCP,
        target=target,
        network="ingress",
        source_service="agent",
        source_node="node1",
        destination_service=of,
        destination_node=at,
        endpoint=str(port),
    )
    probe = Probe(
        id=probe_id,
        look=TcpLook(address=IPv4Address("198.18.0.11"), port=port),
        vantage=HOST,
        interval_seconds=10,
        timeout_seconds=2,
    )
    return Result(probe=probe, outcome=outcome, detail="no answer", started_at=NOW, seconds=2)


def seen(
    reading: NodeReading = HEALTHY, topology: Topology = SWARM, results: Iterable[Result] = ()
) -> Situation:
    """Stand on node1, which is as *reading* says."""
    return situation(topology, reading=reading, results=tuple(results))


def test_a_mesh_as_it_should_be_has_no_finding() -> None:
    """Bridge, namespace, rules, marks, destinations, and an answer."""
    assert found(CHECKS, seen(results=[looked(8080, Outcome.OK)])) == []


@pytest.mark.parametrize(
    ("reading", "code", "service_name", "item"),
    [
        (with_host(links=()), "ingress_gwbridge_missing", "", "docker_gwbridge"),
        (
            with_host(links=(replace(BRIDGE, up=False),)),
            "ingress_gwbridge_down",
            "",
            "docker_gwbridge",
        ),
        (replace(HEALTHY, namespaces=()), "ingress_namespace_missing", "", ""),
        (
            with_host(firewall=Firewall(rules=(_dnat(9090),))),
            "ingress_rule_missing",
            "shop_web",
            "8080/tcp",
        ),
        (with_host(firewall=Firewall()), "ingress_rule_missing", "", "every port"),
        (
            with_mesh(firewall=Firewall(rules=(_mark(8080, 256),))),
            "ingress_mark_missing",
            "shop_api",
            "9090/tcp",
        ),
        (with_mesh(firewall=Firewall()), "ingress_mark_missing", "", "every port"),
        (
            with_mesh(virtual_services=(_balanced(256, 6, 7),)),
            "ingress_virtual_service_missing",
            "shop_api",
            "9090/tcp",
        ),
        (
            with_mesh(virtual_services=(_balanced(256, 6, 7), _balanced(257))),
            "ingress_virtual_service_missing",
            "shop_api",
            "9090/tcp",
        ),
        (
            with_mesh(virtual_services=(_balanced(256, 7), _balanced(257, 9))),
            "ingress_backend_missing",
            "shop_web",
            "10.0.0.6",
        ),
        (
            with_mesh(virtual_services=(_balanced(256, 6, 7, 77), _balanced(257, 9))),
            "ingress_backend_stale",
            "shop_web",
            "10.0.0.77",
        ),
        (
            with_mesh(virtual_services=(_balanced(256, 6, 7, 9), _balanced(257, 9))),
            "ingress_backend_stale",
            "shop_web",
            "10.0.0.9",
        ),
    ],
)
def test_each_fault_is_one_finding(
    reading: NodeReading, code: str, service_name: str, item: str
) -> None:
    """One thing lost, one finding, whatever the port's silence."""
    # With one task too few, or another port's fault, the port answers all the same.
    well = code == "ingress_backend_missing" or service_name == "shop_api"
    result = looked(8080, Outcome.OK if well else Outcome.TIMEOUT)

    findings = found(CHECKS, seen(reading, results=[result]))

    assert [(one.code, one.subject.service, one.subject.item) for one in findings] == [
        (code, service_name, item)
    ]
    assert all(row.expected != row.actual for row in findings[0].evidence)


def test_the_meshs_backends_are_counted_per_service() -> None:
    """One lost, one of nobody's, one drained: each is counted as what it is."""
    drained = replace(_balanced(257, 9).backends[0], weight=0)
    mesh = with_mesh(
        virtual_services=(
            _balanced(256, 7, 77),
            replace(_balanced(257), backends=(drained,)),
        ),
    )

    assert mesh_counts(seen(mesh)) == {
        ("ingress", "shop_web"): BackendCounts(expected=2, present=1, stale=1, drained=0),
        ("ingress", "shop_api"): BackendCounts(expected=1, present=0, stale=0, drained=1),
    }
    assert mesh_counts(seen(replace(mesh, ipvs=False))) == {}
    assert mesh_counts(seen(replace(mesh, namespaces=()))) == {}


def test_a_port_that_is_dead_here_is_told_with_where_it_answers() -> None:
    """The others say so of themselves."""
    others = (NodeReport(node_id=THERE.id, dead_ports=(8080,)), NodeReport(node_id=ELSEWHERE.id))

    (finding,) = found(
        CHECKS,
        seen(
            topology=replace(SWARM, reports=others),
            results=[looked(8080, Outcome.TIMEOUT), looked(9090, Outcome.OK, of="shop_api")],
        ),
    )

    assert (finding.code, finding.subject.service) == ("ingress_port_dead", "shop_web")
    assert finding.subject.item == "8080/tcp"
    assert [row.actual for row in finding.evidence] == [
        "timeout: no answer",
        "does not answer",
        "answers",
    ]


def _everywhere(*more: Result, on_node: str = "n1") -> list[str]:
    dead = tuple(NodeReport(node_id=f"n{number}", dead_ports=(8080,)) for number in (1, 2, 3))
    own = looked(8080, Outcome.REFUSED, at=f"node{on_node[1:]}")
    at = situation(replace(SWARM, reports=dead), on_node, reading=HEALTHY, results=(own, *more))
    return [finding.code for finding in found(CHECKS, at)]


def test_a_port_that_is_dead_everywhere_is_told_once() -> None:
    """By the node that speaks for the Swarm."""
    assert _everywhere() == ["ingress_port_dead_everywhere"]
    assert _everywhere(on_node="n2") == []


def test_tasks_that_do_not_listen_are_not_the_mesh_s_fault() -> None:
    """Nobody is there to answer on the target port."""
    deaf = looked(80, Outcome.REFUSED, at="node2", target=Target.TASK)
    well = looked(80, Outcome.OK, at="node3", target=Target.TASK)

    assert _everywhere(deaf) == []
    assert _everywhere(deaf, well) == ["ingress_port_dead_everywhere"]


def test_dead_ports_are_those_of_this_node_s_own_address() -> None:
    """What fails towards other nodes is theirs to tell."""
    at = seen(
        results=[
            looked(9090, Outcome.REFUSED, of="shop_api"),
            looked(8080, Outcome.TIMEOUT),
            looked(7070, Outcome.TIMEOUT, at="node2"),
            looked(6060, Outcome.COULD_NOT_LOOK),
        ]
    )

    assert dead_ports_here(at) == (8080, 9090)


@pytest.mark.parametrize(
    "forget",
    [
        lambda r: replace(r, ipvs=False, namespaces=()),
        lambda r: replace(r, ipvs=False, namespaces=(replace(SBOX, firewall=Firewall()),)),
    ],
)
def test_without_ipvs_nothing_more_is_told(forget: Callable[[NodeReading], NodeReading]) -> None:
    """It is the one finding of the host's."""
    assert found(CHECKS, seen(forget(HEALTHY), results=[looked(8080, Outcome.REFUSED)])) == []


def test_a_service_that_does_not_run_needs_no_mesh() -> None:
    """Its rules come and go with its tasks."""
    stopped = replace(SWARM, tasks=())

    assert found(CHECKS, seen(replace(HEALTHY, namespaces=()), stopped)) == []


@pytest.mark.parametrize(
    ("where", "reading"),
    [
        ("ingress ingress", replace(HEALTHY, namespaces=())),
        ("/var/run/docker/netns", replace(HEALTHY, namespaces=())),
        ("ingress ingress, ipvs", with_mesh(virtual_services=())),
        ("ingress ingress, firewall", with_mesh(firewall=Firewall())),
        ("host, firewall", with_host(firewall=Firewall())),
    ],
)
def test_what_could_not_be_read_leaves_the_question_open(where: str, reading: NodeReading) -> None:
    """Neither a finding nor silence."""
    failure = CouldNotLook(where=where, why="permission denied")

    answers = [
        answer
        for check in CHECKS
        for answer in check.run(seen(replace(reading, failures=(failure,))))
    ]

    assert set(answers) == {failure}


def test_an_engine_without_the_chain_is_not_asked_for_it() -> None:
    """Since 29.8 published ports are ordinary port mappings; an unknown version proves nothing."""
    modern = replace(HERE, engine_version="29.8.0")
    at = seen(with_host(firewall=Firewall()), replace(SWARM, nodes=(modern, THERE, ELSEWHERE)))

    assert found(CHECKS, at) == []
    assert [keeps_ingress_chain(item) for item in ("20.10.24+dfsg1", "28.5.2", "29.7.2")] == [
        True
    ] * 3
    assert not any(keeps_ingress_chain(item) for item in ("29.8.0", "30.0.1", ""))
