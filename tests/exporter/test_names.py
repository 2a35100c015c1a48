"""Who is told the names that a shell completes?"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.view import Source, View
from exporter.web.access import guard
from exporter.web.names import NAMES_PATH, routes
from probes.looks.nameable import load_nameable
from probes.looks.naming import nameable
from tests.swarms import SHOP

TOKEN = "secret-of-the-agents"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

Client = TestClient[web.Request, web.Application]


@dataclass
class Agent:
    """What the page needs of an agent."""

    view: View = field(default_factory=lambda: View(topology=SHOP, source=Source.ENGINE))


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
async def client(agent: Agent) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[guard(lambda: TOKEN)])
    app.add_routes(routes(agent))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_agent_tells_the_names_of_its_topology(client: Client) -> None:
    """To who has the token: they name the inside of the network."""
    async with client.get(NAMES_PATH) as refused:
        assert refused.status == 403
    async with client.get(NAMES_PATH, headers=BEARER) as response:
        assert response.status == 200
        assert load_nameable(await response.read()) == nameable(SHOP)


async def test_without_a_topology_there_are_no_names(agent: Agent, client: Client) -> None:
    """That is said, rather than that there are none."""
    agent.view = View(error="no manager answers")

    async with client.get(NAMES_PATH, headers=BEARER) as response:
        assert response.status == 503
        assert "no manager answers" in await response.text()
