"""Do agents help each other explain, within bounds, and refuse what is no question?

On the wire the task is web's; the peer at its other end stands for the node.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.audit import Observed
from exporter.explain import CannotExplainError, Explainer
from exporter.peers import EXPLAIN_PATH, FAR_PATH, PeerError
from exporter.questions import (
    FarQuestion,
    read_far_question,
    read_question,
    write_far_question,
    write_question,
)
from exporter.view import View
from exporter.web.app import make_app
from probes.audit.situation import Situation
from probes.explain.journey import NoSuchJourneyError, Question
from probes.model.intent import NOTHING_DECLARED
from probes.model.local import LocalTask
from probes.model.path import Hop, Mark, Walk
from probes.model.reading import NOTHING_READ, NodeReading
from probes.model.topology import Topology
from probes.model.vantage import Vantage, VantageKind
from probes.wire import dump_hops, dump_walk
from tests.probes.audit.readings import overlay_reading
from tests.probes.audit.situations import situation
from tests.probes.explain.ways import SWARM, question
from tests.probes.wire import Wire
from tests.swarms import API_1, API_2, APP, NODE1, NODE2, WEB_1, local, on, with_task

NOTHING = Observed(view=View(), intent=NOTHING_DECLARED, reading=NOTHING_READ, results=())
TOLD = Walk(source="shop_web.1 on node1", destination="shop_api:80", works=True, hops=())
HOP = Hop(name="arrival", place="host on node2", mark=Mark.OK, saw="VXLAN arrives")
TOKEN = "secret"


class Others:
    """The other agents: what they were asked, and what they say; *silent* ones never do."""

    def __init__(self, answer: bytes = b"", error: str = "", *, silent: bool = False) -> None:
        self.asked: list[tuple[IPv4Address, str, Mapping[str, str]]] = []
        self._answer = answer
        self._error = error
        self._silent = silent

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes:
        self.asked.append((address, path, query))
        if self._silent:
            await asyncio.Event().wait()
        if self._error:
            raise PeerError(self._error)
        return self._answer


def explainer(
    others: Others,
    node_id: str = "n1",
    topology: Topology | None = SWARM,
    local_tasks: tuple[LocalTask, ...] = (),
    reading: NodeReading = NOTHING_READ,
    *,
    host: Vantage | None = None,
) -> Explainer:
    """Make what explains on a node, by what it knows."""

    async def observe(*, anew: bool = False) -> Observed:
        del anew
        return NOTHING

    def situated(_: Observed, __: float) -> Situation | None:
        if topology is None:
            return None
        return situation(topology, node_id, local=local_tasks, reading=reading)

    gone = Vantage(kind=VantageKind.HOST, name="host", netns="/nonexistent/host")
    return Explainer(
        observe, situated, others, lambda: 9, host=host or gone, far_within_seconds=0.2
    )


# --- between agents ---


async def test_the_agent_of_the_sources_node_is_asked() -> None:
    """From any node, with the question as it came."""
    others = Others(dump_walk(TOLD))

    assert await explainer(others, "n3").explain(question()) == TOLD
    ((address, path, query),) = others.asked
    assert (address, path) == (NODE1.address, EXPLAIN_PATH)
    assert read_question(query) == question()


@pytest.mark.parametrize(
    ("others", "why"),
    [
        (Others(error="agent on 198.18.0.11: refused"), "agent on 198.18.0.11: refused"),
        (Others(b'{"hops": 1}'), "validation error"),
    ],
)
async def test_an_agent_that_cannot_be_asked_leaves_the_way_unseen(
    others: Others, why: str
) -> None:
    """Nothing is said of the network then."""
    walk = await explainer(others, "n3").explain(question())

    assert (walk.works, walk.broken) == (False, None)
    assert [(hop.name, hop.mark) for hop in walk.hops] == [("source", Mark.UNKNOWN)]
    assert why in walk.hops[0].saw


async def test_what_does_not_run_is_told_without_asking() -> None:
    """By any agent that knows the topology."""
    others = Others()
    ended = with_task(SWARM, replace(WEB_1, state="failed"))

    walk = await explainer(others, "n3", ended).explain(question())

    assert walk.cause == "shop_web.1 does not run, so nothing can leave it."
    assert others.asked == []


async def test_without_a_topology_nobody_explains() -> None:
    """It comes in a moment."""
    with pytest.raises(CannotExplainError, match="knows no topology yet"):
        await explainer(Others(), topology=None).explain(question())


@pytest.mark.parametrize(
    "changes", [{"source_task": "x"}, {"destination_service": ""}, {"destination_task": "x"}]
)
async def test_what_the_swarm_does_not_know_is_refused(changes: Mapping[str, str]) -> None:
    """On both sides."""
    unknown = question(**changes)
    asked = FarQuestion(question=unknown, backend="", network="", works=False, sender=None)

    with pytest.raises(NoSuchJourneyError):
        await explainer(Others()).explain(unknown)
    with pytest.raises(NoSuchJourneyError):
        await explainer(Others(), "n2").far(asked)


async def test_the_far_side_refuses_what_it_does_not_know() -> None:
    """Its topology may be older than the other's."""
    asked = FarQuestion(question=question(), backend="x", network="y", works=False, sender=None)

    with pytest.raises(NoSuchJourneyError, match="does not know the task or its network yet"):
        await explainer(Others(), "n2").far(asked)


async def test_the_far_side_tells_what_it_could_not_look_at() -> None:
    """Each with the reason, and without a fault."""
    sender = on(APP, 11).address
    asked = FarQuestion(
        question=question(), backend=API_2.id, network=APP.id, works=False, sender=sender
    )
    reading = NodeReading(namespaces=(overlay_reading(APP),))

    hops = {hop.name: hop for hop in await explainer(Others(), "n2", reading=reading).far(asked)}

    assert hops["arrival"].mark is Mark.UNKNOWN
    assert "/nonexistent/host" in hops["arrival"].saw
    assert hops["process"].mark is Mark.UNKNOWN
    assert "no container of it" in hops["process"].saw


# --- on a node whose ends are real namespaces ---


def _on_wire(others: Others, wire: Wire) -> Explainer:
    here = replace(local(WEB_1), netns=wire.task.netns)
    return explainer(others, local_tasks=(here,), host=wire.peer)


@pytest.mark.netns
async def test_a_dead_way_is_explained_in_bounded_time_and_leaves_nothing_open(
    wire: Wire,
) -> None:
    """Nobody answers, not even the other agent; and no descriptor or namespace is held."""
    others = Others(silent=True)
    explaining = _on_wire(others, wire)
    asked = question(destination_task=API_2.id)
    await explaining.explain(asked)
    before = {each.name for each in Path("/proc/self/fd").iterdir()}

    began = time.monotonic()
    walk = await explaining.explain(asked)

    assert time.monotonic() - began < 8
    assert {each.name for each in Path("/proc/self/fd").iterdir()} == before
    assert not walk.works
    # The task has another address than the Swarm says: that is where this way ends.
    assert walk.broken is not None
    assert (walk.broken.name, walk.broken.saw) == ("interface", "10.0.1.11 is on no device")


@pytest.mark.netns
async def test_a_node_that_answers_is_asked_for_the_other_half(wire: Wire) -> None:
    """With whose frames to watch for; one that does not answer at all is not asked."""
    others = Others(dump_hops((HOP,)))
    reachable = replace(NODE2, address=IPv4Address("10.78.0.2"))
    topology = replace(SWARM, nodes=(NODE1, reachable, SWARM.nodes[2]))
    here = replace(local(WEB_1), netns=wire.task.netns)
    explaining = explainer(others, topology=topology, local_tasks=(here,), host=wire.peer)

    await explaining.explain(question(destination_task=API_2.id))

    ((address, path, query),) = others.asked
    assert (address, path) == (reachable.address, FAR_PATH)
    told = read_far_question(query)
    assert (told.backend, told.network, told.works) == (API_2.id, APP.id, False)
    assert told.sender == on(APP, 11).address

    unreachable = Others(dump_hops((HOP,)))
    await _on_wire(unreachable, wire).explain(question(destination_task=API_2.id))
    assert unreachable.asked == []


# --- over HTTP ---

FAR = FarQuestion(
    question=question(),
    backend=API_1.id,
    network=APP.id,
    works=True,
    sender=IPv4Address("10.0.1.11"),
)


@pytest.mark.parametrize(
    "asked", [question(), question(port=None), question(destination_task=API_1.id, port=65535)]
)
def test_a_question_is_read_as_it_was_written(asked: Question) -> None:
    """And what the other side is asked, too."""
    far = replace(FAR, question=asked, sender=None, works=False)

    assert read_question(write_question(asked)) == asked
    assert read_far_question(write_far_question(far)) == far
    assert read_far_question(write_far_question(FAR)) == FAR


class Agent:
    """What the pages of explanations need of an agent."""

    token = TOKEN
    front = None

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.asked: list[Question | FarQuestion] = []

    async def explain(self, asked: Question) -> Walk:
        self._take(asked)
        return TOLD

    async def explain_far(self, asked: FarQuestion) -> tuple[Hop, ...]:
        self._take(asked)
        return (HOP,)

    def _take(self, asked: Question | FarQuestion) -> None:
        self.asked.append(asked)
        if self.fails:
            raise self.fails


Client = TestClient[web.Request, web.Application]


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
async def client(agent: Agent) -> AsyncIterator[Client]:
    """Somebody who knows the token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    server = TestServer(make_app(agent))  # type: ignore[arg-type]
    async with TestClient(server, headers=headers) as client:
        yield client


async def test_a_way_and_its_half_are_served(client: Client, agent: Agent) -> None:
    """As JSON, which the other side reads again."""
    async with client.get(EXPLAIN_PATH, params=write_question(FAR.question)) as response:
        assert json.loads(await response.text())["source"] == "shop_web.1 on node1"
    async with client.get(FAR_PATH, params=write_far_question(FAR)) as response:
        assert json.loads(await response.text())[0]["mark"] == "ok"

    assert agent.asked == [FAR.question, FAR]


@pytest.mark.parametrize("path", [EXPLAIN_PATH, FAR_PATH])
async def test_without_the_token_nobody_explains(client: Client, agent: Agent, path: str) -> None:
    """It makes the agent send, and names the inside of the network."""
    async with client.get(path, headers={"Authorization": "Bearer wrong"}) as response:
        assert response.status in {401, 403}

    assert agent.asked == []


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (EXPLAIN_PATH, "port", "0"),
        (EXPLAIN_PATH, "port", "65536"),
        (EXPLAIN_PATH, "port", "-1"),
        (EXPLAIN_PATH, "port", "٨٠"),
        (EXPLAIN_PATH, "port", "9" * 5000),
        (FAR_PATH, "port", "80;rm"),
        (FAR_PATH, "sender", "10.0.1"),
        (FAR_PATH, "sender", "::1"),
        (FAR_PATH, "sender", "<script>"),
        (FAR_PATH, "works", "yes"),
    ],
)
async def test_what_is_no_question_is_refused(
    client: Client, agent: Agent, path: str, key: str, value: str
) -> None:
    """By the name of what is wrong, in plain text, and nothing is looked at."""
    query = {**write_far_question(FAR), key: value}
    async with client.get(path, params=query) as response:
        assert response.status == 400
        assert response.content_type == "text/plain"
        text = await response.text()

    assert text.startswith(f"{key}=")
    assert len(text) < 300
    assert agent.asked == []


@pytest.mark.parametrize(
    ("fails", "status"),
    [(NoSuchJourneyError("no task 'x'"), 404), (CannotExplainError("no topology"), 503)],
)
@pytest.mark.parametrize("path", [EXPLAIN_PATH, FAR_PATH])
async def test_what_cannot_be_explained_is_said(
    client: Client, agent: Agent, path: str, fails: Exception, status: int
) -> None:
    """Nobody is to blame for it but the question, or the moment."""
    agent.fails = fails

    async with client.get(path, params=write_far_question(FAR)) as response:
        assert response.status == status
        assert await response.text() == f"{fails}\n"


async def test_an_empty_question_reaches_the_topology(client: Client, agent: Agent) -> None:
    """Which knows nobody of no name."""
    agent.fails = NoSuchJourneyError("the Swarm has no task ''")

    async with client.get(EXPLAIN_PATH) as response:
        assert response.status == 404
