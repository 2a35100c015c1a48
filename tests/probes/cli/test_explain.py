"""Does `probe explain` draw the way, say what is wrong, and end with the right status?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from probes.cli.explain import question_of, status_of
from probes.cli.main import app
from probes.looks.errors import UsageError
from probes.looks.names import Directory
from probes.model.path import Hop, Mark, Walk
from probes.wire import dump_topology, dump_walk
from tests.probes.cli.documents import Documents, served
from tests.swarms import API_1, API_2, DB, DB_1, SHOP, WEB_1, local, with_task

NOT_A_MANAGER = {"message": "This node is not a swarm manager."}
SOURCE = Hop(name="source", place="shop_web.1 on node1", mark=Mark.OK, saw="runs")
NAME = replace(SOURCE, name="name", saw="shop_api is 10.0.1.22")
ROW = Hop(
    name="forwarding entry",
    place="overlay shop_app on node1",
    mark=Mark.BROKEN,
    saw="fdb: expected a row, found none",
    why="On node1 (shop_api.2): Frames for a running task are dropped here.",
    remedy="docker service update --force shop_api",
    code="fdb_missing",
)
UNSEEN = Hop(name="other half", place="node2", mark=Mark.UNKNOWN, saw="its agent: refused")


def walk(*hops: Hop, works: bool = False) -> Walk:
    return Walk(source="shop_web.1 on node1", destination="shop_api:80", works=works, hops=hops)


@contextmanager
def worker(folder: Path, answer: tuple[int, Any]) -> Iterator[tuple[str, ...]]:
    """Options that lead to a worker's Engine, and to an agent that explains."""
    engine, agent = folder / "docker.sock", folder / "agent.sock"
    documents: Documents = {
        "/version": (200, {"ApiVersion": "1.41"}),
        "/info": (200, {"Swarm": {"LocalNodeState": "active", "NodeID": "n1"}}),
        "/nodes": (503, NOT_A_MANAGER),
        "/containers/json": (200, []),
    }
    pages: Documents = {
        "/api/v1/topology": (200, dump_topology(SHOP)),
        "/api/v1/explain": answer,
    }
    with served(engine, documents), served(agent, pages):
        yield ("--engine", f"unix://{engine}", "--agent", str(agent))


def probe(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(app, arguments)


def test_a_way_is_drawn_up_to_where_it_stops(tmp_path: Path) -> None:
    """What is well at one place is one line; then the cause, and a command."""
    with worker(tmp_path, (200, dump_walk(walk(SOURCE, NAME, ROW)))) as options:
        done = probe(*options, "explain", "shop_web", "shop_api:80")

    assert done.exit_code == 1
    broken = "overlay shop_app on node1  fdb: expected a row, found none (fdb_missing)"
    assert done.output.splitlines() == [
        "shop_web.1 on node1 -> shop_api:80",
        "  ok      source, name      shop_web.1 on node1        runs; shop_api is 10.0.1.22",
        f"  BROKEN  forwarding entry  {broken}",
        "cause: On node1 (shop_api.2): Frames for a running task are dropped here.",
        "try:   docker service update --force shop_api",
    ]


def test_the_document_has_every_hop(tmp_path: Path) -> None:
    """For scripts, with the cause and the command."""
    with worker(tmp_path, (200, dump_walk(walk(SOURCE, NAME, ROW)))) as options:
        done = probe(*options, "explain", "shop_web", "shop_api:80", "--json")

    document = json.loads(done.output)
    assert done.exit_code == 1
    assert [hop["name"] for hop in document["hops"]] == ["source", "name", "forwarding entry"]
    assert (document["version"], document["works"]) == (1, False)
    assert (document["cause"], document["remedy"]) == (ROW.why, ROW.remedy)
    assert document["hops"][2]["code"] == "fdb_missing"


@pytest.mark.parametrize(
    ("told", "status", "said"),
    [
        (walk(SOURCE, works=True), 0, "It works, and every hop looks as it should."),
        (walk(SOURCE, UNSEEN, works=True), 0, "not everything on the way could be looked at"),
        (
            walk(replace(ROW, mark=Mark.DOUBTFUL), works=True),
            0,
            "cause: It works, but: On node1 (shop_api.2)",
        ),
        (walk(SOURCE, ROW), 1, "cause: On node1"),
        (walk(SOURCE, UNSEEN, ROW), 1, "cause: On node1"),
        (walk(SOURCE, UNSEEN), 3, "since this could not be looked at: other half."),
        (walk(SOURCE), 1, "It does not answer, although every hop looks as it should."),
    ],
)
def test_the_status_tells_works_broken_and_could_not_look(
    tmp_path: Path, told: Walk, status: int, said: str
) -> None:
    """As every command does."""
    with worker(tmp_path, (200, dump_walk(told))) as options:
        done = probe(*options, "explain", "shop_web", "shop_api:80")

    assert done.exit_code == status == status_of(told)
    assert said in done.output


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((503, {"message": "no topology yet"}), "503"),
        ((404, {"message": "the Swarm has no task"}), "404"),
        ((200, {"hops": 1}), "told no way"),
    ],
)
def test_an_agent_that_cannot_explain_is_status_3(
    tmp_path: Path, answer: tuple[int, Any], message: str
) -> None:
    """With what it said instead."""
    with worker(tmp_path, answer) as options:
        done = probe(*options, "explain", "shop_web", "shop_api:80")

    assert done.exit_code == 3
    assert message in done.output


@pytest.mark.parametrize(
    ("source", "destination", "message"),
    [
        ("shop_wbe", "shop_api", "no service or task 'shop_wbe'; did you mean shop_web?"),
        ("shop_web", "shop_ap:80", "did you mean shop_api?"),
        ("shop_web", "shop_api:eighty", "'eighty' is no port"),
        ("shop_web", "shop_api:65536", "is no port"),
        ("shop_web", "10.0.1.22:80", "10.0.1.22 is an address, write shop_api.2: a way is"),
        ("10.0.1.10", "shop_api", "10.0.1.10 is an address, write shop_web: a way is"),
        ("shop_web", "192.0.2.1", "and nothing in the Swarm has it"),
        ("shop_web", "a;b", "'a;b' is no name"),
    ],
)
def test_names_that_lead_nowhere_are_status_2(
    tmp_path: Path, source: str, destination: str, message: str
) -> None:
    """With what may have been meant."""
    with worker(tmp_path, (500, {})) as options:
        done = probe(*options, "explain", source, destination)

    assert done.exit_code == 2
    assert message in done.output


def test_a_task_on_this_node_is_asked_first() -> None:
    """Else any that runs; a port that is the only one known is meant."""
    directory = Directory(SHOP)

    here = question_of(directory, [local(API_2)], "shop_api", "shop_db")
    elsewhere = question_of(directory, [], "shop_api", "shop_web:8080")
    to_task = question_of(directory, [], "shop_web.1", "shop_api.2")

    assert (here.source_task, here.destination_service, here.port) == (API_2.id, DB.id, 5432)
    assert (elsewhere.source_task, elsewhere.port) == (API_1.id, 8080)
    assert (to_task.source_task, to_task.destination_task, to_task.port) == (
        WEB_1.id,
        API_2.id,
        None,
    )


def test_a_source_without_tasks_cannot_be_looked_from() -> None:
    """Ended ones will do: that they do not run is the answer then."""
    ended = replace(DB_1, state="failed")
    none = replace(SHOP, tasks=tuple(task for task in SHOP.tasks if task != DB_1))

    assert question_of(Directory(with_task(SHOP, ended)), [], "shop_db", "shop_api").source_task
    with pytest.raises(UsageError, match="shop_db has no task to look from"):
        question_of(Directory(none), [], "shop_db", "shop_api")
