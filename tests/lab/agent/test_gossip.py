"""Does every agent learn what only the agent on another node can see?"""

import json
from pathlib import Path

import pytest

from probes.model.topology import NodeReport, Topology
from probes.wire import load_topology
from tests.lab import engine_api
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.usage import agent_pid
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

#: A change settles in 20 s; then it is asked about, told, and fetched.
TOLD_WITHIN_SECONDS = 60


def _topology(lab: Lab, node: Node) -> Topology:
    """Ask the node's agent over its Unix socket, where no token is needed."""
    socket = Path(f"/proc/{agent_pid(lab, node)}/root/run/swarmscope/agent.sock")
    return load_topology(json.dumps(engine_api.get(socket, "/api/v1/topology")).encode())


def _reports(topology: Topology) -> dict[str, NodeReport]:
    names = {node.id: node.name for node in topology.nodes}
    return {names[report.node_id]: report for report in topology.reports}


def _balancers(lab: Lab) -> dict[str, dict[str, str]]:
    """Ask Docker itself: node -> network id -> the address of the load balancer there."""
    found: dict[str, dict[str, str]] = {}
    for node in lab.nodes:
        listed = lab.docker(node, "network", "ls", "--filter=driver=overlay", "--format={{.Name}}")
        inspected = json.loads(lab.docker(node, "network", "inspect", *listed.split()))
        found[node.name] = {
            network["Id"]: entry["IPv4Address"].partition("/")[0]
            for network in inspected
            for key, entry in (network["Containers"] or {}).items()
            if key.startswith("lb-") or key == "ingress-sbox"
        }
    return found


def test_every_node_tells_its_vtep_and_its_balancers(swarmscope: Lab) -> None:
    """Of each overlay that it takes part in, the ingress too; every agent knows all of them."""
    expected = _balancers(swarmscope)
    vteps = {node.name: str(node.address) for node in swarmscope.nodes}
    assert all(expected.values())

    def told(node: Node) -> bool:
        reports = _reports(_topology(swarmscope, node))
        found = {
            name: {item.network_id: str(item.address) for item in report.balancers}
            for name, report in reports.items()
        }
        if found != expected:
            raise LabError(f"{node.name} knows {found}, not {expected}")
        return {name: str(report.vtep) for name, report in reports.items()} == vteps

    for node in swarmscope.nodes:
        wait_until(
            lambda node=node: told(node),  # type: ignore[misc]
            TOLD_WITHIN_SECONDS,
            f"the agent on {node.name} knows every balancer and VTEP",
        )


def _agreed(lab: Lab, network: str) -> int:
    """Give the number of endpoints that all nodes which take part agree on; LabError if not."""
    topology = _topology(lab, lab.manager)
    [network_id] = [item.id for item in topology.networks if item.name == network]
    running = [
        task
        for task in topology.tasks
        if task.running and network_id in {item.network_id for item in task.addresses}
    ]
    names = {node.id: node.name for node in topology.nodes}
    digests = {
        name: digest
        for name, report in _reports(topology).items()
        for digest in report.views
        if digest.network_id == network_id
    }
    if set(digests) != {names[task.node_id] for task in running}:
        raise LabError(f"digests of {network} come from {sorted(digests)}")
    if len(set(digests.values())) != 1:
        raise LabError(f"the nodes do not agree: {digests}")
    [digest] = set(digests.values())
    if digest.endpoints != len(running):
        raise LabError(f"{digest.endpoints} endpoints are known, {len(running)} tasks run")
    assert {str(peer) for peer in digest.peers} == {
        str(node.address) for node in topology.nodes if node.name in digests
    }
    return digest.endpoints


def test_nodes_that_take_part_agree_on_a_network(swarmscope: Lab) -> None:
    """And again after a change: on one task more, and on one less."""
    lab = swarmscope
    before = wait_until(
        lambda: _agreed(lab, "shop_app"), TOLD_WITHIN_SECONDS, "the nodes agree on shop_app"
    )
    try:
        lab.docker(lab.manager, "service", "scale", "--detach", "shop_web=4")
        wait_until(
            lambda: _agreed(lab, "shop_app") == before + 1,
            TOLD_WITHIN_SECONDS,
            "the nodes agree on the new task",
        )
    finally:
        lab.docker(lab.manager, "service", "scale", "--detach", "shop_web=3")
    wait_until(
        lambda: _agreed(lab, "shop_app") == before,
        TOLD_WITHIN_SECONDS,
        "the nodes agree that it is gone",
    )


def test_a_container_that_a_person_started_is_told(swarmscope: Lab) -> None:
    """The Swarm API knows nothing of it; its address is in every node's tables all the same."""
    lab, node = swarmscope, swarmscope.nodes[-1]
    network = lab.docker(
        lab.manager, "network", "create", "--driver=overlay", "--attachable", "visited"
    ).strip()
    try:
        container = lab.docker(
            node, "run", "--detach", "--network=visited", "alpine:3.20", "sleep", "600"
        ).strip()
        try:
            address = lab.docker(
                node,
                "inspect",
                "--format={{.NetworkSettings.Networks.visited.IPAddress}}",
                container,
            ).strip()
            assert _told_containers(lab, node, network, {address})
        finally:
            lab.docker(node, "rm", "--force", container)
    finally:
        wait_until(
            lambda: lab.docker(lab.manager, "network", "rm", network),
            30,
            "its network goes with it",
        )
    assert _told_containers(lab, node, network, set())


def _told_containers(lab: Lab, node: Node, network: str, expected: set[str]) -> bool:
    def told() -> bool:
        report = _reports(_topology(lab, lab.manager))[node.name]
        found = {str(item.address) for item in report.containers if item.network_id == network}
        return found == expected

    return wait_until(told, 2 * TOLD_WITHIN_SECONDS, f"{expected} is told of {node.name}")
