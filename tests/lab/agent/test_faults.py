"""Does each fault change exactly the metrics that it should?

Each test compares what fails with what failed before, on all nodes: the fault's own probes must
fail, nothing else may, and all is as before once the fault is gone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.lab.agent.observe import (
    BALANCED,
    Looked,
    failing,
    failing_on,
    probes_on,
    value,
    wait_for_exactly,
)
from tests.lab.containers import container_of_task
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.lies import Liar
from tests.lab.ports import port_closed
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab


@pytest.fixture
def before(swarmscope: Lab) -> set[Looked]:
    """What fails without any fault: VIPs and published ports, where the kernel has no IPVS."""

    def only_balanced() -> bool:
        return all(failed.target in BALANCED for failed in failing(swarmscope))

    wait_until(only_balanced, 60, "nothing fails but what needs IPVS")
    return failing(swarmscope)


@contextmanager
def fault(inject: Callable[[], object], remove: Callable[[], object]) -> Iterator[None]:
    """Have a fault for as long as the block lasts."""
    inject()
    try:
        yield
    finally:
        remove()


def _everyones(lab: Lab, matches: Callable[[Looked], bool]) -> set[Looked]:
    """List all probes, of any outcome, that match."""
    return {probe for node in lab.nodes for probe in probes_on(node) if matches(probe)}


def _outcomes(lab: Lab, outcome: str, **labels: str) -> float:
    return sum(
        value(node, "swarmscope_probe_outcomes_total", outcome=outcome, **labels)
        for node in lab.nodes
    )


def test_a_stopped_process_fails_its_pages_and_nothing_else(
    swarmscope: Lab,
    before: set[Looked],
) -> None:
    """The kernel still accepts connections and answers echoes for it; HTTP gets no answer."""
    node, container = container_of_task(swarmscope, "shop_web.2")
    expected = _everyones(
        swarmscope,
        lambda probe: probe.probe == "http" and probe.destination_task == "shop_web.2",
    )
    timeouts = _outcomes(swarmscope, "timeout", probe="http", target="task")
    with fault(
        lambda: swarmscope.docker(node, "pause", container),
        lambda: swarmscope.docker(node, "unpause", container),
    ):
        wait_for_exactly(lambda: failing(swarmscope), before | expected, "web.2 hangs")
        assert _outcomes(swarmscope, "timeout", probe="http", target="task") > timeouts

    wait_for_exactly(lambda: failing(swarmscope), before, "web.2 answers again")


def test_a_closed_port_is_refused_and_nothing_else_fails(
    swarmscope: Lab,
    before: set[Looked],
) -> None:
    """The task still answers echoes, and its siblings everything."""
    expected = _everyones(
        swarmscope,
        lambda probe: probe.probe == "tcp" and probe.destination_task == "shop_cache.1",
    )
    with port_closed(swarmscope, "shop_cache.1", 6379):
        wait_for_exactly(lambda: failing(swarmscope), before | expected, "the port is closed")
        assert _outcomes(swarmscope, "refused", destination_service="shop_cache") > 0

    wait_for_exactly(lambda: failing(swarmscope), before, "the port is open again")


def test_a_resolver_that_does_not_answer_is_the_tasks_own_fault(
    swarmscope: Lab,
    before: set[Looked],
) -> None:
    """Every name fails from that task, and every other task resolves."""
    node, container = container_of_task(swarmscope, "shop_orders-db.1")
    rule = ("OUTPUT", "-d", "127.0.0.11", "-j", "DROP")
    expected = _everyones(
        swarmscope,
        lambda probe: probe.probe == "dns" and probe.source == "shop_orders-db",
    )
    assert expected
    with fault(
        lambda: swarmscope.netns(node, container, "iptables", "-I", *rule),
        lambda: swarmscope.netns(node, container, "iptables", "-D", *rule),
    ):
        wait_for_exactly(lambda: failing(swarmscope), before | expected, "its names do not answer")

    wait_for_exactly(lambda: failing(swarmscope), before, "its names answer again")


def test_an_address_missing_from_an_answer_is_named(
    swarmscope: Lab,
    before: set[Looked],
) -> None:
    """Only the name that lacks it fails, only from that task, and the metric says how many."""
    lab = swarmscope
    node, container = container_of_task(lab, "shop_orders-db.1")
    address = _task_address(lab, "shop_api.1", "shop_data")
    expected = _everyones(
        lab,
        lambda probe: probe.source == "shop_orders-db" and probe.endpoint in API_NAMES,
    )
    assert len(expected) == len(API_NAMES)
    with (
        Liar(lab, node, container) as liar,
        fault(lambda: liar.tell("shop_api", f"without={address}"), liar.stop),
    ):
        wait_for_exactly(lambda: failing(lab), before | expected, "an address is missing")
        for name in API_NAMES:
            assert _answers(node, name, "missing") == 1
            assert _answers(node, name, "expected") == 1
            assert _answers(node, name, "unexpected") == 0
        assert value(node, "swarmscope_probe_outcomes_total", outcome="wrong_answer") > 0

    wait_for_exactly(lambda: failing(lab), before, "the answers are whole again")


#: Both give the tasks: the service has no virtual IP.
API_NAMES = ("shop_api", "tasks.shop_api")


def _answers(node: Node, name: str, state: str) -> float:
    source = "shop_orders-db"
    return value(node, "swarmscope_dns_answers", source_service=source, endpoint=name, state=state)


def _task_address(lab: Lab, task: str, network: str) -> str:
    node, container = container_of_task(lab, task)
    template = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
    return lab.docker(node, "inspect", f"--format={template}", container).strip()


def test_a_node_that_is_cut_off_is_told_apart_from_those_that_are_not(
    swarmscope: Lab,
    before: set[Looked],
) -> None:
    """Underlay and overlay fail towards it, from it, and between no others."""
    del before
    victim = swarmscope.nodes[2]
    others = swarmscope.nodes[:2]
    with fault(lambda: swarmscope.cut(victim), lambda: swarmscope.rejoin(victim)):

        def seen() -> set[tuple[str, str]]:
            return {
                (probe.source_node, probe.destination_node)
                for node in others
                for probe in _failing_on_underlay(node)
            }

        wait_until(
            lambda: seen() == {(node.name, victim.name) for node in others},
            60,
            "the underlay fails towards the cut node, and only there",
        )
        assert all(
            value(node, "swarmscope_probe_success", target="node", destination_node=other.name) == 1
            for node in others
            for other in others
            if node != other
        )

    # Gossip forgets a lost node's entries, and takes its time to learn them again.
    wait_until(
        lambda: all(failed.target in BALANCED for failed in failing(swarmscope)),
        180,
        "underlay, overlays and names are whole again",
    )


def _failing_on_underlay(node: Node) -> list[Looked]:
    return [failed for failed in failing_on(node) if failed.target == "node"]
