"""What does Swarmscope show of a Swarm that is well?"""

import json
from collections import Counter

import pytest

from tests.lab.agent.observe import BALANCED, SEEN_WITHIN_SECONDS, failing, series, value
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.swarmscope import AGENT_PORT, agent_container, get, query, scraped_nodes
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

#: Service -> the networks that it is on; `worker` is labelled `swarmscope.probe=off`.
SHOP_NETWORKS = {
    "shop_gateway": {"shop_edge"},
    "shop_web": {"shop_edge", "shop_app"},
    "shop_api": {"shop_app", "shop_data"},
    "shop_orders-db": {"shop_data"},
    "shop_cache": {"shop_data"},
}
PAIRS = {
    (source, destination)
    for source, here in SHOP_NETWORKS.items()
    for destination, there in SHOP_NETWORKS.items()
    if here & there
}


def _nodes_of(lab: Lab, service: str) -> set[str]:
    shown = lab.docker(
        lab.manager,
        "service",
        "ps",
        service,
        "--filter=desired-state=running",
        "--format={{.Node}}",
    )
    return set(shown.split())


def test_prometheus_knows_every_agent_by_its_node(swarmscope: Lab) -> None:
    """Each target carries the node's name."""
    names = [node.name for node in swarmscope.nodes]
    wait_until(
        lambda: scraped_nodes(swarmscope) == names,
        SEEN_WITHIN_SECONDS,
        "Prometheus scrapes every agent",
    )


def test_every_pair_that_shares_a_network_is_probed_from_where_the_source_runs(
    swarmscope: Lab,
) -> None:
    """In Prometheus: each pair, from each node with a task of the source, and nothing else."""
    expected = {
        (source, destination, node)
        for source, destination in PAIRS
        for node in _nodes_of(swarmscope, source)
    }

    def seen() -> set[tuple[str, str, str]]:
        rows = query(swarmscope, 'swarmscope_probe_success{source_service=~"shop_.*"}')
        return {
            (
                row["metric"]["source_service"],
                row["metric"]["destination_service"],
                row["metric"]["source_node"],
            )
            for row in rows
        }

    def exactly() -> bool:
        found = seen()
        if found != expected:
            raise LabError(f"missing: {expected - found}; too many: {found - expected}")
        return True

    wait_until(exactly, SEEN_WITHIN_SECONDS, "Prometheus has every pair")


def test_nothing_fails_but_what_the_kernel_lacks(swarmscope: Lab) -> None:
    """Without IPVS no VIP and no published port answers, and exactly these are what fails."""
    expected = frozenset[str]() if swarmscope.kernel.ipvs else BALANCED

    def as_it_should() -> bool:
        return {failed.target for failed in failing(swarmscope)} == expected

    wait_until(as_it_should, SEEN_WITHIN_SECONDS, "nothing fails, but what needs IPVS without it")


def test_each_kind_of_probe_runs_across_nodes(swarmscope: Lab) -> None:
    """A task on another node is reached by echo, TCP and HTTP, over the network they share."""
    for kind in ("icmp", "tcp", "http"):
        wanted = f'probe="{kind}",target="task",source_service=~"shop_.*"'

        def across(selector: str = wanted) -> list[dict[str, str]]:
            rows = query(swarmscope, f"swarmscope_probe_success{{{selector}}} == 1")
            found = (row["metric"] for row in rows)
            return [one for one in found if one["source_node"] != one["destination_node"]]

        for metric in wait_until(across, SEEN_WITHIN_SECONDS, f"{kind} reaches another node"):
            shared = (
                SHOP_NETWORKS[metric["source_service"]]
                & SHOP_NETWORKS[metric["destination_service"]]
            )
            assert metric["network"] in shared


def test_nodes_reach_each_other_over_the_underlay(swarmscope: Lab) -> None:
    """Every node to every other one's agent."""
    names = [node.name for node in swarmscope.nodes]
    expected = {(one, other) for one in names for other in names if one != other}

    def everybody() -> bool:
        rows = query(swarmscope, 'swarmscope_probe_success{target="node"} == 1')
        found = {(row["metric"]["source_node"], row["metric"]["destination_node"]) for row in rows}
        if found != expected:
            raise LabError(f"missing: {expected - found}; too many: {found - expected}")
        return True

    wait_until(everybody, SEEN_WITHIN_SECONDS, "every node reaches every other one")


def test_names_answer_as_the_swarm_says(swarmscope: Lab) -> None:
    """A VIP service answers one address, `tasks.` one for each task; none missing or too many."""
    expected = {"shop_web": "1", "tasks.shop_web": "3", "tasks.shop_api": "2"}

    def as_expected() -> bool:
        others = query(swarmscope, 'swarmscope_dns_answers{state!="expected"} > 0')
        if others:
            raise LabError(f"answers that should not be: {others}")
        for name, count in expected.items():
            wanted = f'endpoint="{name}",state="expected"'
            rows = query(swarmscope, f"swarmscope_dns_answers{{{wanted}}}")
            if {row["value"][1] for row in rows} != {count}:
                raise LabError(f"{name}: {rows}")
        return True

    wait_until(as_expected, SEEN_WITHIN_SECONDS, "every name answers as it should")


def test_a_port_that_an_image_exposes_in_vain_is_no_fault(swarmscope: Lab) -> None:
    """The gateway's image exposes ports that nothing listens on: they are counted as unproven."""
    wait_until(
        lambda: any(value(node, "swarmscope_probes_unproven") for node in swarmscope.nodes),
        SEEN_WITHIN_SECONDS,
        "ports exposed in vain are counted",
    )
    for node in swarmscope.nodes:
        assert series(node, "swarmscope_probe_success", endpoint="2019") == []


def test_overlay_counters_move_when_traffic_flows(swarmscope: Lab) -> None:
    """The probes themselves cross the overlay: VXLAN devices and tasks' ports count them."""

    def counted() -> Counter[str]:
        packets = Counter[str]()
        for node in swarmscope.nodes:
            for seen in series(node, "swarmscope_link_transmit_packets_total", namespace="overlay"):
                if seen["network"].startswith("shop_") and seen["device"] == "vxlan0":
                    packets[f"vxlan0 of {seen['network']}"] += int(seen.value)
                if seen["task"].startswith("shop_web."):
                    packets[f"{seen['task']} on {seen['network']}"] += int(seen.value)
        return packets

    before = counted()

    assert len(before) == 3 + 3 * 2  # three overlays; three tasks of `web`, on two of them each
    wait_until(
        lambda: all(now > before[place] for place, now in counted().items()),
        SEEN_WITHIN_SECONDS,
        "every counter moves",
    )


def test_overlays_are_read_as_the_swarm_says(swarmscope: Lab) -> None:
    """VNI, and one static forwarding entry for each remote task or load balancer."""
    inspected = json.loads(swarmscope.docker(swarmscope.manager, "network", "inspect", "shop_app"))
    vni = inspected[0]["Options"]["com.docker.network.driver.overlay.vxlanid_list"]

    for node in swarmscope.nodes:
        assert value(node, "swarmscope_namespaces_unreadable") == 0
        if node.name in _nodes_of(swarmscope, "shop_web"):  # Swarm has the overlay nowhere else
            assert value(node, "swarmscope_vxlan_vni", network="shop_app") == int(vni)
            assert value(node, "swarmscope_fdb_entries", network="shop_app", origin="static") > 0


def test_workers_take_the_topology_from_the_manager(swarmscope: Lab) -> None:
    """And every agent sees the same Swarm."""

    def taken() -> bool:
        return all(
            value(
                node,
                "swarmscope_topology_source",
                source="engine" if node == swarmscope.manager else "agent",
            )
            == 1
            and value(node, "swarmscope_topology_objects", object="nodes") == len(swarmscope.nodes)
            for node in swarmscope.nodes
        )

    wait_until(taken, SEEN_WITHIN_SECONDS, "the workers have the manager's topology")


def test_the_page_for_people_shows_the_results(swarmscope: Lab) -> None:
    """Node, counts, and a row for each probe."""
    page = get(swarmscope.manager, AGENT_PORT, "/")

    assert "Swarmscope on node1" in page
    assert "shop_orders-db" in page


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        (("services",), 0, "shop_api"),
        (("dns", "api", "--from", "shop_web"), 0, "ok"),
        (("dns", "no-such-name", "--from", "shop_web"), 1, "no-such-name"),
        (("http", "http://api/health", "--from", "shop_web"), 0, "200"),
        (("tcp", "api.1:80", "--from", "shop_web"), 0, "connect"),
        (("tcp", "api.1:81", "--from", "shop_web"), 1, "refused"),
        (("icmp", "api.2", "--from", "shop_web"), 0, "ok"),
        (("tcp", "apj:80", "--from", "shop_web"), 1, "did you mean api?"),
        (("tcp", "api:80", "--from", "shop_wed"), 2, "did you mean shop_web?"),
    ],
)
def test_the_probe_command_looks_from_a_service(
    swarmscope: Lab,
    command: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    """On any node, inside the agent's container, by the names that people use."""
    for node in swarmscope.nodes:
        if node.name in _nodes_of(swarmscope, "shop_web"):
            ran = swarmscope.docker(
                node,
                "exec",
                agent_container(swarmscope, node),
                "sh",
                "-c",
                'probe "$@" 2>&1; echo "status $?"',
                "sh",
                *command,
            )
            assert ran.endswith(f"status {status}\n"), ran
            assert said in ran
