"""The lab itself: it comes up, shows what a Swarm shows, breaks, and leaves nothing behind."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import engine, engine_api, processes
from tests.lab.conftest import REPOSITORY, SHAPE, Stack
from tests.lab.containers import container_of
from tests.lab.errors import CommandError, LabError
from tests.lab.lab import Lab, Shape
from tests.lab.layout import Layout
from tests.lab.wait import at_once, wait_until

pytestmark = pytest.mark.lab

SHOP_FILE = REPOSITORY / "deploy/examples/shop.yml"

#: Gossip's port: every node of a Swarm listens on it.
GOSSIP_PORT = 7946


STACK = """
version: "3.8"
services:
  server:
    image: traefik/whoami:v1.10
    deploy: {endpoint_mode: dnsrr, placement: {constraints: [node.hostname == node3]}}
  client:
    image: alpine:3.20
    command: [sh, -c, "trap exit TERM; sleep 1d & wait"]
    deploy: {placement: {constraints: [node.hostname == node2]}}
"""


def command(*args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "tests.lab", *args]
    return subprocess.run(
        argv, check=False, capture_output=True, text=True, cwd=REPOSITORY, timeout=60
    )


def reaches(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def test_up_again_changes_nothing(lab: Lab) -> None:
    """A lab that is up in the wanted shape keeps its engines."""
    before = [engine.pid(node) for node in lab.nodes]
    said: list[str] = []

    Lab(say=said.append).up(SHAPE)

    assert said == [f"already up: {SHAPE}"]
    assert [engine.pid(node) for node in lab.nodes] == before


def test_another_shape_is_refused_while_one_is_up(lab: Lab) -> None:
    """Nobody loses a Swarm to a wrong figure."""
    with pytest.raises(LabError, match="up already, but as 3 nodes"):
        lab.up(Shape(nodes=2))


def test_a_second_lab_is_refused(lab: Lab, tmp_path: Path) -> None:
    """There is one fabric on a machine, so another folder's lab is not swept away."""
    with pytest.raises(LabError, match="knows nothing of: set SWARM_LAB_STATE"):
        Lab(Layout(tmp_path)).up(SHAPE)
    assert not lab.complaints()


def test_every_node_is_a_ready_member_of_one_swarm(lab: Lab) -> None:
    """The manager knows each by its name and its address."""
    rows = engine_api.get(lab.manager.socket, "/nodes")

    known = {row["Description"]["Hostname"]: row["Status"] for row in rows}
    assert {name: status["State"] for name, status in known.items()} == {
        "node1": "ready",
        "node2": "ready",
        "node3": "ready",
    }
    assert {status["Addr"] for status in known.values()} == {
        str(node.address) for node in lab.nodes
    }


def test_this_machine_reaches_every_node(lab: Lab) -> None:
    """A browser or a Prometheus on this machine can be pointed at a node's address."""
    assert all(reaches(str(node.address), GOSSIP_PORT) for node in lab.nodes)


def test_a_command_runs_in_the_nodes_own_namespaces(lab: Lab) -> None:
    """Name, address, and file system are the node's, not this machine's."""
    node = lab.nodes[1]

    assert lab.exec(node, "hostname").strip() == "node2"
    assert str(node.address) in lab.exec(node, "ip", "-brief", "address", "show", "eth0")
    assert "docker.sock" in lab.exec(node, "ls", "/var/run")
    spaces = [f"/proc/self/ns/{kind}" for kind in ("net", "mnt", "uts")]
    outside = [str(Path(space).readlink()) for space in spaces]
    inside = lab.exec(node, "readlink", *spaces).split()
    assert len(inside) == len(spaces)
    assert set(inside).isdisjoint(outside)


@pytest.mark.usefixtures("lab")
def test_the_command_line_hands_on_words_and_status() -> None:
    """What runs on a node has its own options, folder and exit status."""
    done = command("exec", "node1", "--", "sh", "-c", "pwd; exit 7")

    assert (done.returncode, done.stdout.strip()) == (7, str(REPOSITORY))


def test_containers_see_namespaces_made_later(lab: Lab) -> None:
    """Docker takes an `rslave` bind below /run only if each mount on /run is shared."""
    for node in lab.nodes:
        mounts = lab.exec(node, "cat", "/proc/self/mountinfo").splitlines()
        on_run = [line for line in mounts if line.split()[4] == "/run"]
        assert on_run
        assert all("shared:" in line for line in on_run)


def test_a_node_that_is_not_there_is_named(lab: Lab) -> None:
    """With those that are."""
    with pytest.raises(LabError, match="no node 'node9': there are node1, node2, node3"):
        lab.node("node9")


@pytest.mark.usefixtures("shop_images")
def test_the_example_application_runs_as_it_is_written(lab: Lab, stack: Stack) -> None:
    """Unmodified, on stand-ins that answer where the public images do."""
    stack(SHOP_FILE, "shop")

    questions = (
        ("shop_gateway", "GET / HTTP/1.0\\r\\n\\r\\n", 8080, "200 OK"),
        ("shop_web", "GET / HTTP/1.0\\r\\n\\r\\n", 80, "200 OK"),
        ("shop_api", "GET /health HTTP/1.0\\r\\n\\r\\n", 80, "200 OK"),
        ("shop_cache", "PING\\r\\n", 6379, "+PONG"),
        ("shop_orders-db", "hello\\n", 5432, "hello"),
    )

    def ask(question: tuple[str, str, int, str]) -> str:
        service, request, port, _ = question
        node, container = container_of(lab, service)
        # The pause holds the connection open: not every server answers after the last byte.
        words = f"(printf '{request}'; sleep 1) | nc 127.0.0.1 {port}"
        return lab.docker(node, "exec", container, "sh", "-c", words)

    answers = at_once(ask, questions)

    for (service, _, _, wanted), answer in zip(questions, answers, strict=True):
        assert wanted in answer, service


@pytest.mark.usefixtures("shop_images")
def test_services_reach_each_other_across_nodes(lab: Lab, stack: Stack) -> None:
    """Through Docker's own DNS and VXLAN: a dnsrr name leads to tasks on other nodes."""
    stack(STACK, "pair")
    node, container = container_of(lab, "pair_client")

    ask = "printf 'GET /health HTTP/1.0\\r\\n\\r\\n' | nc -w 2 server 80"
    answer = wait_until(
        lambda: lab.docker(node, "exec", container, "sh", "-c", ask), 10, "the server answers"
    )
    assert "200 OK" in answer

    server_node, _ = container_of(lab, "pair_server")
    assert server_node != node
    overlay = lab.docker(lab.manager, "network", "inspect", "-f={{.ID}}", "pair_default").strip()
    rows = lab.netns(node, f"1-{overlay[:4]}", "bridge", "fdb", "show", "dev", "vxlan0")
    assert f"dst {server_node.address}" in rows
    assert "127.0.0.11" in lab.netns(node, container, "nft", "list", "ruleset")


@pytest.mark.usefixtures("shop_images")
def test_a_removed_stack_is_gone_everywhere(lab: Lab, tmp_path: Path) -> None:
    """Its containers and networks, on every node, when the call returns."""
    file = tmp_path / "pair.yml"
    file.write_text(STACK)
    lab.deploy(file, "pair")

    lab.remove("pair")

    for node in lab.nodes:
        assert lab.docker(node, "ps", "--all", "--quiet", "--filter=name=pair_") == ""
        assert "pair" not in lab.docker(node, "network", "ls")


def test_a_cut_node_is_out_of_reach_until_it_rejoins(lab: Lab) -> None:
    """Its cable is pulled; its Engine lives on."""
    node = lab.nodes[2]

    lab.cut(node)
    try:
        assert not reaches(str(node.address), GOSSIP_PORT)
        assert engine.pid(node) is not None
    finally:
        lab.rejoin(node)

    wait_until(lambda: reaches(str(node.address), GOSSIP_PORT), 5, "node3 can be reached again")
    wait_until(lambda: not lab.complaints(), 60, "all nodes are ready again")


@pytest.mark.usefixtures("shop_images")
def test_a_stopped_node_comes_back_with_its_disk(lab: Lab, stack: Stack) -> None:
    """Nothing of it runs while it is down; afterwards its tasks run again."""
    stack(STACK, "pair")
    node = lab.nodes[2]

    lab.stop_engine(node)
    assert processes.in_cgroup(node.cgroup) == set()
    assert lab.complaints() == ["node3 has no dockerd"]
    lab.start_engine(node)

    wait_until(lambda: not lab.complaints(), 60, "node3 is ready again")
    wait_until(lambda: container_of(lab, "pair_server")[0] == node, 60, "its task runs again")


def test_the_docker_commands_failure_is_shown(lab: Lab) -> None:
    """With the Engine's own words."""
    with pytest.raises(CommandError, match="no-such-service"):
        lab.docker(lab.manager, "service", "inspect", "no-such-service")
