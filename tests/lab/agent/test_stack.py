"""The shipped stack deploys on a real Swarm as it stands, with the rights that it asks for."""

import json
from typing import Any

import pytest

from tests.lab import swarmscope as shipped
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.showcase import SHOP
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

#: Bits of the kernel's include/uapi/linux/capability.h.
NET_ADMIN, NET_RAW, SYS_ADMIN = 1 << 12, 1 << 13, 1 << 21


def inspected(lab: Lab, node: Node) -> dict[str, Any]:
    shown = json.loads(lab.docker(node, "inspect", shipped.agent_container(lab, node)))
    container: dict[str, Any] = shown[0]
    return container


def test_the_agents_have_the_rights_that_the_stack_asks_for(swarmscope: Lab) -> None:
    """Swarm honours each of them: three capabilities, nothing to write on, the node's network."""
    for node in swarmscope.nodes:
        container = shipped.agent_container(swarmscope, node)
        status = swarmscope.docker(node, "exec", container, "cat", "/proc/1/status")
        held = dict(line.split(":", 1) for line in status.splitlines())

        host = inspected(swarmscope, node)["HostConfig"]

        assert int(held["CapEff"], 16) == NET_ADMIN | NET_RAW | SYS_ADMIN
        assert int(held["CapBnd"], 16) == NET_ADMIN | NET_RAW | SYS_ADMIN
        assert host["ReadonlyRootfs"] is True
        assert host["NetworkMode"] == "host"
        assert host["Privileged"] is False


def test_an_agent_sees_namespaces_that_came_after_it(swarmscope: Lab) -> None:
    """The folder's bind is a slave: what the Engine mounts there later appears in it."""
    node = swarmscope.manager
    container = shipped.agent_container(swarmscope, node)
    listing = ("exec", container, "ls", "/var/run/docker/netns")
    before = set(swarmscope.docker(node, *listing).split())

    new = swarmscope.docker(
        node, "run", "--detach", "--rm", "--network=none", "alpine:3.20", "sleep", "60"
    )
    try:
        key = "--format={{.NetworkSettings.SandboxKey}}"
        sandbox = swarmscope.docker(node, "inspect", key, new.strip()).strip().rpartition("/")[2]
        after = set(swarmscope.docker(node, *listing).split())
    finally:
        swarmscope.docker(node, "rm", "--force", new.strip())

    assert sandbox in after - before


def test_the_agents_become_healthy(swarmscope: Lab) -> None:
    """The image's own check passes, at the pace that the stack asks for."""

    def states() -> set[str]:
        return {
            inspected(swarmscope, node)["State"]["Health"]["Status"] for node in swarmscope.nodes
        }

    wait_until(lambda: states() == {"healthy"}, 60, "every agent is healthy")

    check = inspected(swarmscope, swarmscope.manager)["Config"]["Healthcheck"]
    assert check["Test"][-1] == "/run/swarmscope/agent.sock"
    assert check["Interval"] == 20 * 10**9


def test_an_agent_answers_as_the_stack_s_service(swarmscope: Lab) -> None:
    """It was told its own service's name, and read its configuration and its token."""
    node = swarmscope.manager
    container = shipped.agent_container(swarmscope, node)
    told = swarmscope.docker(node, "exec", container, "printenv", "SWARMSCOPE_SERVICE")
    checked = swarmscope.docker(
        node,
        "exec",
        container,
        "swarmscope-agent",
        "--config=/etc/swarmscope/agent.yml",
        "--check-config",
    )
    secret = swarmscope.docker(node, "exec", container, "cat", "/run/secrets/swarmscope_token")

    assert told == "swarmscope_agent\n"
    assert "is good" in checked
    assert len(secret) == 64


def test_prometheus_scrapes_every_agent_under_its_node_s_name(swarmscope: Lab) -> None:
    """The nodes are found by asking Swarm; `node` is the host name."""
    shipped.wait_until_scraped(swarmscope)

    assert shipped.scraped_nodes(swarmscope) == ["node1", "node2", "node3"]


def test_prometheus_finds_alertmanager_over_the_underlay(swarmscope: Lab) -> None:
    """Alerts go to the port on the node itself, past the overlays that they may be about."""
    manager = swarmscope.manager
    expected = f"http://{manager.address}:{shipped.ALERTMANAGER_PORT}/api/v2/alerts"

    def active() -> list[str]:
        page = shipped.get(manager, shipped.PROMETHEUS_PORT, "/api/v1/alertmanagers")
        return [item["url"] for item in json.loads(page)["data"]["activeAlertmanagers"]]

    wait_until(lambda: active() == [expected], 60, "Prometheus knows Alertmanager's address")


def test_the_cluster_s_name_leaves_with_every_alert(swarmscope: Lab) -> None:
    """Prometheus fills it in from the stack's environment."""
    page = shipped.get(swarmscope.manager, shipped.PROMETHEUS_PORT, "/api/v1/status/config")

    assert "cluster: swarm\n" in json.loads(page)["data"]["yaml"]


def test_a_drained_node_is_not_missed(swarmscope: Lab) -> None:
    """Swarm takes the agent off it, so nobody is told that it is down."""
    drained = swarmscope.nodes[-1]

    def watched() -> set[str]:
        page = shipped.get(swarmscope.manager, shipped.PROMETHEUS_PORT, "/api/v1/targets")
        labels = [target["labels"] for target in json.loads(page)["data"]["activeTargets"]]
        return {each["node"] for each in labels if each["job"] == "swarmscope"}

    swarmscope.docker(swarmscope.manager, "node", "update", "--availability=drain", drained.name)
    try:
        wait_until(lambda: watched() == {"node1", "node2"}, 60, "its target is gone")
    finally:
        swarmscope.docker(
            swarmscope.manager, "node", "update", "--availability=active", drained.name
        )

    wait_until(lambda: drained.name in watched(), 60, "its target is back")
    # Swarm gives a node that comes back no tasks of its own accord.
    swarmscope.remove("shop")
    swarmscope.deploy(SHOP, "shop")
