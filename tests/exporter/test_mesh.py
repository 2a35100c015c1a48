"""Does each agent take the looks that it has planned, and is a silent one named?"""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from exporter.mesh import Meshes
from exporter.peers import PeerError
from exporter.view import Source, View
from probes.mesh.model import NodeMesh, Silent
from probes.mesh.take import NoSuchMeshError
from probes.model.probe import Kind, Probe, Target
from probes.model.result import Outcome, Result
from probes.swarm.membership import Membership
from probes.wire import dump_node_mesh
from tests.exporter.test_store import result
from tests.exporter.test_wheel import probe
from tests.probes.mesh.test_fold import look
from tests.swarms import SHOP


def _planned(name: str, kind: Kind, target: Target, *, assumed: bool = False) -> Probe:
    made = probe(name)
    identity = replace(made.id, probe=kind, target=target, network="shop_app")
    return replace(made, id=identity, assumed=assumed)


PLANNED = (
    _planned("api", Kind.TCP, Target.TASK),
    _planned("db", Kind.TCP, Target.TASK, assumed=True),
    _planned("vip", Kind.TCP, Target.VIP),
    _planned("echo", Kind.ICMP, Target.TASK),
    _planned("name", Kind.DNS, Target.NAME),
    _planned("agent", Kind.TCP, Target.NODE),
)


class _Others:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def ask(self, address: IPv4Address, path: str, query: Mapping[str, str]) -> bytes:
        self.asked.append((path, query))
        if str(address).endswith("3"):
            raise PeerError(f"agent on {address} did not answer in time")
        return dump_node_mesh(NodeMesh(node="node2", looks=(look("shop_api", "shop_db"),)))


def _meshes(others: _Others, outcome: Outcome = Outcome.OK) -> Meshes:
    async def run(item: Probe) -> Result:
        return result(item, outcome)

    member = Membership(node_id="n1", address=None, manager=True, managers=())
    view = View(topology=SHOP, source=Source.ENGINE, membership=member)
    return Meshes(lambda: PLANNED, lambda: view, run, others)


@pytest.mark.parametrize(
    ("kind", "looked_at"),
    [("tcp", ["api", "db"]), ("icmp", ["echo"]), ("dns", ["name"]), ("nodes", ["agent"])],
)
async def test_a_kind_is_what_is_planned_of_it(kind: str, looked_at: list[str]) -> None:
    """And nothing else is looked at."""
    mesh = await _meshes(_Others()).own(kind, "")

    assert [item.destination for item in mesh.looks] == looked_at


async def test_what_is_only_assumed_cannot_fail() -> None:
    """Nobody said that anything listens there."""
    mesh = await _meshes(_Others(), Outcome.REFUSED).own("tcp", "shop_app")

    assert [item.destination for item in mesh.looks] == ["api"]


async def test_another_network_has_none_of_them() -> None:
    """And an unknown kind is refused."""
    meshes = _meshes(_Others())

    assert (await meshes.own("tcp", "shop_data")).looks == ()
    with pytest.raises(NoSuchMeshError, match="no mesh of 'http'"):
        await meshes.own("http", "")


async def test_everyone_is_asked_and_who_is_silent_is_named() -> None:
    """The others look at the same."""
    others = _Others()

    mesh = await _meshes(others).everywhere("tcp", "shop_app")

    assert [node.node for node in mesh.nodes] == ["node1", "node2"]
    assert mesh.silent == (Silent(node="node3", why="agent on 198.18.0.13 did not answer in time"),)
    assert {path for path, _ in others.asked} == {"/api/v1/mesh"}
    assert others.asked[0][1] == {"kind": "tcp", "network": "shop_app"}
