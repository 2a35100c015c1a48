"""Is who reaches whom shown so that it fits, and ended with the right status?"""

import json
from pathlib import Path

import pytest
import typer.testing

from probes.cli.main import app
from probes.mesh.model import Mesh, NodeMesh, Silent
from probes.model.result import Outcome
from probes.wire import dump_mesh
from tests.probes.cli.documents import served
from tests.probes.mesh.test_fold import look

GOOD = (look("shop_web", "shop_api"), look("shop_api", "shop_db", seconds=0.0042))
BAD = (look("shop_web", "shop_db", Outcome.REFUSED),)


def _probe(folder: Path, mesh: Mesh, *arguments: str) -> typer.testing.Result:
    socket = folder / "agent.sock"
    with served(socket, {"/api/v1/mesh": (200, dump_mesh(mesh))}):
        return typer.testing.CliRunner().invoke(app, ("--agent", str(socket), "mesh", *arguments))


def _mesh(*looks: object, silent: tuple[Silent, ...] = (), left_out: int = 0) -> Mesh:
    node = NodeMesh(node="node1", looks=tuple(looks), left_out=left_out)  # type: ignore[arg-type]
    return Mesh(kind="tcp", nodes=(node,), silent=silent)


def test_a_healthy_mesh_is_a_matrix(tmp_path: Path) -> None:
    """Latencies where there are looks, and the status of what worked."""
    done = _probe(tmp_path, _mesh(*GOOD))

    assert done.exit_code == 0
    assert [line.split() for line in done.output.splitlines()] == [
        ["shop_api", "shop_db"],
        ["shop_api", "-", "4.2", "ms"],
        ["shop_web", "1.0", "ms", "-"],
        ["2", "looks", "from", "1", "nodes,", "0", "of", "2", "pairs", "not", "well"],
    ]


def test_what_fails_is_said_below_it(tmp_path: Path) -> None:
    """With the reason."""
    done = _probe(tmp_path, _mesh(*GOOD, *BAD))

    assert done.exit_code == 1
    assert "refused  shop_web -> shop_db, 1 of 1 fail: shop_db.1 did not" in done.output
    assert "1 of 3 pairs not well" in done.output


@pytest.mark.parametrize(
    ("mesh", "status", "said"),
    [
        (
            _mesh(*GOOD, silent=(Silent(node="node3", why="no route"),)),
            3,
            "node3 did not look: no route",
        ),
        (
            _mesh(*GOOD, left_out=7),
            0,
            "node1 left out 7 looks: there were too many, or they took too long",
        ),
        (_mesh(), 3, "0 looks from 1 nodes"),
    ],
)
def test_what_was_not_looked_at_is_said(tmp_path: Path, mesh: Mesh, status: int, said: str) -> None:
    """Nobody takes silence for health."""
    done = _probe(tmp_path, mesh)

    assert done.exit_code == status
    assert said in done.output


def test_a_script_gets_it_whole(tmp_path: Path) -> None:
    """The worst first, too."""
    done = _probe(tmp_path, _mesh(*GOOD, *BAD), "--json", "--kind", "tcp")

    document = json.loads(done.output)
    assert document["pairs"][0]["destination"] == "shop_db"
    assert document["pairs"][0]["outcome"] == "refused"
    assert document["nodes"] == [{"node": "node1", "looks": 3, "left_out": 0}]


def test_without_an_agent_and_an_engine_the_agent_is_missed(tmp_path: Path) -> None:
    """It is the one that would have answered for all nodes."""
    nobody = ("--agent", f"{tmp_path}/a.sock", "--engine", f"unix://{tmp_path}/e.sock")

    done = typer.testing.CliRunner().invoke(app, (*nobody, "mesh"))

    assert done.exit_code == 3
    assert f"the agent at {tmp_path}/a.sock cannot be asked" in done.output


def test_from_this_node_alone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes one node for all of them."""
    here = NodeMesh(node="node1", looks=GOOD)
    monkeypatch.setattr("probes.cli.mesh.look_from_here", lambda *_: here)

    done = typer.testing.CliRunner().invoke(app, ("--agent", f"{tmp_path}/a.sock", "mesh"))

    assert done.exit_code == 0
    assert "from node1 alone: the agent at " in done.output
    assert "2 looks from 1 nodes" in done.output
