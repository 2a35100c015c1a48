"""Do agents keep up with the Swarm, and with each other?

Real agents on loopback, each with an Engine that says what the test wants.
"""

import json
from dataclasses import replace
from ipaddress import IPv4Address

import aiohttp

from exporter.view import Source
from probes.model.topology import ExposedPorts, Node
from tests.exporter.fakes import LOOPBACK, FakeEngine
from tests.exporter.running import Running, Start
from tests.swarms import DB, DB_1, SHOP, WEB_1, labelled, local, with_service
from tests.waiting import until


def _worker(node_id: str) -> FakeEngine:
    address = IPv4Address("127.0.0.2")
    return FakeEngine(node_id, manager=False, managers=[LOOPBACK], address=address)


async def test_a_managers_agent_reads_the_topology_and_plans(start: Start) -> None:
    """What its Engine says is what it serves, and what it probes from its own tasks."""
    engine = FakeEngine("n1", manager=True)
    engine.local = (local(WEB_1),)
    begun = await start(engine)

    async with begun.get("/api/v1/topology") as response:
        served = json.loads(await response.read())

    assert response.headers["ETag"]
    assert [node["name"] for node in served["nodes"]] == ["node1", "node2", "node3"]
    assert begun.agent.view.source is Source.ENGINE
    async with begun.get("/metrics") as response:
        text = await response.text()
    assert 'swarmscope_probes_planned{probe="dns"} 4.0' in text
    assert 'swarmscope_topology_source{source="engine"} 1.0' in text


async def test_a_workers_agent_takes_the_topology_from_a_manager(start: Start) -> None:
    """And is told of a change as soon as there is one, not at some next interval."""
    manager = await start(FakeEngine("n1", manager=True))
    worker = await start(_worker("n2"), "127.0.0.2")
    assert worker.agent.view.source is Source.AGENT

    manager.engine.shop = with_service(SHOP, replace(DB, image="new"))
    manager.watch.happen()

    await until(lambda: DB.id in _images(worker, "new"), 5)


def _images(begun: Running, image: str) -> set[str]:
    return {item.id for item in begun.agent.view.topology.services if item.image == image}


async def test_what_only_a_worker_sees_reaches_everybody(start: Start) -> None:
    """A manager's Engine does not know the images on other nodes."""
    manager = await start(FakeEngine("n1", manager=True))
    engine = _worker("n3")
    engine.local = (replace(local(DB_1), exposed=(5432,)),)
    worker = await start(engine, "127.0.0.2")

    expected = ExposedPorts(service_id=DB.id, ports=(5432,))
    for agent in (manager.agent, worker.agent):
        await until(
            lambda agent=agent: any(  # type: ignore[misc]
                expected in report.exposed for report in agent.view.topology.reports
            ),
            5,
        )


async def test_every_agent_tells_its_findings_and_gathers_the_others(start: Start) -> None:
    """Its own; with `nodes=all` everybody's; nonsense is refused."""
    manager = await start(FakeEngine("n1", manager=True))
    await until(lambda: manager.agent.findings()["rounds"] > 0, 10)

    async with manager.get("/api/v1/findings") as response:
        own = await response.json()
    async with manager.get("/api/v1/findings", params={"nodes": "all"}) as response:
        everywhere = await response.json()
    async with manager.get("/api/v1/findings", params={"nodes": "some"}) as response:
        refused = response.status

    assert own["node"] == "node1"
    assert [document["node"] for document in everywhere["nodes"]] == ["node1"]
    assert [item["node"] for item in everywhere["unreachable"]] == ["node2", "node3"]
    assert refused == 400


async def test_any_agent_shows_all_nodes_and_names_those_that_are_silent(start: Start) -> None:
    """It asks the others, with the token that they share."""
    shop = replace(SHOP, nodes=tuple(_at_home(node) for node in SHOP.nodes))
    manager_engine = FakeEngine("n1", manager=True)
    manager_engine.shop = shop
    await start(manager_engine)
    worker = await start(_worker("n2"), "127.0.0.2")

    async with worker.get("/") as response:
        page = await response.text()

    assert "Swarmscope on node2" in page
    assert "2 of 3 agents answered" in page
    assert "The agent of node3 did not answer" in page
    assert "The agent of node1" not in page


def _at_home(node: Node) -> Node:
    """Let nodeN's agent be where the tests have it: 127.0.0.N."""
    return replace(node, address=IPv4Address(f"127.0.0.{node.id.removeprefix('n')}"))


async def test_a_worker_keeps_the_last_topology_when_no_manager_answers(start: Start) -> None:
    """It goes on probing, and its age is there to be seen."""
    manager = await start(FakeEngine("n1", manager=True))
    worker = await start(_worker("n2"), "127.0.0.2")
    read_at = worker.agent.view.topology.read_at

    manager.stop.set()

    await until(lambda: worker.agent.view.error, 40)
    view = worker.agent.view
    assert view.topology.services == SHOP.services
    assert view.topology.read_at >= read_at
    assert worker.agent.why_not_ready() == ""
    async with worker.get("/metrics") as response:
        text = await response.text()
    errors = next(line for line in text.splitlines() if 'errors_total{source="agent"}' in line)
    assert float(errors.split()[-1]) >= 1


async def test_an_engine_that_stops_answering_changes_nothing_but_the_age(start: Start) -> None:
    """The last good topology stays in use."""
    begun = await start(FakeEngine("n1", manager=True))
    version = begun.agent.view.version

    begun.engine.broken = "engine cannot be asked: it is being restarted"
    begun.watch.happen()

    await until(lambda: begun.agent.view.error)
    assert begun.agent.view.version == version
    assert begun.agent.view.topology.services == SHOP.services


async def test_from_outside_the_inside_takes_the_token(start: Start, unused_tcp_port: int) -> None:
    """Metrics, health and the page are open; topology, results and reload are not."""
    await start(FakeEngine("n1", manager=True))
    base = f"http://127.0.0.1:{unused_tcp_port}"
    async with aiohttp.ClientSession() as session:

        async def status(path: str, method: str = "GET", token: str = "") -> int:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with session.request(method, base + path, headers=headers) as response:
                return response.status

        assert await status("/metrics") == 200
        assert await status("/-/healthy") == 200
        assert await status("/-/ready") == 200
        assert await status("/") == 200
        assert await status("/static/page.css") == 200
        assert await status("/api/v1/topology") == 403
        assert await status("/api/v1/summary") == 403
        assert await status("/api/v1/pair?source=a&destination=b") == 403
        assert await status("/api/v1/results", token="wrong") == 403
        assert await status("/-/reload", "POST") == 403
        assert await status("/api/v1/topology", token="secret") == 200
        assert await status("/-/reload", "POST", token="secret") == 200


async def test_a_bad_configuration_is_refused_and_the_old_one_stays(start: Start) -> None:
    """The answer names the key; a metric and the page say so until it is mended."""
    begun = await start(FakeEngine("n1", manager=True))
    file = begun.socket.with_suffix(".yml")
    good = file.read_text()

    file.write_text(good + "probes: {intervall: 5s}\n")
    async with begun.get("/-/reload", method="POST") as response:
        assert response.status == 500
        assert "probes.intervall: no such key; did you mean interval?" in await response.text()
    async with begun.get("/metrics") as response:
        assert "swarmscope_config_last_reload_successful 0.0" in await response.text()
    async with begun.get("/") as response:
        assert "the old one stays" in await response.text()

    file.write_text(good + "targets: [{name: here, tcp: '127.0.0.1:9'}]\n")
    async with begun.get("/-/reload", method="POST") as response:
        assert response.status == 200
    async with begun.get("/metrics") as response:
        assert "swarmscope_config_last_reload_successful 1.0" in await response.text()
    await until(
        lambda: any(probe.destination_service == "here" for probe in begun.agent.results().tallies),
    )


async def test_what_was_built_on_takes_a_restart(start: Start) -> None:
    """A new listen address is refused by name rather than half obeyed."""
    begun = await start(FakeEngine("n1", manager=True))
    file = begun.socket.with_suffix(".yml")

    file.write_text(file.read_text().replace("127.0.0.1:", "127.0.0.3:"))
    async with begun.get("/-/reload", method="POST") as response:
        text = await response.text()

    assert "listen cannot change without a restart" in text


async def test_hostile_names_are_harmless_on_the_page(start: Start) -> None:
    """A service's name and labels are text, whatever they look like."""
    engine = FakeEngine("n1", manager=True)
    hostile = labelled(replace(DB, name="<script>alert(1)</script>"), tcp="<b>")
    engine.shop = with_service(SHOP, hostile)
    begun = await start(engine)

    async with begun.get("/") as response:
        page = await response.text()

    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    async with begun.get("/metrics") as response:
        assert 'label_errors{service="<script>alert(1)</script>"} 1.0' in await response.text()


async def test_a_nonsense_report_or_wait_is_refused(start: Start) -> None:
    """The answer says what was wrong."""
    begun = await start(FakeEngine("n1", manager=True))

    async with begun.get("/api/v1/reports", method="PUT", data=b'{"node": 1}') as response:
        assert response.status == 400
    async with begun.get("/api/v1/topology?wait=soon") as response:
        assert response.status == 400
        assert "wait='soon' is no number of seconds" in await response.text()


async def test_without_a_swarm_the_agent_stands_alone(start: Start) -> None:
    """It probes itself, is ready, and says why there is no topology."""
    engine = FakeEngine("n1", manager=True)
    engine.broken = "engine unix:///none cannot be asked: No such file or directory"
    begun = await start(engine)

    await until(lambda: begun.agent.results().tallies)
    [tally] = [
        tally
        for probe, tally in begun.agent.results().tallies.items()
        if probe.destination_service == "agent"
    ]
    assert tally.failures == 0
    async with begun.get("/-/ready") as response:
        assert response.status == 200
    async with begun.get("/") as response:
        assert "No such file or directory" in await response.text()
    async with begun.get("/api/v1/topology") as response:
        assert response.status == 503


async def test_metrics_speak_both_formats_and_gzip(start: Start) -> None:
    """Prometheus asks for OpenMetrics and gzip; curl asks for neither."""
    begun = await start(FakeEngine("n1", manager=True))

    asked = {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"}
    async with begun.get("/metrics", headers=asked) as response:
        assert response.content_type == "application/openmetrics-text"
        assert response.headers["Content-Encoding"] == "gzip"
        assert (await response.text()).endswith("# EOF\n")
    async with begun.get("/metrics", headers={"Accept-Encoding": "identity"}) as response:
        assert response.content_type == "text/plain"
