import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer.testing

from probes.cli.main import app
from probes.wire import dump_topology
from tests.needs import command as needs_command
from tests.probes.cli.documents import Documents, served
from tests.probes.servers import listener
from tests.probes.wire import PEER_ADDRESS, Wire
from tests.swarms import API, APP, NODE1, NODE2, SHOP, WEB, WEB_1, on

NOT_A_MANAGER = {"message": "This node is not a swarm manager."}
needs_nft = needs_command("nft", "nftables")
CONTAINER_ID = "0123456789abcdef"
#: The shop on the addresses of the wire: the task is web's, the peer is api's.
STACKED = (("com.docker.stack.namespace", "shop"),)
WIRE_APP = replace(APP, subnets=())
WIRED_API = replace(
    API,
    labels=STACKED,
    vips=(replace(on(APP, 20), address=PEER_ADDRESS),),
)
WIRED_SHOP = replace(
    SHOP,
    nodes=(NODE1, NODE2),
    services=(replace(WEB, labels=STACKED), WIRED_API),
    tasks=(WEB_1,),
)


def _engine(netns: str) -> Documents:
    container = {
        "Id": CONTAINER_ID,
        "Name": f"/shop_web.1.{WEB_1.id}",
        "State": {"Running": True},
        "Config": {
            "Labels": {
                "com.docker.swarm.task.id": WEB_1.id,
                "com.docker.swarm.service.id": WEB.id,
                "com.docker.swarm.service.name": WEB.name,
            },
        },
        "NetworkSettings": {"SandboxKey": f"/var/run/docker/netns/{Path(netns).name}"},
    }
    return {
        "/version": (200, {"ApiVersion": "1.41"}),
        "/info": (200, {"Swarm": {"LocalNodeState": "active", "NodeID": "n1"}}),
        "/nodes": (503, NOT_A_MANAGER),
        "/containers/json": (200, [{"Id": CONTAINER_ID}]),
        f"/containers/{CONTAINER_ID}/json": (200, container),
    }


def _probe(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(app, arguments)


@pytest.fixture
def nowhere(tmp_path: Path) -> tuple[str, ...]:
    """Options that lead to no Engine and no agent."""
    return ("--engine", f"unix://{tmp_path}/docker.sock", "--agent", f"{tmp_path}/agent.sock")


@pytest.fixture
def worker(tmp_path: Path, wire: Wire) -> Iterator[tuple[str, ...]]:
    """Options that lead to a worker's Engine, and to an agent that knows the topology."""
    assert wire.task.netns is not None
    engine, agent = tmp_path / "docker.sock", tmp_path / "agent.sock"
    topology: Documents = {"/api/v1/topology": (200, dump_topology(WIRED_SHOP))}
    with served(engine, _engine(wire.task.netns)), served(agent, topology):
        folder = str(Path(wire.task.netns).parent)
        yield ("--engine", f"unix://{engine}", "--agent", str(agent), "--netns-folder", folder)


# --- from the host ---


def test_an_open_port_on_the_host_is_ok(nowhere: tuple[str, ...]) -> None:
    """An address needs no Engine; the look is the agent's, and so is its document."""
    with listener() as sock:
        target = f"127.0.0.1:{sock.getsockname()[1]}"
        shown = _probe(*nowhere, "tcp", target)
        written = _probe(*nowhere, "tcp", target, "--json")

    assert shown.exit_code == written.exit_code == 0
    assert shown.output.startswith(f"ok  tcp  host -> {target}, ")
    whole = json.loads(written.output)
    assert (whole["version"], whole["from"], whole["verdict"]) == (1, "host", "worked")
    ((document,),) = (place["looks"] for place in whole["places"])
    assert (document["outcome"], document["verdict"]) == ("ok", "worked")
    assert document["from"]["name"] == "host"
    assert list(document["phases"]) == ["connect"]
    assert document["resolution"] is None


def test_a_no_of_the_network_is_status_1(nowhere: tuple[str, ...]) -> None:
    """With the reason for a person."""
    with listener() as sock:
        target = f"127.0.0.1:{sock.getsockname()[1]}"

    for command in (("tcp", target), ("http", f"http://{target}/")):
        done = _probe(*nowhere, *command)

        assert done.exit_code == 1
        assert done.output.startswith("refused  ")
        assert f"{target}: Connection refused" in done.output


@pytest.mark.netns
def test_an_echo_from_the_host_is_ok(nowhere: tuple[str, ...]) -> None:
    """Every kind has its command."""
    done = _probe(*nowhere, "icmp", "127.0.0.1")

    assert done.exit_code == 0
    assert done.output.startswith("ok  icmp  host -> 127.0.0.1, ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tcp", "api"), "'api' has no port"),
        (("http", "api:80"), "is no URL"),
        (("icmp", "a/b"), "is no name and no IPv4 address"),
        (("mtu", "a/b"), "is no name and no IPv4 address"),
        (("route", "a/b"), "is no name and no IPv4 address"),
        (("trace", "a/b"), "is no name and no IPv4 address"),
        (("dns", "api", "--server", "resolver"), "is no IPv4 address"),
        (("tcp", "127.0.0.1:1", "--timeout", "2"), "no duration above zero"),
        (("http", "http://127.0.0.1/", "--redirects", "11"), "--redirects"),
        (("upd", "127.0.0.1:1"), "No such command"),
        (("tcp",), "Missing argument"),
    ],
)
def test_wrong_usage_is_status_2(
    nowhere: tuple[str, ...],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """Told before anything is asked or sent."""
    done = _probe(*nowhere, *arguments)

    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("services",),
        ("tcp", "127.0.0.1:1", "--from", "web"),
        ("mtu", "127.0.0.1", "--from", "web"),
        ("route", "127.0.0.1", "--from", "web"),
        ("trace", "127.0.0.1", "--from", "web"),
    ],
)
def test_without_an_engine_one_cannot_look(
    nowhere: tuple[str, ...],
    arguments: tuple[str, ...],
) -> None:
    """Where the Engine must be asked, its silence is no failure of the network."""
    # A process of its own: the SDK leaves a socket to the garbage collector then.
    argv = [sys.executable, "-c", "from probes.cli.main import main; main()", *nowhere, *arguments]

    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("probe: engine unix://")
    assert "docker.sock cannot be asked" in done.stderr


def test_help_does_not_wait_for_what_looks_need() -> None:
    """The libraries of the looks and of the Engine are loaded by the commands that need them."""
    script = (
        "import sys, probes.cli.main; print({'docker', 'dns', 'h11', 'rich'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"


@pytest.mark.parametrize("command", ["dns", "tcp", "icmp", "http", "services"])
def test_every_command_shows_an_example(command: str) -> None:
    """One that can be typed as it stands."""
    done = _probe(command, "--help")

    assert done.exit_code == 0
    assert f"Example: probe {command}" in done.output


# --- from a task, on a worker ---


@pytest.mark.netns
@pytest.mark.parametrize("source", ["web", "shop_web.1", CONTAINER_ID])
def test_a_service_is_looked_at_from_a_task(
    worker: tuple[str, ...],
    wire: Wire,
    source: str,
) -> None:
    """By its VIP on the network that they share, from inside the task's own namespace."""
    with wire.listen() as sock:
        port = sock.getsockname()[1]
        done = _probe(*worker, "tcp", f"api:{port}", "--from", source)

    assert done.exit_code == 0, done.output
    begin = f"ok  tcp  shop_web.1 -> shop_api {PEER_ADDRESS}:{port} on shop_app, "
    assert done.output.startswith(begin)


@pytest.mark.netns
def test_a_document_names_both_ends(worker: tuple[str, ...]) -> None:
    """As the agent's results do."""
    done = _probe(*worker, "icmp", "api", "--from", "web", "--json")

    ((document,),) = (place["looks"] for place in json.loads(done.output)["places"])
    assert document["probe"] == {
        "probe": "icmp",
        "target": "vip",
        "network": "shop_app",
        "source_service": "shop_web",
        "source_node": "",
        "destination_service": "shop_api",
        "destination_node": "",
        "destination_task": "",
        "endpoint": "",
    }
    assert document["outcome"] == "ok"


@pytest.mark.netns
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tcp", "api:1", "--from", "wbe"), "network or node 'wbe'; did you mean web?"),
        (("tcp", "api:1", "--from", "api"), "no task of api runs on this node, or anywhere"),
        (("tcp", "api:1"), "api is on shop_app, shop_data, and the host is not"),
    ],
)
def test_what_cannot_be_looked_at_is_status_2(
    worker: tuple[str, ...],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """With what may have been meant, and where to look instead."""
    done = _probe(*worker, *arguments)

    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.netns
def test_services_are_listed_on_a_worker(worker: tuple[str, ...]) -> None:
    """The agent tells what the Engine of a worker does not."""
    done = _probe(*worker, "services")

    assert done.exit_code == 0
    assert [line.split() for line in done.output.splitlines()] == [
        ["SERVICE", "NAME", "NETWORKS", "PORTS", "TASKS", "HERE"],
        ["shop_api", "api", "shop_app", f"{PEER_ADDRESS},", "shop_data", "0"],
        ["shop_web", "web", "shop_app", "10.0.1.10", "80", "1", "shop_web.1"],
    ]


@pytest.mark.netns
def test_a_worker_without_an_agent_knows_no_names(worker: tuple[str, ...]) -> None:
    """It says who would."""
    without = (*worker, "--agent", "/nonexistent/agent.sock")

    done = _probe(*without, "tcp", "api:1", "--from", "web")

    assert done.exit_code == 3
    assert "this node is no manager, and the agent at /nonexistent/agent.sock cannot" in done.output


@pytest.mark.netns
def test_a_namespace_that_is_gone_is_status_3(worker: tuple[str, ...], wire: Wire) -> None:
    """We could not look, so nothing is said of the network."""
    wire.vanish()

    done = _probe(*worker, "tcp", "192.0.2.1:1", "--from", "web")

    assert done.exit_code == 3
    assert done.output.startswith("vanished  ")


# --- the way ---


@pytest.mark.netns
def test_the_way_to_a_service_is_found_by_its_name(worker: tuple[str, ...]) -> None:
    """Its width, its route and its hops, each as one document."""
    documents = {}
    for command in ("mtu", "route", "trace"):
        done = _probe(*worker, command, "shop_api", "--from", "shop_web", "--json")
        assert done.exit_code == 0, done.output
        ((documents[command],),) = (place["looks"] for place in json.loads(done.output)["places"])

    for document in documents.values():
        assert (document["version"], document["verdict"]) == (1, "worked")
        assert document["look"]["address"] == str(PEER_ADDRESS)
        assert document["beneath"] is None
    assert documents["mtu"]["observed"]["largest_bytes"] == 1500
    assert ["device", "eth0"] in documents["route"]["observed"]["told"]
    (hop,) = documents["trace"]["observed"]["hops"]
    assert (hop["address"], hop["lost"], len(hop["round_trips"])) == (str(PEER_ADDRESS), 0, 3)


@pytest.mark.netns
@needs_nft
def test_a_way_that_is_narrow_is_status_1(worker: tuple[str, ...], wire: Wire) -> None:
    """With the size at which it breaks."""
    wire.rule(wire.peer, "input", "meta length > 1400 drop")

    done = _probe(*worker, "mtu", "shop_api", "--from", "shop_web")

    assert done.exit_code == 1, done.output
    assert done.output.startswith("narrow  sweep  shop_web.1 -> shop_api 10.78.0.2 on ")
    assert "1400 of 1500 bytes pass: what is larger is dropped without a word" in done.output


@pytest.mark.netns
@needs_nft
def test_a_way_that_is_lost_is_status_1(worker: tuple[str, ...], wire: Wire) -> None:
    """Each step that nobody answered is shown."""
    wire.rule(wire.peer, "input", "drop")

    done = _probe(*worker, "trace", "shop_api", "--from", "shop_web")

    assert done.exit_code == 1, done.output
    assert "the way is lost on the first step, or it answers no echo" in done.output
    assert [line.split()[:2] for line in done.output.splitlines() if " hop " in line] == [
        ["hop", "1"],
        ["hop", "2"],
        ["hop", "3"],
    ]


@pytest.mark.netns
def test_where_no_route_leads_is_status_1(worker: tuple[str, ...], wire: Wire) -> None:
    """The kernel's own no."""
    wire.ip("route add prohibit 192.0.2.0/24")

    done = _probe(*worker, "route", "192.0.2.1", "--from", "shop_web")

    assert done.exit_code == 1, done.output
    assert "no route to 192.0.2.1: a route of type prohibit leads there" in done.output
