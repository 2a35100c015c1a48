"""Does `probe audit` show what the agents found, and end with the right status?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from probes.cli.main import app
from tests.probes.cli.documents import served

FINDING = {
    "code": "fdb_missing",
    "severity": "critical",
    "subject": {
        "network": "shop_app",
        "service": "shop_web",
        "task": "shop_web.2",
        "peer": "node2",
        "item": "10.0.1.4",
    },
    "since": 1.0,
    "meaning": "Frames for a running task are dropped here.",
    "evidence": [{"what": "fdb", "expected": "02:42:0a:00:01:04 self", "actual": "none"}],
    "remedy": "docker service update --force shop_web",
    "references": ["moby#52661"],
}
OPEN = {"check": "fdb", "where": "overlay shop_app", "why": "no permission"}


def node(name: str, **said: Any) -> dict[str, Any]:
    """Make what one agent tells; nothing wrong unless *said*."""
    clean = {"findings": [], "unanswered": [], "pending": 0, "rounds": 9, "at": 1.0, "version": 1}
    return {"node": name, **clean, **said}


@contextmanager
def agent(folder: Path, document: Any) -> Iterator[tuple[str, ...]]:
    """Serve what an agent tells; options that lead to it."""
    socket = folder / "agent.sock"
    with served(socket, {"/api/v1/findings": (200, document)}):
        yield ("--agent", str(socket), "audit")


def probe(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(app, arguments)


def test_a_finding_is_shown_with_everything(tmp_path: Path) -> None:
    """What, about what, evidence, remedy and reference; and the status is 1."""
    with agent(tmp_path, node("node1", findings=[FINDING])) as options:
        done = probe(*options)

    assert done.exit_code == 1
    for part in (
        "node1: 1 finding",
        "fdb_missing  network shop_app, service shop_web, task shop_web.2, node node2, 10.0.1.4",
        "fdb: expected 02:42:0a:00:01:04 self; found none",
        "try: docker service update --force shop_web",
        "see: moby#52661",
    ):
        assert part in done.output


@pytest.mark.parametrize(
    ("document", "status", "said"),
    [
        (node("node1"), 0, "node1: nothing found"),
        (node("node1", pending=2), 0, "2 that have not lasted yet"),
        (node("node1", unanswered=[OPEN]), 3, "could not look at overlay shop_app (fdb): no perm"),
        (node("node1", rounds=0), 3, "not looked at yet"),
        (node("node1", findings=[FINDING], unanswered=[OPEN]), 1, "could not look"),
    ],
)
def test_the_status_tells_clean_found_and_could_not_look(
    tmp_path: Path,
    document: Any,
    status: int,
    said: str,
) -> None:
    """0, 1 and 3."""
    with agent(tmp_path, document) as options:
        done = probe(*options)

    assert done.exit_code == status
    assert said in done.output


def everywhere() -> dict[str, Any]:
    return {
        "version": 1,
        "nodes": [node("node1"), node("node2", findings=[FINDING])],
        "unreachable": [{"node": "node3", "why": "did not answer in time"}],
    }


def test_all_nodes_are_shown_and_the_silent_named(tmp_path: Path) -> None:
    """A finding anywhere counts."""
    with agent(tmp_path, everywhere()) as options:
        done = probe(*options, "--all")

    assert done.exit_code == 1
    assert "node1: nothing found" in done.output
    assert "node2: 1 finding" in done.output
    assert "node3: cannot be asked: did not answer in time" in done.output


@pytest.mark.parametrize(("name", "status"), [("node1", 0), ("node2", 1), ("node3", 3)])
def test_one_other_node_alone(tmp_path: Path, name: str, status: int) -> None:
    """Its own findings, and no other's."""
    with agent(tmp_path, everywhere()) as options:
        done = probe(*options, "--node", name)

    assert done.exit_code == status
    assert (
        all(f"node{n}" not in done.output for n in "123" if f"node{n}" != name) or name == "node2"
    )


def test_an_unknown_node_is_wrong_usage(tmp_path: Path) -> None:
    """With the names that there are."""
    with agent(tmp_path, everywhere()) as options:
        done = probe(*options, "--node", "node9")

    assert done.exit_code == 2
    assert "there is no node 'node9': there are node1, node2, node3" in done.output


def test_json_is_the_agents_own_document(tmp_path: Path) -> None:
    """In one shape for one node and for all."""
    with agent(tmp_path, node("node1", findings=[FINDING])) as options:
        done = probe(*options, "--json")

    assert done.exit_code == 1
    document = json.loads(done.output)
    assert document["nodes"] == [node("node1", findings=[FINDING])]
    assert document["unreachable"] == []


def test_without_an_agent_one_cannot_look(tmp_path: Path) -> None:
    """And is told where one can."""
    done = probe("--agent", str(tmp_path / "none.sock"), "audit")

    assert done.exit_code == 3
    assert "docker exec AGENT probe" in done.output


def test_what_is_no_document_is_told(tmp_path: Path) -> None:
    """Somebody else may listen on the socket."""
    with agent(tmp_path, b"hello") as options:
        done = probe(*options)

    assert done.exit_code == 3
    assert "told no findings" in done.output
