"""When do agents tell each other what only they see? Real agents' followers, on loopback.

The managers' agents are as real as the web application that takes the reports.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from aiohttp import web

from exporter.follow import Follower, Patience
from exporter.peers import REPORTS_PATH, Peers
from exporter.reporter import Reporter
from exporter.view import View
from probes.model.gossip import NetworkView
from probes.model.topology import NodeReport
from probes.wire import load_report
from tests.exporter.fakes import LOOPBACK, FakeEngine, FakeWatch
from tests.swarms import APP, DATA, DB_1, SHOP, WEB_1, local
from tests.waiting import until

SILENT = IPv4Address("127.0.0.9")
REPORT = NodeReport(node_id="n1", dead_ports=(80,))
OTHER = replace(REPORT, dead_ports=(81,))
PEERS = (IPv4Address("198.18.0.11"),)


class Manager:
    """Takes reports as a manager's agent does; holds its answers back while not *answering*."""

    def __init__(self) -> None:
        self.taken: list[NodeReport] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.status = 204

    async def take(self, request: web.Request) -> web.Response:
        """Take a report."""
        report = load_report(await request.read())
        await self.answering.wait()
        if self.status < 300:
            self.taken.append(report)
        return web.Response(status=self.status)


@pytest.fixture(name="manager")
async def _manager(unused_tcp_port: int) -> AsyncIterator[Manager]:
    manager = Manager()
    app = web.Application()
    app.add_routes([web.put(REPORTS_PATH, manager.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, str(LOOPBACK), unused_tcp_port).start()
    yield manager
    await runner.cleanup()


@pytest.fixture(name="peers")
async def _peers(unused_tcp_port: int) -> AsyncIterator[Peers]:
    async with Peers(unused_tcp_port, lambda: "secret") as peers:
        yield peers


@pytest.fixture(name="errors")
def _errors() -> list[str]:
    return []


@pytest.fixture(name="reporter")
def _reporter(peers: Peers, errors: list[str]) -> Reporter:
    return Reporter(peers, lambda: errors.append("one"))


async def test_old_news_are_told_to_nobody(reporter: Reporter, manager: Manager) -> None:
    """Unless the manager is to be told in any case: it may have begun anew."""
    await reporter.tell(REPORT, [LOOPBACK], only_news=True)
    await reporter.tell(REPORT, [LOOPBACK], only_news=True)
    assert manager.taken == [REPORT]

    await reporter.tell(REPORT, [LOOPBACK], only_news=False)
    await reporter.tell(OTHER, [LOOPBACK], only_news=True)

    assert manager.taken == [REPORT, REPORT, OTHER]


async def test_what_was_not_taken_is_news_still(
    reporter: Reporter,
    manager: Manager,
    errors: list[str],
) -> None:
    """A manager that failed is told again, and the failure counts."""
    manager.status = 500
    await reporter.tell(REPORT, [LOOPBACK], only_news=True)
    assert (manager.taken, errors) == ([], ["one"])

    manager.status = 204
    await reporter.tell(REPORT, [LOOPBACK], only_news=True)

    assert (manager.taken, errors) == ([REPORT], ["one"])


async def test_a_slow_manager_gets_the_newest_report_last(
    reporter: Reporter,
    manager: Manager,
) -> None:
    """What waited its turn is the newest by then, and is told once."""
    manager.answering.clear()
    told = [
        asyncio.create_task(reporter.tell(report, [LOOPBACK], only_news=True))
        for report in (REPORT, OTHER, replace(OTHER, dead_ports=()))
    ]
    await asyncio.sleep(0)
    manager.answering.set()
    await asyncio.gather(*told)

    assert manager.taken[-1].dead_ports == ()
    assert len(manager.taken) <= 2


async def test_a_manager_that_is_away_delays_no_other(
    reporter: Reporter,
    manager: Manager,
    errors: list[str],
) -> None:
    """Each is told apart."""
    await reporter.tell(REPORT, [SILENT, LOOPBACK], only_news=True)

    assert manager.taken == [REPORT]
    assert errors == ["one"]


@asynccontextmanager
async def _follow(engine: FakeEngine, peers: Peers) -> AsyncIterator[tuple[Follower, FakeWatch]]:
    watch = FakeWatch()
    patience = Patience(resync_seconds=3600, report_gap_seconds=0.2)

    def ignored(_: View) -> None:
        pass

    follower = Follower(engine, lambda: watch, peers, patience, ignored)
    task = asyncio.create_task(follower.run())
    try:
        yield follower, watch
    finally:
        watch.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _manager_with_a_view() -> FakeEngine:
    """Make a manager's Engine, another manager being the one at LOOPBACK."""
    engine = FakeEngine("n1", manager=True, managers=[LOOPBACK], address=IPv4Address("127.0.0.2"))
    engine.local = (local(WEB_1),)
    engine.views[APP.id] = NetworkView(
        network_id=APP.id,
        peers=PEERS,
        services=(),
        balancer=IPv4Address("10.0.1.99"),
    )
    return engine


async def test_views_are_read_published_and_reported(peers: Peers, manager: Manager) -> None:
    """The agent has them with their time; the managers learn the balancer and the digest."""
    engine = _manager_with_a_view()
    async with _follow(engine, peers) as (follower, _):
        await until(lambda: follower.view.views, 10)
        await until(lambda: manager.taken and manager.taken[-1].balancers, 5)
        await until(lambda: any(r.balancers for r in follower.view.topology.reports), 5)

    [view] = follower.view.views
    assert view == engine.views[APP.id]
    assert view.read_at > 0
    [digest] = manager.taken[-1].views
    assert (digest.network_id, digest.peers) == (APP.id, PEERS)
    assert set(engine.asked) == {APP.id, DATA.id}


async def test_a_network_that_this_node_leaves_is_dropped(peers: Peers, manager: Manager) -> None:
    """Its view goes, and its balancer is reported no longer."""
    engine = _manager_with_a_view()
    async with _follow(engine, peers) as (follower, watch):
        await until(lambda: manager.taken and manager.taken[-1].balancers, 10)

        engine.shop = replace(SHOP, tasks=(DB_1,))
        watch.happen()

        await until(lambda: not follower.view.views, 5)
        await until(lambda: not manager.taken[-1].balancers, 5)


async def test_what_the_audit_sees_is_told_in_batches(peers: Peers, manager: Manager) -> None:
    """Many findings in a row are few reports; the same again is none."""
    engine = FakeEngine("n1", manager=True, managers=[LOOPBACK], address=IPv4Address("127.0.0.2"))
    async with _follow(engine, peers) as (follower, _):
        await until(lambda: manager.taken)
        before = len(manager.taken)
        for port in range(1, 50):
            follower.take_own(NodeReport(node_id="n1", dead_ports=(port,)))
            await asyncio.sleep(0.01)
        await until(lambda: manager.taken[-1].dead_ports == (49,))
        told = len(manager.taken) - before
        follower.take_own(NodeReport(node_id="n1", dead_ports=(49,)))
        await asyncio.sleep(0.3)

    assert 2 <= told <= 7
    assert len(manager.taken) - before == told


async def test_new_images_are_told_without_delay(peers: Peers, manager: Manager) -> None:
    """A new service is to be probed within a second, whatever was told just before."""
    engine = FakeEngine("n1", manager=True, managers=[LOOPBACK], address=IPv4Address("127.0.0.2"))
    async with _follow(engine, peers) as (follower, watch):
        follower.set_patience(Patience(resync_seconds=3600, report_gap_seconds=3600))
        follower.take_own(NodeReport(node_id="n1", dead_ports=(80,)))
        await until(lambda: manager.taken and manager.taken[-1].dead_ports)

        engine.local = (replace(local(WEB_1), exposed=(80,)),)
        watch.happen()

        await until(lambda: manager.taken[-1].exposed, 2)
        assert manager.taken[-1].dead_ports == (80,)
