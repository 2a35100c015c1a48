"""What does the status page of a large Swarm cost: to wait for, to send, and to the probes?

100 services in ten stacks on 50 nodes, whose 49 other agents answer over HTTP from another
process; `python -m benchmarks.status_page [PAGES]`; needs no lab.
"""

import asyncio
import gc
import gzip
import multiprocessing
import resource
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from exporter.front import Front
from exporter.history import PathHistory
from exporter.page.summary import dump_summary
from exporter.peers import SUMMARY_PATH, Peers
from exporter.web.app import make_app
from probes.model.probe import Kind, Probe, ProbeId, Target, TcpLook
from probes.model.result import Outcome
from probes.model.topology import Topology
from probes.model.vantage import HOST
from probes.runner import run
from tests.exporter.synthetic.fleet import Fleet
from tests.exporter.synthetic.topologies import large

OWN = "node01"
#: Longer than anything is kept, so that each page is made anew.
PAUSE_SECONDS = 2.6
TICK_SECONDS = 0.001
#: As a budget of a hundred probes a second would have it.
PROBE_PAUSE_SECONDS = 0.01


@dataclass
class Agent:
    """What the pages need of an agent."""

    front: Front
    token: str = ""


def main() -> None:
    """Print what a page takes when it is made anew, and when somebody else looked just before."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    now = time.time()
    topology = _at_home(large())
    fleet = Fleet(topology, now)
    fleet.run(now)
    documents = asyncio.run(_documents(fleet, topology))
    probes = sum(len(fleet.probes(node.name)) for node in topology.nodes)
    print(f"{len(topology.services)} services, {len(topology.nodes)} nodes, {probes} probes")
    print(f"a summary between agents: {max(map(len, documents.values())) / 1000:.0f} kB at most")
    port = _free_port()
    others = multiprocessing.Process(target=_serve_others, args=(port, documents), daemon=True)
    others.start()
    gc.collect()
    gc.freeze()  # what the other 49 agents know is no part of this one
    asyncio.run(_measure(fleet, port, pages))
    others.terminate()
    _print_history()


async def _measure(fleet: Fleet, port: int, pages: int) -> None:
    async with _page_of(fleet, port) as (session, address):
        await _wait_for_others(session, address)
        before = _resident_mib()
        quiet = await _lag_ms(asyncio.sleep(1.0))
        alone = await _probed(asyncio.sleep(PAUSE_SECONDS * pages))
        watched = await _probed(_watch(session, address, pages))
        anew: list[float] = []
        kept: list[float] = []
        lags: list[float] = []
        for _ in range(pages):
            await asyncio.sleep(PAUSE_SECONDS)
            first: list[float] = []
            lags.append(await _lag_ms(_first_byte(session, address, first)))
            anew.append(first[0])
            await _first_byte(session, address, kept)
        async with session.get(address) as answer:
            body = await answer.read()
    packed = gzip.compress(body, compresslevel=5)
    print(f"time to first byte, made anew: {_told(anew)} (aim: below 200 ms)")
    print(f"time to first byte, made for somebody else: {_told(kept)}")
    print(
        f"weight: {len(body) / 1000:.0f} kB (aim: below 300 kB), {len(packed) / 1000:.0f} kB gzip"
    )
    print(f"the probes' loop was held up for {max(lags):.0f} ms at most; {quiet:.0f} ms without")
    print(f"TCP probes, 100 a second, nobody looking: {alone}")
    print(f"the same, a page made anew every {PAUSE_SECONDS:g} s: {watched}")
    print(f"memory: {_resident_mib() - before:.1f} MiB more at most")


def _print_history() -> None:
    before = _resident_mib()
    paths = 10_000
    kept = [PathHistory() for _ in range(paths)]
    print(f"the last hour of {len(kept)} paths: {_resident_mib() - before:.1f} MiB")


def _told(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms, {max(seconds) * 1000:.0f} ms at worst"


async def _first_byte(session: aiohttp.ClientSession, address: str, took: list[float]) -> None:
    began = time.perf_counter()
    async with session.get(address) as answer:
        await answer.content.readany()
        took.append(time.perf_counter() - began)
        await answer.read()


async def _lag_ms(work: Coroutine[Any, Any, None]) -> float:
    """Do *work* on the loop that the probes would be on, and find how long it was held up."""
    done = asyncio.create_task(work)
    worst = 0.0
    while not done.done():
        began = time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        worst = max(worst, time.perf_counter() - began - TICK_SECONDS)
    await done
    return worst * 1000


async def _watch(session: aiohttp.ClientSession, address: str, pages: int) -> None:
    """Look as a browser does that is left open."""
    for _ in range(pages):
        await _first_byte(session, address, [])
        await asyncio.sleep(PAUSE_SECONDS)


async def _probed(work: Coroutine[Any, Any, None]) -> str:
    """Probe a port of another process while *work* is done; tell how the probes fared."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        server = multiprocessing.Process(target=_accept, args=(listening,), daemon=True)
        server.start()
        probe = _tcp_probe(listening.getsockname()[1])
    done = asyncio.create_task(work)
    results = [await run(probe)]
    while not done.done():
        await asyncio.sleep(PROBE_PAUSE_SECONDS)
        results.append(await run(probe))
    await done
    server.terminate()
    took = sorted(result.seconds * 1000 for result in results)
    by_kernel = sorted((result.observed.rtt_seconds or 0) * 1000 for result in results)
    failed = sum(result.outcome is not Outcome.OK for result in results)
    return (
        f"{failed} of {len(results)} failed; median {statistics.median(took):.2f} ms, "
        f"p99 {took[len(took) * 99 // 100]:.2f} ms, most {took[-1]:.2f} ms; "
        f"by the kernel's clock p99 {by_kernel[len(took) * 99 // 100]:.3f} ms"
    )


def _tcp_probe(port: int) -> Probe:
    look = TcpLook(address=IPv4Address("127.0.0.1"), port=port)
    of = ProbeId(
        probe=Kind.TCP,
        target=Target.STATIC,
        network="",
        source_service="",
        source_node=OWN,
        destination_service="",
    )
    return Probe(id=of, look=look, vantage=HOST, interval_seconds=1, timeout_seconds=1)


def _accept(listening: socket.socket) -> None:
    while True:
        listening.accept()[0].close()


@asynccontextmanager
async def _page_of(fleet: Fleet, port: int) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    async with Peers(port, lambda: "") as peers:
        agent = Agent(fleet.front_to(OWN, peers))
        async with (
            TestServer(make_app(agent)) as server,  # type: ignore[arg-type]
            aiohttp.ClientSession() as session,
        ):
            yield session, str(server.make_url("/"))


async def _wait_for_others(session: aiohttp.ClientSession, address: str) -> None:
    for _ in range(10):
        async with session.get(address) as answer:
            if "50 of 50 agents answered" in await answer.text():
                return
        await asyncio.sleep(PAUSE_SECONDS)
    raise SystemExit("the other agents do not answer")


async def _documents(fleet: Fleet, topology: Topology) -> Mapping[str, bytes]:
    return {
        str(node.address): dump_summary(await fleet.front(node.name).summary())
        for node in topology.nodes
    }


def _serve_others(port: int, documents: Mapping[str, bytes]) -> None:
    async def summary(request: web.Request) -> web.Response:
        body = documents[request.host.partition(":")[0]]
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.add_routes([web.get(SUMMARY_PATH, summary)])
    web.run_app(app, host="0.0.0.0", port=port, print=lambda *_: None, access_log=None)  # noqa: S104 -- the whole of 127.0.0.0/8


def _at_home(topology: Topology) -> Topology:
    """Put every node's agent on an address of this machine's loopback."""
    home = IPv4Address("127.0.1.0")
    nodes = tuple(
        replace(node, address=home + number) for number, node in enumerate(topology.nodes, 1)
    )
    return replace(topology, nodes=nodes)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _resident_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
