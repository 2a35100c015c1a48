"""Who is told what a doctor asks for, and what of the configuration is shown?"""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.audit import AuditState
from exporter.doctor import Doctor, tell
from exporter.front import Front
from exporter.page.summary import OwnFacts
from exporter.peers import CONFIGURATION_PATH, DOCTOR_NODE_PATH, DOCTOR_PATH
from exporter.settings import Settings
from exporter.shown import shown
from exporter.store import Tally
from exporter.view import View
from exporter.web.app import make_app
from probes.doctor.wire import load_case, load_told
from probes.documents.load import load
from probes.model.probe import Kind, PolicyLook, Probe, ProbeId, Target
from probes.model.result import Outcome, Result
from probes.model.vantage import HOST
from probes.plan.budget import Plan
from tests.exporter.synthetic.fleet import Fleet
from tests.exporter.synthetic.topologies import shop

TOKEN = "secret-of-the-agents"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

Client = TestClient[web.Request, web.Application]


@dataclass
class Agent:
    """What the pages need of an agent."""

    front: Front
    doctor: Doctor
    token: str = TOKEN


@pytest.fixture
def fleet() -> Fleet:
    """Five agents, each of whose probes has ended once."""
    made = Fleet(shop(), time.time())
    made.run(made.now)
    return made


@pytest.fixture
async def client(fleet: Fleet) -> AsyncIterator[Client]:
    """Somebody who asks the agent of node1."""
    agent = Agent(fleet.front("node1"), fleet.doctor("node1"))
    server = TestServer(make_app(agent))  # type: ignore[arg-type]
    async with TestClient(server) as client:
        yield client


@pytest.mark.parametrize("path", [DOCTOR_PATH, DOCTOR_NODE_PATH, CONFIGURATION_PATH])
async def test_it_takes_the_token(client: Client, path: str) -> None:
    """It names the inside of the network, and makes agents work."""
    async with client.get(path) as refused:
        assert refused.status == 403
    async with client.get(path, headers=BEARER) as answered:
        assert answered.status == 200


async def test_all_nodes_are_asked_and_the_silent_named(client: Client, fleet: Fleet) -> None:
    """The one that is asked comes first; clocks are held against ours."""
    fleet.silent.add("node4")

    async with client.get(DOCTOR_PATH, headers=BEARER) as response:
        case = load_case(await response.read())

    assert [told.node for told in case.told] == ["node1", "node2", "node3", "node5"]
    assert [item.node for item in case.silent] == ["node4"]
    assert "Connection refused" in case.silent[0].why
    assert case.topology.nodes == fleet.topology.nodes
    assert case.told[0].clock_ahead_seconds is None
    for told in case.told[1:]:
        assert told.clock_ahead_seconds is not None
        assert abs(told.clock_ahead_seconds) < 30


async def test_one_node_tells_its_looks(client: Client, fleet: Fleet) -> None:
    """Counted by what they are aimed at; what fails, since when and how often."""
    for _ in range(3):
        fleet.run(fleet.now, lambda probe: probe.id.destination_task == "shop_api.2")

    async with client.get(DOCTOR_NODE_PATH, headers=BEARER) as response:
        told = load_told(await response.read())

    planned = fleet.probes("node1")
    assert sum(item.looks for item in told.counted) == len(planned)
    broken = {probe.id for probe in planned if probe.id.destination_task == "shop_api.2"}
    assert {look.probe for look in told.failing} == broken
    assert {(look.times, look.since, look.outcome) for look in told.failing} == {
        (3, fleet.now, "timeout")
    }
    assert "shop_api.2" not in {item.task for item in told.reached}
    assert {way.node for way in told.ways} == {"node2", "node3", "node4", "node5"}


def test_the_configuration_is_shown_without_what_opens_doors(tmp_path: Path) -> None:
    """Neither token nor addresses nor what is expected of pages."""
    token = tmp_path / "planted-token-file"
    token.write_text("planted-token")
    file = tmp_path / "agent.yml"
    file.write_text(
        f"token_file: {token}\n"
        "engine: tcp://planted-user@192.0.2.9:2375\n"
        "targets:\n"
        "  - name: shop\n"
        "    http: {url: 'https://192.0.2.7/x?key=planted-query', body: planted-body}\n"
    )

    document = shown(load(file, Settings))

    assert "planted" not in json.dumps(document)
    assert "192.0.2" not in json.dumps(document)
    assert document["token"] == "configured"
    assert document["engine"] == "tcp"
    assert document["targets"] == [
        {"name": "shop", "kind": "http", "interval_seconds": None, "timeout_seconds": None}
    ]


def test_a_section_that_is_new_stays_out() -> None:
    """All that is shown is named here; somebody must have thought of it."""
    assert set(shown(Settings())) == {
        *("listen", "socket", "engine", "netns_folder", "token", "log_level", "targets"),
        *("network_config", "service_discovery"),
        *("topology", "probes", "budget", "kernel", "audit"),
    }


def test_tries_at_what_is_forbidden_are_no_looks_of_the_doctors() -> None:
    """That they do not come about is as it should be, and reaches nobody."""
    probe_id = ProbeId(
        probe=Kind.POLICY,
        target=Target.TASK,
        network="shop_app",
        source_service="shop_web",
        source_node="node1",
        destination_service="shop_api",
        destination_task="shop_api.1",
        endpoint="5432",
    )
    look = PolicyLook(address=IPv4Address("10.0.1.4"), port=5432, patience_seconds=1)
    probe = Probe(id=probe_id, look=look, vantage=HOST, interval_seconds=10, timeout_seconds=2)
    results = [
        Result(probe=probe, outcome=outcome, detail="", started_at=1.0, seconds=0.1)
        for outcome in (Outcome.OK, Outcome.CONNECTED)
    ]
    facts = OwnFacts(
        view=View(),
        tallies=tuple(Tally(latest=result, failures_in_a_row=9) for result in results),
        plan=Plan(),
        audit=AuditState(),
        complaints=(),
        config_error="",
        version="0.1.0",
        now=2.0,
    )

    told = tell(facts)

    assert (told.counted, told.failing, told.reached) == ((), (), ())
