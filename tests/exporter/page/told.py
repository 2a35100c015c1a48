"""What do agents tell when all is well? Summaries for tests of the page's parts."""

from dataclasses import replace
from typing import Any

from exporter.page.summary import Counted, Pair, Summary, Way
from exporter.page.swarm import Silent, Swarm
from exporter.view import Source
from probes.findings import fdb
from probes.model.finding import Evidence, HeldFinding, Subject
from probes.model.topology import Topology
from tests.swarms import SHOP

NOW = 1_000_000.0


def summary(node: str = "node1", **more: Any) -> Summary:
    """Make what the agent of a node tells."""
    made = Summary(
        node=node,
        version="0.1.0",
        at=NOW,
        source=Source.ENGINE,
        topology_read_at=NOW - 8,
        topology_error="",
        config_error="",
        probes=10,
        left_out=0,
        failed=0,
        unknown=0,
        audited_at=NOW - 2,
    )
    return replace(made, **more)


def swarm(*summaries: Summary, topology: Topology = SHOP, silent: tuple[Silent, ...] = ()) -> Swarm:
    """Make what was gathered."""
    return Swarm(topology=topology, summaries=summaries or (summary(),), silent=silent, now=NOW)


def counted(
    probes: int = 6,
    *,
    failed: int = 0,
    unknown: int = 0,
    seconds: float | None = 0.0004,
    why: str = "",
) -> Counted:
    """Make what came last of some probes."""
    return Counted(probes=probes, failed=failed, unknown=unknown, seconds=seconds, why=why)


def pair(source: str, destination: str, of: Counted | None = None) -> Pair:
    """Make a pair of which all is well, unless *of* says otherwise."""
    return Pair(source=source, destination=destination, counted=of or counted())


def way(node: str, of: Counted | None = None, *, overlay: bool = False) -> Way:
    """Make a way to another node."""
    return Way(node=node, overlay=overlay, counted=of or counted(1))


def held(since: float = NOW - 60, remedy: str = "") -> HeldFinding:
    """Make a finding that lasted."""
    finding = fdb.MISSING.found(
        Subject(network="shop_app", service="shop_api", task="shop_api.2"),
        Evidence(what="forwarding entry", expected="198.18.0.12", actual="none"),
    )
    return HeldFinding(
        finding=finding,
        since=since,
        severity=fdb.MISSING.severity,
        meaning=fdb.MISSING.meaning,
        remedy=remedy or fdb.MISSING.remedy_of(finding, "node1"),
        references=(),
    )
