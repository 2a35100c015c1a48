"""`/probe` of a whole agent: who is let in, what a reload does, and other nodes' tasks."""

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import aiohttp
import pytest

from exporter.__main__ import main
from exporter.peers import SCRAPE_TIMEOUT_HEADER
from tests.exporter.blackbox.asking import samples
from tests.exporter.blackbox.test_service import SUCCESS
from tests.exporter.fakes import LOOPBACK, FakeEngine
from tests.exporter.running import Start
from tests.probes.servers import closing, serving
from tests.swarms import DB_1, NODE1, NODE2, NODE3, SHOP, local
from tests.waiting import until

MODULES = "modules:\n  port: {prober: tcp, timeout: 2s}\n"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Write a file of modules; gives what names it in an agent's configuration."""
    path = tmp_path / "blackbox.yml"
    path.write_text(MODULES)
    return f"blackbox: {{modules_file: {path}, allow: [127.0.0.0/8]}}\n"


async def test_only_who_has_the_token_is_let_in(start: Start, config: str) -> None:
    """Whoever may ask makes the agent send something."""
    begun = await start(FakeEngine("n1", manager=True), config=config)
    port = begun.agent._settings.listen.port  # noqa: SLF001 -- the test's own
    url = f"http://127.0.0.1:{port}/probe"
    async with serving(closing) as target:
        query = {"module": "port", "target": f"127.0.0.1:{target}"}

        async def status(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with (
                aiohttp.ClientSession() as session,
                session.get(url, params=query, headers=headers) as response,
            ):
                return response.status

        assert await status("") == 403
        assert await status("wrong") == 403
        assert await status("secret") == 200


async def test_it_is_off_unless_configured(start: Start) -> None:
    """An agent without a file of modules says so."""
    begun = await start(FakeEngine("n1", manager=True))

    async with begun.get("/probe?target=127.0.0.1:1") as response:
        assert response.status == 404
        assert "modules_file is not configured" in await response.text()


async def test_a_reload_takes_new_modules_and_keeps_good_ones(
    start: Start, config: str, tmp_path: Path
) -> None:
    """A bad file is told by file, line and key, and in the metric; what was loaded goes on."""
    begun = await start(FakeEngine("n1", manager=True), config=config)
    path = tmp_path / "blackbox.yml"

    path.write_text(f"{MODULES}  web:\n    prober: http\n    http: {{proxy_url: 'http://a'}}\n")
    async with begun.get("/-/reload", method="POST") as response:
        assert response.status == 500
        assert f"{path}:5: modules.web.http.proxy_url: is not supported" in await response.text()
    async with begun.get("/metrics") as response:
        assert "swarmscope_config_last_reload_successful 0.0" in await response.text()
    async with serving(closing) as port, begun.get(_probe(port)) as response:
        assert samples(await response.text())[SUCCESS] == 1

    path.write_text("modules:\n  other: {prober: icmp}\n")
    async with begun.get("/-/reload", method="POST") as response:
        assert response.status == 200
    async with begun.get("/metrics") as response:
        assert "swarmscope_config_last_reload_successful 1.0" in await response.text()
    async with begun.get(_probe(1)) as response:
        assert response.status == 400
        assert await response.text() == "Unknown module 'port'; known here: other\n"


def _probe(port: int, source: str = "") -> str:
    return f"/probe?module=port&target=127.0.0.1:{port}&source={source}"


def test_a_bad_file_is_told_before_the_agent_starts(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check-config` looks at the modules too."""
    (tmp_path / "agent.yml").write_text(config)
    options = ["--check-config", "--config", str(tmp_path / "agent.yml")]
    assert main(options) == 0

    (tmp_path / "blackbox.yml").write_text("modules:\n  a: {prober: unix}\n")

    assert main(options) == 2
    said = capsys.readouterr().err
    assert said == (
        f"{tmp_path}/blackbox.yml:2: modules.a.prober: blackbox_exporter's prober 'unix' is not "
        "supported\n"
    )


async def test_another_nodes_task_is_asked_of_its_agent(start: Start, config: str) -> None:
    """The answer comes from there; a refusal says who refuses."""
    nodes = (
        replace(NODE1, address=LOOPBACK),
        NODE2,
        replace(NODE3, address=IPv4Address("127.0.0.2")),
    )
    first, third = FakeEngine("n1", manager=True), FakeEngine("n3", manager=True)
    first.shop = third.shop = replace(SHOP, nodes=nodes)
    # It shares the network of its node, so that there is somewhere to look from.
    third.local = (replace(local(DB_1), netns=None),)
    asked = await start(first, config=config)
    other = await start(third, "127.0.0.2", config)

    async with serving(closing) as port:
        headers = {SCRAPE_TIMEOUT_HEADER: "5"}
        for source in ("shop_db", "node3"):
            async with asked.get(_probe(port, source), headers=headers) as response:
                assert response.status == 200
                assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                assert samples(await response.text())[SUCCESS] == 1
        refused = _probe(port, "shop_db").replace("127.0.0.1", "192.0.2.1")
        async with asked.get(refused) as response:
            assert response.status == 403
            assert (await response.text()).startswith("the agent on node3 says: 192.0.2.1 is not")

    third.local = ()
    other.watch.happen()
    await until(lambda: not other.agent.view.local, 5)
    async with asked.get(_probe(1, "shop_db")) as response:
        assert response.status == 503
        assert await response.text() == (
            "the agent on node3 says: could not look: shop_db is not on this node, but on node3\n"
        )
