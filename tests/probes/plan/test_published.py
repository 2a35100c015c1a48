"""Is every published port looked at, on every node that should answer?"""

from collections.abc import Iterable
from dataclasses import replace

from probes.intent.labels import read_labels
from probes.model.probe import Probe, Target, TcpLook
from probes.model.topology import Network, Port, Topology
from probes.model.vantage import HOST
from probes.plan.budget import Budget
from probes.plan.candidates import Pace
from probes.plan.plan import PlanSettings, plan
from tests.swarms import APP, NODE1, NODE2, NODE3, SHOP, WEB, WEB_1, labelled, with_service

INGRESS = Network(id="ingress000000", name="ingress", driver="overlay", ingress=True)
PUBLISHED = replace(SHOP, networks=(*SHOP.networks, INGRESS))
AMPLE = Budget(probes_per_second=1000, series=100_000)
ADDRESSES = {str(node.address) for node in (NODE1, NODE2, NODE3)}


def _looks(
    topology: Topology = PUBLISHED, node: str = "n1", budget: Budget = AMPLE
) -> Iterable[Probe]:
    settings = PlanSettings(
        pace=Pace(interval_seconds=10, timeout_seconds=2, slow_seconds=0.5),
        budget=budget,
        agent_service="swarmscope_agent",
        agent_port=9877,
    )
    found = plan(topology, read_labels(topology.services), node, (), settings)
    return [probe for probe in found.probes if probe.id.target is Target.PUBLISHED]


def _addresses(probes: Iterable[Probe]) -> set[str]:
    return {str(probe.look.address) for probe in probes if isinstance(probe.look, TcpLook)}


def test_a_published_port_is_looked_at_on_every_node() -> None:
    """From the node itself, by the names of the agent, the service and the nodes."""
    found = list(_looks())

    assert _addresses(found) == ADDRESSES
    own = next(probe for probe in found if probe.id.destination_node == "node1")
    assert own.vantage == HOST
    assert own.look == TcpLook(address=NODE1.address or APP.subnets[0][0], port=80)
    assert (own.id.network, own.id.source_service, own.id.source_node) == (
        "ingress",
        "swarmscope_agent",
        "node1",
    )
    assert (own.id.destination_service, own.id.endpoint) == ("shop_web", "80")


def test_only_tcp_ports_of_the_routing_mesh_are_looked_at() -> None:
    """A port in host mode is the task's node's own; UDP does not say whether it was heard."""
    ports = (
        Port(protocol="tcp", target=80, published=8080, mode="host"),
        Port(protocol="udp", target=53, published=53),
        Port(protocol="tcp", target=80),
    )

    assert list(_looks(with_service(PUBLISHED, replace(WEB, ports=ports)))) == []


def test_a_service_without_a_running_task_is_not_looked_at() -> None:
    """Nobody is there to answer, and that is not the network's fault."""
    ended = tuple(task for task in PUBLISHED.tasks if task != WEB_1)

    assert list(_looks(replace(PUBLISHED, tasks=ended))) == []


def test_labels_count_for_published_ports_too() -> None:
    """Off, without TCP, and the service's own pace."""
    paced = labelled(WEB, interval="5s", timeout="1s", slo_latency="20ms")

    assert list(_looks(with_service(PUBLISHED, labelled(WEB, probe="off")))) == []
    assert list(_looks(with_service(PUBLISHED, labelled(WEB, without="tcp")))) == []
    found = _looks(with_service(PUBLISHED, paced))
    paces = {(item.interval_seconds, item.timeout_seconds, item.slow_seconds) for item in found}
    assert paces == {(5, 1, 0.02)}


def test_a_node_that_is_down_is_not_expected_to_answer() -> None:
    """A drained one is: the routing mesh is everywhere."""
    down, drained = replace(NODE2, state="down"), replace(NODE3, availability="drain")

    found = _looks(replace(PUBLISHED, nodes=(NODE1, down, drained)))

    assert _addresses(found) == {str(NODE1.address), str(NODE3.address)}


def test_over_budget_each_node_keeps_its_own_address_and_others_are_shared_out() -> None:
    """Together the nodes miss no port on any node's address."""
    ports = tuple(Port(protocol="tcp", target=80, published=8000 + n) for n in range(20))
    topology = replace(
        PUBLISHED,
        services=(replace(WEB, ports=ports),),
        tasks=(WEB_1,),
    )
    tight = Budget(probes_per_second=5, series=100_000)

    kept = {node: list(_looks(topology, node, tight)) for node in ("n1", "n2", "n3")}

    for number, probes in enumerate(kept.values(), start=1):
        own = [probe for probe in probes if probe.id.destination_node == f"node{number}"]
        assert len(own) == len(ports)
        assert len(probes) == 50
    elsewhere = {
        (probe.id.destination_node, probe.id.endpoint)
        for probes in kept.values()
        for probe in probes
        if probe.id.destination_node != probe.id.source_node
    }
    assert len(elsewhere) == 3 * len(ports)
