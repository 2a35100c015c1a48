"""Are the pages served as they should be: to whom, how often made, with which headers?"""

import gzip
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.front import Front
from exporter.page.pair import load_pair
from exporter.page.summary import load_summary
from exporter.peers import PAIR_PATH, SUMMARY_PATH
from exporter.web.app import make_app
from tests.exporter.synthetic.fleet import Fleet
from tests.exporter.synthetic.stories import HOSTILE, is_lost, with_hostile_name
from tests.exporter.synthetic.topologies import shop

TOKEN = "secret"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PAIR = {"source": "shop_web", "destination": "shop_api"}

Client = TestClient[web.Request, web.Application]


@dataclass
class Agent:
    """What the pages need of an agent."""

    front: Front
    token: str = TOKEN


class Counting(Fleet):
    """Counts how often the other agents are asked."""

    asked = 0

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes:
        self.asked += 1
        return await super().ask(address, path, query)


@pytest.fixture
def fleet() -> Counting:
    """Five agents, each of whose probes has ended once."""
    made = Counting(with_hostile_name(shop()), time.time())
    made.run(made.now)
    return made


@pytest.fixture
async def client(fleet: Fleet) -> AsyncIterator[Client]:
    """Somebody who opens the page of node1, and has no token."""
    server = TestServer(make_app(Agent(fleet.front("node1"))))  # type: ignore[arg-type]
    async with TestClient(server) as client:
        yield client


async def test_the_page_shows_every_node_and_each_part(client: Client) -> None:
    """Fleet, findings, matrix, mesh, networks, services."""
    async with client.get("/") as response:
        page = await response.text()

    for node in range(1, 6):
        assert f"node{node}" in page
    assert "5 of 5 agents answered" in page
    assert "/pair?source=shop_web&amp;destination=shop_api" in page
    assert "10.0.1.0/24" in page
    assert "complete on" in page
    assert "Nothing is wrong" in page


async def test_many_viewers_ask_the_others_once(client: Client, fleet: Counting) -> None:
    """One question to each other agent, however many look within a moment."""
    for _ in range(10):
        async with client.get("/") as response:
            await response.read()

    assert fleet.asked == 4


async def test_everything_is_escaped_and_nothing_foreign_is_loaded(client: Client) -> None:
    """A service's name and a label are hostile; no style and no script stand in the page."""
    async with client.get("/") as response:
        page = await response.text()

    assert HOSTILE not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert " style=" not in page
    assert "<style" not in page
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_hostile_pair_has_a_page_too(client: Client) -> None:
    """Its name goes through addresses and forms unharmed."""
    async with client.get("/pair", params={"source": HOSTILE, "destination": "logs_store"}) as got:
        page = await got.text()

    assert got.status == 200
    assert HOSTILE not in page
    assert 'value="&lt;script&gt;alert(1)&lt;/script&gt;"' in page


async def test_a_pair_shows_its_hour_and_its_errors(client: Client, fleet: Fleet) -> None:
    """What failed is named with the node that saw it."""
    fleet.run(time.time(), is_lost)

    async with client.get("/pair", params=PAIR) as response:
        page = await response.text()

    assert "shop_api does not answer shop_web as it should" in page
    assert "nobody answered within 2 s" in page
    assert "tcp to its task over shop_app" in page
    assert "connect" in page
    assert page.count("<svg") == 5


async def test_a_pair_that_nobody_probes_is_not_found(client: Client, fleet: Counting) -> None:
    """And no agent is asked for it."""
    async with client.get("/pair", params={"source": "x", "destination": "y"}) as response:
        assert response.status == 404
    asked = fleet.asked
    async with client.get("/pair", params={"source": "x", "destination": "z"}) as response:
        assert response.status == 404

    assert fleet.asked == asked


async def test_explaining_is_a_post_of_our_own_form_and_is_kept(
    client: Client, fleet: Fleet
) -> None:
    """Another site's page cannot make agents work, and twenty clicks are one walk."""
    foreign = {"Origin": "http://elsewhere.example"}
    async with client.post("/pair/explain", data=PAIR, headers=foreign) as response:
        assert response.status == 403
    async with client.get("/pair/explain") as response:
        assert response.status == 405
    for _ in range(20):
        async with client.post("/pair/explain", data=PAIR) as response:
            page = await response.text()

    assert fleet.explained == 1
    assert "no entry for 02:42:0a:00:01:0b" in page
    assert "docker service update --force shop_api" in page


async def test_a_form_that_is_too_large_is_refused(client: Client) -> None:
    """Two names take no more than some hundred bytes."""
    async with client.post("/pair/explain", data={"source": "x" * 10_000}) as response:
        assert response.status == 413


async def test_what_agents_tell_each_other_takes_the_token(client: Client) -> None:
    """The page is for everybody, the API is not."""
    for path in (SUMMARY_PATH, PAIR_PATH):
        async with client.get(path, params=PAIR) as response:
            assert response.status == 403
    async with client.get(SUMMARY_PATH, headers=BEARER) as response:
        assert load_summary(await response.read()).node == "node1"
    async with client.get(PAIR_PATH, params=PAIR, headers=BEARER) as response:
        assert load_pair(await response.read()).node == "node1"


async def test_the_page_goes_out_compressed_to_who_takes_it(client: Client) -> None:
    """Compressed once, however many take it."""
    async with client.get("/", headers={"Accept-Encoding": "identity"}) as response:
        plain = await response.read()
    client.session.headers["Accept-Encoding"] = "gzip"
    async with client.get("/") as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert await response.read() == plain
    assert len(gzip.compress(plain)) < len(plain) / 4


async def test_the_two_files_are_served_with_their_types(client: Client) -> None:
    """Nothing else is loaded by the pages."""
    for path, content_type in (("page.css", "text/css"), ("page.js", "text/javascript")):
        async with client.get(f"/static/{path}") as response:
            assert response.content_type == content_type
            assert "max-age" in response.headers["Cache-Control"]
    async with client.get("/static/other") as response:
        assert response.status == 403


async def test_a_silent_agent_is_named_and_the_rest_is_shown(client: Client, fleet: Fleet) -> None:
    """With the reason."""
    fleet.silent.add("node4")

    async with client.get("/") as response:
        page = await response.text()

    assert "The agent of node4 did not answer: agent on 198.18.0.14: Connection refused" in page
    assert "4 of 5 agents answered" in page


@pytest.mark.parametrize("stack", ["shop", "no-such-stack", HOSTILE])
async def test_asking_for_a_stack_never_harms(client: Client, stack: str) -> None:
    """One that does not exist shows the page as it is."""
    async with client.get("/", params={"stack": stack}) as response:
        page = await response.text()

    assert response.status == 200
    assert HOSTILE not in page
