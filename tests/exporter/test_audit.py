"""Does the agent audit round after round, and show what lasts?"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from exporter.audit import Auditor, AuditState, Observed, describe
from exporter.findings import findings_everywhere, own_findings
from exporter.peers import PeerError
from exporter.view import Source, View
from probes.intent.labels import read_labels
from probes.model.reading import NodeReading
from probes.swarm.membership import Membership
from tests.probes.audit.test_fdb import HEALTHY, HERE, SWARM
from tests.waiting import until

MEMBERSHIP = Membership(
    node_id=HERE.id, address=HERE.address, manager=True, managers=(IPv4Address("198.18.0.11"),)
)
LOST = replace(HEALTHY, fdb=HEALTHY.fdb[1:])


class Clock:
    """A Swarm, and a time that passes as the test says."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.reading = NodeReading(namespaces=(HEALTHY,))

    def time(self) -> float:
        self.now += 10.0
        return self.now

    async def observe(self) -> Observed:
        topology = replace(SWARM, read_at=self.now)
        return Observed(
            view=View(source=Source.ENGINE, topology=topology, membership=MEMBERSHIP),
            intent=read_labels(topology.services),
            reading=self.reading,
            results=(),
        )


async def _rounds(auditor: Auditor, number: int) -> AuditState:
    """Let the auditor make so many more rounds."""
    wanted = auditor.state.rounds + number
    task = asyncio.create_task(auditor.run())
    await until(lambda: auditor.state.rounds >= wanted)
    task.cancel()
    return auditor.state


def _fdb(state: AuditState) -> list[str]:
    """List what was held of this family; others have nothing to read here."""
    return [item.finding.code for item in state.held if item.finding.code.startswith("fdb")]


async def test_what_lasts_is_held_and_what_is_gone_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A lost row, after its hold; told once in the log, and forgotten when it is back."""
    clock = Clock()
    auditor = Auditor(clock.observe, 0.001, clock=clock.time)
    assert _fdb(await _rounds(auditor, 6)) == []

    clock.reading = NodeReading(namespaces=(LOST,))
    state = await _rounds(auditor, 6)
    assert _fdb(state) == ["fdb_missing"]
    (held,) = (item for item in state.held if item.finding.code == "fdb_missing")
    assert held.remedy == "docker service update --force shop_web"
    assert "fdb_missing (network shop_app, service shop_web" in describe(held)
    assert sum("found fdb_missing" in line for line in caplog.messages) == 1

    clock.reading = NodeReading(namespaces=(HEALTHY,))
    assert _fdb(await _rounds(auditor, 2)) == []


async def test_where_there_is_no_swarm_nothing_is_audited() -> None:
    """A standalone agent has nothing to compare."""
    asked = 0

    async def nothing() -> Observed:
        nonlocal asked
        asked += 1
        intent = read_labels(())
        return Observed(view=View(), intent=intent, reading=NodeReading(), results=())

    auditor = Auditor(nothing, 0.001)
    task = asyncio.create_task(auditor.run())
    await until(lambda: asked >= 3)
    task.cancel()

    assert auditor.state.rounds == 0


async def test_a_node_that_the_topology_does_not_know_is_no_finding() -> None:
    """Every check stays without an answer until it does."""
    clock = Clock()

    async def stranger() -> Observed:
        seen = await clock.observe()
        return replace(seen, view=replace(seen.view, membership=replace(MEMBERSHIP, node_id="n9")))

    state = await _rounds(Auditor(stranger, 0.001), 2)

    assert state.held == ()
    assert {item.where for item in state.unanswered} == {"topology"}


async def test_a_node_that_goes_down_is_told_while_it_changes() -> None:
    """The change is the fault: to wait until all has come to rest would be to wait in vain."""
    clock = Clock()
    down = replace(SWARM, nodes=(*SWARM.nodes[:2], replace(SWARM.nodes[2], state="down")))
    leader = replace(SWARM.nodes[0], manager=True, leader=True, reachability="reachable")

    async def losing_a_node() -> Observed:
        seen = await clock.observe()
        nodes = (leader, *(down if clock.now > 1_000_100 else SWARM).nodes[1:])
        topology = replace(seen.view.topology, nodes=nodes)
        return replace(seen, view=replace(seen.view, topology=topology))

    auditor = Auditor(losing_a_node, 0.001, clock=clock.time)
    assert "control_node_down" not in _codes(await _rounds(auditor, 9))

    assert "control_node_down" in _codes(await _rounds(auditor, 6))


def _codes(state: AuditState) -> list[str]:
    return [item.finding.code for item in state.held]


class FakePeers:
    """Other agents, of whom one is silent."""

    async def findings(self, address: IPv4Address) -> Mapping[str, Any]:
        if str(address).endswith("3"):
            raise PeerError(f"agent on {address} did not answer in time")
        return {"node": "node2", "findings": []}


async def test_all_nodes_are_asked_and_the_silent_named() -> None:
    """One document, each node's in it, and why one is missing."""
    view = View(source=Source.ENGINE, topology=SWARM, membership=MEMBERSHIP)

    told = await findings_everywhere(view, AuditState(rounds=1), FakePeers())

    assert [document["node"] for document in told["nodes"]] == ["node1", "node2"]
    assert told["nodes"][0] == own_findings(AuditState(rounds=1), "node1")
    assert [item["node"] for item in told["unreachable"]] == ["node3"]
