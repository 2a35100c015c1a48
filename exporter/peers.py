"""How do agents tell each other what only some of them can see?

Managers' agents read the topology; all others fetch it from them over the underlay, and tell them
what only they see of their own node. A shared token, from a Swarm secret, opens the door.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from ipaddress import IPv4Address
from typing import Any, Self

import aiohttp

from probes.model.topology import NodeReport, Topology
from probes.wire import dump_report, load_topology

TOPOLOGY_PATH = "/api/v1/topology"
REPORTS_PATH = "/api/v1/reports"
FINDINGS_PATH = "/api/v1/findings"
EXPLAIN_PATH = "/api/v1/explain"
#: The other half of an explanation: what the destination's node knows.
FAR_PATH = "/api/v1/explain/far"
#: What the page for people shows of one node, and of one pair of services there.
SUMMARY_PATH = "/api/v1/summary"
PAIR_PATH = "/api/v1/pair"
#: A look for a scrape, as a module of blackbox_exporter's says.
PROBE_PATH = "/probe"
#: How long Prometheus waits for a scrape; its own header.
SCRAPE_TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
#: Says that another agent asks, so that what it wants is not sent on for ever.
FORWARDED_HEADER = "Swarmscope-Forwarded"
#: Tables of what is there.
STATE_PATH = "/api/v1/state"
#: A round of looks, taken now.
MESH_PATH = "/api/v1/mesh"
#: What every node tells the doctor, and what one node does.
DOCTOR_PATH = "/api/v1/doctor"
DOCTOR_NODE_PATH = "/api/v1/doctor/node"
CONFIGURATION_PATH = "/api/v1/doctor/configuration"
#: Response header: unix seconds at which a manager's Engine was last read.
READ_AT_HEADER = "Swarmscope-Read-At"

_ANSWER_WITHIN_SECONDS = 5
#: When it has to look at something first.
_WORKS_WITHIN_SECONDS = 20
#: The other agent's socket answers at once where there is one.
_CONNECTS_WITHIN_SECONDS = 2
#: 5,000 tasks take about 2 MiB.
_MOST_BYTES = 64 * 1024 * 1024


class PeerError(Exception):
    """Another agent could not be asked; the message names it and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a manager's agent answered; the topology is None when ours is still the newest."""

    topology: Topology | None
    version: str
    read_at: float


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it is sent on."""

    status: int
    content_type: str
    text: str


class Peers:
    """The other agents, all on one port; use as an async context manager."""

    def __init__(self, port: int, token: Callable[[], str]) -> None:
        self._port = port
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("enter the context first")
        return self._session

    @property
    def _authorization(self) -> dict[str, str]:
        """Show the token, asked for each time, since a reload may change it."""
        return {"Authorization": f"Bearer {self._token()}"}

    def _url(self, address: IPv4Address, path: str) -> str:
        return f"http://{address}:{self._port}{path}"

    async def topology(self, address: IPv4Address, version: str, wait_seconds: float) -> Fetched:
        """Fetch the topology; the other agent holds the answer until it is not *version*."""
        timeout = aiohttp.ClientTimeout(total=wait_seconds + _ANSWER_WITHIN_SECONDS)
        with _translated(address):
            async with self._open.get(
                self._url(address, TOPOLOGY_PATH),
                params={"wait": f"{wait_seconds:g}"},
                headers={**self._authorization, "If-None-Match": f'"{version}"'},
                timeout=timeout,
            ) as response:
                if response.status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
                    reason = (await response.text())[:200].strip()
                    raise PeerError(f"agent on {address}: {response.status} {reason}")
                if (response.content_length or 0) > _MOST_BYTES:
                    raise PeerError(f"agent on {address}: the topology is over {_MOST_BYTES} bytes")
                body = await response.read()
                read_at = float(response.headers.get(READ_AT_HEADER, "0"))
                etag = response.headers.get("ETag", "").strip('"')
            if response.status == HTTPStatus.NOT_MODIFIED:
                return Fetched(topology=None, version=version, read_at=read_at)
            topology = replace(load_topology(body), read_at=read_at)
        return Fetched(topology=topology, version=etag, read_at=read_at)

    async def report(self, address: IPv4Address, report: NodeReport) -> None:
        """Tell a manager's agent what we see of our node."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_WITHIN_SECONDS)
        with _translated(address):
            async with self._open.put(
                self._url(address, REPORTS_PATH),
                data=dump_report(report),
                headers=self._authorization,
                timeout=timeout,
            ) as response:
                await _expect_ok(address, response)

    async def findings(self, address: IPv4Address) -> Mapping[str, Any]:
        """Fetch what another node's audit found, as its agent describes it."""
        timeout = aiohttp.ClientTimeout(total=_ANSWER_WITHIN_SECONDS)
        with _translated(address):
            async with self._open.get(
                self._url(address, FINDINGS_PATH),
                headers=self._authorization,
                timeout=timeout,
            ) as response:
                await _expect_ok(address, response)
                document: Mapping[str, Any] = await response.json()
                return document

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes:
        """GET a page of another node's agent that takes it some seconds to make."""
        timeout = aiohttp.ClientTimeout(total=_WORKS_WITHIN_SECONDS)
        with _translated(address):
            async with self._open.get(
                self._url(address, path),
                params=query,
                headers=self._authorization,
                timeout=timeout,
            ) as response:
                await _expect_ok(address, response)
                return await response.read()

    async def post(
        self, address: IPv4Address, path: str, body: bytes, within_seconds: float
    ) -> bytes:
        """POST a document to another node's agent, and read its answer."""
        timeout = aiohttp.ClientTimeout(total=within_seconds, sock_connect=_CONNECTS_WITHIN_SECONDS)
        with _translated(address):
            async with self._open.post(
                self._url(address, path),
                data=body,
                headers={**self._authorization, "Content-Type": "application/json"},
                timeout=timeout,
            ) as response:
                await _expect_ok(address, response)
                return await response.read()

    async def probe(
        self, address: IPv4Address, query: Mapping[str, str], timeout_seconds: float
    ) -> Told:
        """Have another node's agent probe, for so long at most."""
        most = timeout_seconds + _ANSWER_WITHIN_SECONDS
        headers = {
            **self._authorization,
            SCRAPE_TIMEOUT_HEADER: f"{most:g}",
            FORWARDED_HEADER: "1",
        }
        with _translated(address):
            async with self._open.get(
                self._url(address, PROBE_PATH),
                params=query,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=most),
            ) as response:
                content_type = response.headers.get("Content-Type", "")
                return Told(response.status, content_type, await response.text())


async def _expect_ok(address: IPv4Address, response: aiohttp.ClientResponse) -> None:
    if not response.ok:
        reason = (await response.text())[:200].strip()
        raise PeerError(f"agent on {address}: {response.status} {reason}")


@contextmanager
def _translated(address: IPv4Address) -> Iterator[None]:
    try:
        yield
    except TimeoutError as exc:
        raise PeerError(f"agent on {address} did not answer in time") from exc
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        raise PeerError(f"agent on {address}: {exc}") from exc
