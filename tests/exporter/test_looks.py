"""Do agents take looks for each other, within bounds, and tell who could not?

Real servers on loopback, one address a node, that ask each other as agents do.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from exporter.looks import Looks
from exporter.peers import PeerError, Peers
from exporter.view import Source, View
from exporter.web.app import make_app
from probes.looks.asking import LOOK_PATH, Answer, Asked
from probes.looks.errors import CannotLookError, UsageError
from probes.looks.wants import IcmpWant, TcpWant
from probes.looks.wire import dump_asked, load_answers
from probes.model.local import LocalTask
from probes.model.result import Outcome
from probes.model.topology import Node, Topology
from probes.model.vantage import Vantage, VantageKind
from probes.swarm.membership import Membership
from tests.probes.servers import listener
from tests.swarms import API_1, API_2, DB_1, SHOP, WEB_1, local
from tests.waiting import until

TOKEN = "secret"
NODES = tuple(
    replace(node, address=IPv4Address(f"127.0.0.{number}"))
    for number, node in enumerate(SHOP.nodes, start=1)
)
IN_STACK = (("com.docker.stack.namespace", "shop"),)
SWARM = replace(
    SHOP,
    nodes=NODES,
    services=tuple(replace(service, labels=IN_STACK) for service in SHOP.services),
)


def _local(*tasks: LocalTask) -> tuple[LocalTask, ...]:
    """Let the tasks stand in our own namespace, under names as Docker gives them."""
    return tuple(
        replace(
            task,
            netns=None,
            container_name=f"{task.container_name.removeprefix('s-')}.{task.task_id}",
        )
        for task in tasks
    )


HERE = {
    "node1": _local(local(WEB_1), local(API_1)),
    "node2": _local(local(API_2)),
    "node3": _local(local(DB_1)),
}


def view_of(node: Node, topology: Topology = SWARM) -> View:
    """Make what a node's agent believes."""
    membership = Membership(node_id=node.id, address=node.address, manager=True, managers=())
    return View(
        source=Source.ENGINE,
        topology=topology,
        version="1",
        membership=membership,
        local=HERE[node.name],
    )


@dataclass
class Agent:
    """What the page of looks needs of an agent."""

    looks: Looks
    token: str = TOKEN
    front = states = meshes = doctor = None


@dataclass(frozen=True)
class Fleet:
    """The agents at work, by their nodes' names."""

    looks: dict[str, Looks]
    servers: dict[str, TestServer]
    views: dict[str, View]

    def url(self, node: str) -> str:
        """Give the address of a node's page."""
        return str(self.servers[node].make_url(LOOK_PATH))


@pytest.fixture
async def fleet(unused_tcp_port: int, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Start an agent for each node, all with one token."""
    fleet = Fleet({}, {}, {node.name: view_of(node) for node in NODES})
    async with Peers(unused_tcp_port, lambda: TOKEN) as peers:
        for node in NODES:
            looks = Looks(_view(fleet, node.name), tmp_path, peers)
            fleet.looks[node.name] = looks
            app = make_app(Agent(looks))  # type: ignore[arg-type]
            server = TestServer(app, host=str(node.address), port=unused_tcp_port)
            fleet.servers[node.name] = server
            await server.start_server()
        yield fleet
        for server in fleet.servers.values():
            await server.close()


def _view(fleet: Fleet, node: str) -> Callable[[], View]:
    return lambda: fleet.views[node]


def _asked(target: str, source: str, *, here: bool = False) -> Asked:
    return Asked(want=TcpWant(target=target), source=source, timeout_seconds=1.0, here=here)


def _told(answers: tuple[Answer, ...]) -> list[tuple[str, str, Outcome]]:
    return [
        (answer.node, result.probe.vantage.name, result.outcome)
        for answer in answers
        for result in [answer.report and answer.report.result]
        if result
    ]


async def test_all_nodes_look_from_where_they_stand(fleet: Fleet) -> None:
    """Each names itself; an address outside the overlays is looked at from the hosts."""
    with listener() as sock:
        target = f"127.0.0.1:{sock.getsockname()[1]}"
        answers = await fleet.looks["node2"].look(_asked(target, "all"))

    expected = [(node.name, "host", Outcome.OK) for node in NODES]
    assert _told(answers) == expected
    reports = [answer.report for answer in answers if answer.report]
    assert [item.result.probe.id.source_node for item in reports] == ["node1", "node2", "node3"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("node3", ("node3", "host")),
        ("db", ("node3", "shop_db.1")),
        ("node2:api", ("node2", "shop_api.2")),
        ("web", ("node1", "shop_web.1")),
    ],
)
async def test_the_right_node_is_asked(
    fleet: Fleet, source: str, expected: tuple[str, str]
) -> None:
    """From any node, by the names in use."""
    with listener() as sock:
        target = f"127.0.0.1:{sock.getsockname()[1]}"
        answers = await fleet.looks["node1"].look(_asked(target, source))

    assert _told(answers) == [(*expected, Outcome.OK)]


async def test_each_node_with_a_task_looks_from_it(fleet: Fleet) -> None:
    """And a closed port is what each of them saw."""
    with listener() as sock:
        target = f"127.0.0.1:{sock.getsockname()[1]}"

    answers = await fleet.looks["node3"].look(_asked(target, "all:api"))

    assert _told(answers) == [
        ("node1", "shop_api.1", Outcome.REFUSED),
        ("node2", "shop_api.2", Outcome.REFUSED),
    ]


async def test_an_agent_that_does_not_answer_is_named(fleet: Fleet) -> None:
    """With the reason, while the others are shown; a node that is down is not waited for."""
    await fleet.servers["node2"].close()
    down = replace(NODES[2], state="down")
    fleet.views["node1"] = view_of(NODES[0], replace(SWARM, nodes=(*NODES[:2], down)))
    with listener() as sock:
        target = f"127.0.0.1:{sock.getsockname()[1]}"
        answers = await fleet.looks["node1"].look(_asked(target, "all"))

    assert _told(answers) == [("node1", "host", Outcome.OK)]
    silent = {answer.node: answer.why for answer in answers if not answer.report}
    assert silent["node2"].startswith("agent on 127.0.0.2: ")
    assert silent["node3"] == "Swarm says that the node is down"
    assert not any(answer.pointless for answer in answers)


async def test_what_makes_no_sense_on_a_node_is_told_so(fleet: Fleet) -> None:
    """It shares no network with the target: nothing is wrong with the node."""
    answers = await fleet.looks["node1"].look(_asked("db:5432", "all:host"))

    assert [(answer.node, answer.pointless) for answer in answers] == [
        ("node1", True),
        ("node2", True),
        ("node3", True),
    ]
    assert "db is on shop_data, and the host is not" in answers[1].why


@pytest.mark.parametrize(
    ("target", "source", "message"),
    [
        ("api", "all", "'api' has no port"),
        ("127.0.0.1:1", "node9:api", "there is no node 'node9'"),
        ("127.0.0.1:1", "apo", "network 'apo'; did you mean api"),
    ],
)
async def test_what_nobody_could_look_at_is_refused_at_once(
    fleet: Fleet, target: str, source: str, message: str
) -> None:
    """No other node is asked."""
    with pytest.raises(UsageError, match=message):
        await fleet.looks["node1"].look(_asked(target, source))


async def test_without_a_topology_nobody_can_be_found(fleet: Fleet) -> None:
    """It comes in a moment."""
    fleet.views["node1"] = View()

    with pytest.raises(CannotLookError, match="knows no topology yet"):
        await fleet.looks["node1"].look(_asked("127.0.0.1:1", "all"))


async def test_an_overlay_without_a_balancer_here_is_told(fleet: Fleet) -> None:
    """With where to look from instead."""
    answers = await fleet.looks["node1"].look(_asked("10.0.1.21:80", "shop_app"))

    ((node, why, pointless),) = [(item.node, item.why, item.pointless) for item in answers]
    assert (node, pointless) == ("node1", True)
    assert "shop_app has no balancer on this node" in why


@pytest.mark.netns
async def test_an_overlay_is_looked_from_at_its_balancer(fleet: Fleet, tmp_path: Path) -> None:
    """Which has an address of its own there; the bridge's is the same on every node."""
    (tmp_path / "lb_app000000").symlink_to("/proc/self/ns/net")
    (tmp_path / "1-app0000000").symlink_to("/proc/self/ns/net")
    with listener() as sock:
        target = f"127.0.0.1:{sock.getsockname()[1]}"
        ((answer),) = await fleet.looks["node1"].look(_asked(target, "shop_app"))

    assert answer.report is not None
    assert answer.report.result.outcome is Outcome.OK
    expected = Vantage(
        kind=VantageKind.LOAD_BALANCER, name="shop_app", netns=str(tmp_path / "lb_app000000")
    )
    assert answer.report.result.probe.vantage == expected
    (names,) = await fleet.looks["node1"].look(_asked("example.org:80", "shop_app"))
    assert "shop_app has no resolver" in names.why


# --- within bounds ---


class Waiting:
    """Other agents that answer when they are told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def post(
        self, address: IPv4Address, path: str, body: bytes, within_seconds: float
    ) -> bytes:
        """Wait, then fail."""
        self.asked += 1
        await self.go.wait()
        raise PeerError(f"{address}{path} {len(body)} {within_seconds}")


async def test_so_many_looks_are_passed_on_at_once_and_no_more(tmp_path: Path) -> None:
    """Who comes too much is told at once, and a place is free again when one is done."""
    others = Waiting()
    looks = Looks(lambda: view_of(NODES[0]), tmp_path, others)
    asked = _asked("127.0.0.1:1", "node2")
    under_way = [asyncio.create_task(looks.look(asked)) for _ in range(4)]
    await until(lambda: others.asked == len(under_way))

    with pytest.raises(CannotLookError, match="no more looks at once"):
        await looks.look(asked)

    others.go.set()
    for (answer,) in await asyncio.gather(*under_way):
        assert answer.why.startswith(f"127.0.0.2{LOOK_PATH}")
    assert len(await looks.look(asked)) == 1


async def test_so_many_looks_are_taken_at_once_and_no_more(tmp_path: Path) -> None:
    """Beside the agent's own probes; the rest could not look."""
    looks = Looks(lambda: view_of(NODES[0]), tmp_path, Waiting())
    with listener() as sock:
        asked = _asked(f"127.0.0.1:{sock.getsockname()[1]}", "host", here=True)
        answers = await asyncio.gather(*(looks.look(asked) for _ in range(12)))

    looked = [answer for (answer,) in answers if answer.report]
    assert len(looked) == 8
    busy = {answer.why for (answer,) in answers if not answer.report}
    assert busy == {"this agent takes no more looks at once: try again in a moment"}


# --- over HTTP ---


async def _post(url: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        return response.status, await response.read()


AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("headers", [None, {"Authorization": "Bearer wrong"}])
async def test_without_the_token_nobody_looks(fleet: Fleet, headers: dict[str, str] | None) -> None:
    """It makes the agent send, from where the services stand."""
    body = dump_asked(_asked("127.0.0.1:1", "host", here=True))

    status, text = await _post(fleet.url("node1"), body, headers)

    assert status == 403
    assert b"token" in text or b"Authorization" in text


async def test_an_agent_without_a_token_takes_no_look_even_from_its_own_machine(
    unused_tcp_port: int, tmp_path: Path
) -> None:
    """A page in a browser could send one there."""
    looks = Looks(lambda: view_of(NODES[0]), tmp_path, Waiting())
    app = make_app(Agent(looks, token=""))  # type: ignore[arg-type]
    async with TestServer(app, port=unused_tcp_port) as server:
        body = dump_asked(_asked("127.0.0.1:1", "host", here=True))
        status, text = await _post(str(server.make_url(LOOK_PATH)), body)

    assert (status, b"no token is configured" in text) == (403, True)


async def test_a_look_is_served(fleet: Fleet) -> None:
    """As a document, which the other side reads again."""
    want = IcmpWant(target="no/name")
    with listener() as sock:
        asked = _asked(f"127.0.0.1:{sock.getsockname()[1]}", "host", here=True)
        status, body = await _post(fleet.url("node2"), dump_asked(asked), AUTHORIZED)
    refused = await _post(
        fleet.url("node2"), dump_asked(replace(asked, want=want, here=False)), AUTHORIZED
    )

    assert status == 200
    assert _told(load_answers(body)) == [("node2", "host", Outcome.OK)]
    assert refused == (400, b"'no/name' is no name and no IPv4 address\n")


@pytest.mark.parametrize("body", [b"", b'{"version": 1, "type": "shell"}', b"\xff"])
async def test_what_is_no_question_is_refused(fleet: Fleet, body: bytes) -> None:
    """In plain text, and nothing is looked at."""
    status, text = await _post(fleet.url("node1"), body, AUTHORIZED)

    assert status == 400
    assert text.endswith(b"\n")


async def test_while_there_is_no_topology_a_look_is_unavailable(fleet: Fleet) -> None:
    """The caller may try again."""
    fleet.views["node1"] = View()
    body = dump_asked(_asked("127.0.0.1:1", "all"))

    assert (await _post(fleet.url("node1"), body, AUTHORIZED))[0] == 503
