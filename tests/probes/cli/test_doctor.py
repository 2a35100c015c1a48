"""Does `probe doctor` print its steps and causes, and end with the right status?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.testing

from probes.cli.main import app
from probes.doctor.case import Case, Counted, Silence
from probes.doctor.wire import dump_case
from probes.model.finding import Subject
from probes.model.probe import Target
from tests.probes.cli.documents import Documents, served
from tests.probes.doctor.cases import NOW, case, failing, held, told

INFO = {
    "Name": "node1",
    "ServerVersion": "26.1.5",
    "OperatingSystem": "Debian GNU/Linux 12",
    "KernelVersion": "6.1.0",
    "NCPU": 2,
    "Swarm": {
        "LocalNodeState": "active",
        "ControlAvailable": True,
        "NodeID": "n1",
        "NodeAddr": "198.18.0.11",
    },
}
NOT_A_MANAGER = {"message": "This node is not a swarm manager."}
SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "doctor.json"

HEALTHY = """\
ok     engine           Docker 26.1.5 on Debian GNU/Linux 12, kernel 6.1.0; a manager at 198.18.0.11
ok     agent here       version 0.1.0 on node1, its topology is 8 s old
ok     nodes            3 of 3 agents answer; 1 of 3 are managers; clocks agree within 5 s
ok     underlay         6 looks from node to node, none fails; the checks found nothing
ok     control plane    the checks found nothing
ok     overlays         6 ways between nodes, all carry something; the checks found nothing
ok     names            36 looks at names, none fails; the checks found nothing
ok     virtual IPs      no looks at virtual IPs; the checks found nothing
ok     services         60 looks at tasks, none fails; the checks found nothing
ok     published ports  no looks at published ports; the checks found nothing
ok     hosts            the checks found nothing

Healthy: nothing is wrong with engine, agent here, nodes, underlay, control plane, overlays, \
names, virtual IPs, services, published ports, hosts.
"""

CLOSED_AND_DOWN = """\
1. service_unreachable  service shop_api, port 8080  (critical, for 31 s)
   A service runs, and nobody gets an answer from it: nothing listens on the port.
   saw: tcp shop_web on node1 -> shop_api.1 on node2 8080 over shop_app (task): refused
   explains 1 of what is wrong.
   try: docker service ps --no-trunc shop_api; docker service logs --tail 20 shop_api
   next: probe explain shop_web shop_api:8080
   see: docs/runbooks/SwarmServiceUnreachable.md

2. control_node_down  node3  (critical, for 2 min)
   A node is down: its tasks are lost, and what fails towards it fails for that reason.
   saw: row: expected one; found none (told by node1)
   try: docker node ps node3; ping -c 3 198.18.0.13  # then, on node3: systemctl status docker
   next: probe audit --all
   see: swarmkit manager/dispatcher, moby#36696

Not well: 2 likely causes.
"""


def probe(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(app, arguments)


@contextmanager
def node(
    folder: Path,
    told_by_agent: Case | bytes | None,
    info: dict[str, Any] | None = INFO,
    engine: Documents | None = None,
    pages: Documents | None = None,
) -> Iterator[tuple[str, ...]]:
    """Serve an Engine, and an agent with *pages* more; options that lead to them. None: nobody."""
    sockets = folder / "docker.sock", folder / "agent.sock"
    options = (
        *("--engine", f"unix://{sockets[0]}", "--agent", str(sockets[1])),
        *("--netns-folder", str(folder / "netns"), "doctor"),
    )
    documents = {
        "/version": (200, {"ApiVersion": "1.45", "Version": "26.1.5"}),
        "/info": (200, info),
    }
    body = dump_case(told_by_agent) if isinstance(told_by_agent, Case) else told_by_agent
    (folder / "netns").mkdir()
    of_agent = {"/api/v1/doctor": (200, body), **(pages or {})} if body is not None else None
    of_engine = {**documents, **(engine or {})} if info else None
    with _maybe(sockets[0], of_engine), _maybe(sockets[1], of_agent):
        yield options


@contextmanager
def _maybe(socket: Path, documents: Documents | None) -> Iterator[None]:
    if documents is None:
        yield
        return
    with served(socket, documents):
        yield


def test_a_healthy_swarm_in_full(tmp_path: Path) -> None:
    """A line for each step, and one in the end."""
    with node(tmp_path, case()) as options:
        done = probe(*options)

    assert done.output == HEALTHY
    assert done.exit_code == 0


def test_causes_in_full(tmp_path: Path) -> None:
    """What, where, since when, by which evidence, what to do, what to type next."""
    sick = told(
        "node1",
        findings=(held("control_node_down", Subject(peer="node3")),),
        failing=(failing("node1", "shop_api.1"),),
        counted=(Counted(target=Target.TASK, looks=20, failed=1, unknown=0),),
        reached=(),
    )
    with node(tmp_path, case(sick, told("node2", reached=()))) as options:
        done = probe(*options)

    assert done.output.partition("\n\n")[2] == CLOSED_AND_DOWN
    assert done.exit_code == 1


def test_what_could_not_be_looked_at_is_said_and_is_no_fault(tmp_path: Path) -> None:
    """Healthy, as far as one could see."""
    blind = told(
        "node1",
        counted=(
            Counted(target=Target.VIP, looks=3, failed=0, unknown=3, why_unknown="no permission"),
        ),
    )
    with node(tmp_path, case(blind)) as options:
        done = probe(*options)

    assert done.exit_code == 0
    assert "unseen virtual IPs" in done.output
    assert "could not look: 3 looks could not be taken: no permission" in done.output
    assert "; could not look everywhere at: virtual IPs." in done.output


def test_a_silent_agent_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Its node's tasks answer, so that it is the agent alone."""
    gathered = case(
        told("node1"), told("node2"), silent=(Silence(node="node3", why="Connection refused"),)
    )
    with node(tmp_path, gathered) as options:
        done = probe(*options)

    assert done.exit_code == 1
    assert "2 of 3 agents answer" in done.output
    assert "1. agent_silent  node3  (warning" in done.output
    assert "try: docker service ps --no-trunc --filter node=node3 swarmscope_agent" in done.output
    assert "next: probe icmp 198.18.0.13" in done.output


def test_a_clock_that_is_off_is_told(tmp_path: Path) -> None:
    """Certificates and logs are of no use then."""
    with node(tmp_path, case(told("node1"), told("node2", clock_ahead_seconds=-90.0))) as options:
        done = probe(*options)

    assert done.exit_code == 1
    assert "the clock of node2 is off by -90 s" in done.output
    assert "no cause is known yet for what is wrong with nodes" in done.output


def test_names_are_no_markup(tmp_path: Path) -> None:
    """A service may be called anything."""
    look = failing("node1", "[red]x.1", service="[red]x")
    with node(tmp_path, case(told("node1", failing=(look,)))) as options:
        done = probe(*options)

    assert "service [red]x" in done.output
    assert "try: docker service ps --no-trunc '[red]x'; " in done.output


def test_the_document_is_as_its_schema_says(tmp_path: Path) -> None:
    """With all that a person reads."""
    sick = told("node1", failing=(failing("node1", "shop_api.1"),), reached=(), pending=2)
    with node(tmp_path, case(sick)) as options:
        done = probe(*options, "--json")

    document = json.loads(done.output)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert (document["version"], document["verdict"], document["node"]) == (1, "ill", "node1")
    assert document["at"] == NOW
    assert {step["name"]: step["state"] for step in document["steps"]}["services"] == "bad"
    [cause] = document["causes"]
    assert cause["code"] == "service_unreachable"
    assert cause["next"] == "probe explain shop_web shop_api:8080"
    assert document["pending"] == 2
    assert done.exit_code == 1


def test_with_nobody_to_ask_nothing_can_be_told(tmp_path: Path) -> None:
    """Which is neither healthy nor ill."""
    with node(tmp_path, None, info=None) as options:
        done = probe(*options)

    assert done.exit_code == 3
    assert "bad    engine" in done.output
    assert "bad    agent here" in done.output
    assert "Nothing can be told" in done.output


def test_an_engine_in_no_swarm_is_told(tmp_path: Path) -> None:
    """And nothing else can be."""
    with node(tmp_path, None, info={**INFO, "Swarm": {"LocalNodeState": "inactive"}}) as options:
        done = probe(*options)

    assert done.exit_code == 3
    assert "it is in no Swarm (its state is 'inactive')" in done.output


def test_what_an_agent_of_another_version_tells_is_no_crash(tmp_path: Path) -> None:
    """It is told, and the node looked at without it."""
    engine: Documents = {"/nodes": (503, NOT_A_MANAGER), "/containers/json": (200, [])}
    with node(tmp_path, b"hello", engine=engine) as options:
        done = probe(*options)

    assert "told nothing that can be read" in done.output
    assert "bad    agent here" in done.output
    assert done.exit_code == 1


def test_a_worker_without_an_agent_looks_at_itself(tmp_path: Path) -> None:
    """Its kernel can be read; what needs the agents is said to."""
    engine: Documents = {"/nodes": (503, NOT_A_MANAGER), "/containers/json": (200, [])}
    with node(tmp_path, None, engine=engine) as options:
        done = probe(*options, "--json")

    document = json.loads(done.output)
    steps = {step["name"]: step for step in document["steps"]}
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert steps["engine"]["state"] == "ok"
    assert steps["agent here"]["state"] == "bad"
    assert steps["names"]["state"] == "could_not_look"
    assert "looks are taken by the agents alone, and none answers" in steps["names"]["unlooked"]
    assert any("only an agent could ask a manager" in why for why in steps["nodes"]["unlooked"])
    assert not any("control_" in cause["code"] for cause in document["causes"])
    # Where the machine that runs the tests forwards nothing, that is found, and is the cause.
    causes = [(cause["code"], *cause["symptoms"]) for cause in document["causes"]]
    assert causes in (
        [("agent_silent",)],
        [("host_forwarding_off", "the agent of node1 does not answer")],
    )
    # The host was read, as far as whoever runs the tests may.
    assert "no round of checks" not in steps["hosts"]["saw"]


def test_a_manager_without_an_agent_holds_its_node_against_the_swarm(tmp_path: Path) -> None:
    """The topology comes from the Engine; a node that is down is found by it alone."""
    listed = [
        {
            "ID": f"n{number}",
            "Spec": {"Role": "manager" if number == 1 else "worker", "Availability": "active"},
            "Description": {"Hostname": f"node{number}", "Engine": {"EngineVersion": "26.1.5"}},
            "Status": {"State": "ready" if number == 1 else "down", "Addr": f"198.18.0.1{number}"},
            "ManagerStatus": {"Leader": True, "Reachability": "reachable"} if number == 1 else None,
        }
        for number in (1, 2)
    ]
    engine: Documents = {
        "/nodes": (200, listed),
        "/networks": (200, []),
        "/services": (200, []),
        "/tasks": (200, []),
        "/containers/json": (200, []),
    }
    with node(tmp_path, None, engine=engine) as options:
        done = probe(*options)

    assert done.exit_code == 1
    assert "node2 is down" in done.output
    assert ". control_node_down  node2" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--force",), "--force is for --bundle FILE"),
        (("--json", "--bundle", "-"), "standard output takes one of them"),
        (("--bundle", "/nowhere/at/all/x.tar.gz"), "there is no folder /nowhere/at/all"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Said before anything is looked at."""
    with node(tmp_path, case()) as options:
        done = probe(*options, *arguments)

    assert done.exit_code == 2
    assert said in done.output
    assert "engine" not in done.output


def test_the_help_fits_a_screen() -> None:
    """With an example."""
    done = typer.testing.CliRunner().invoke(app, ["doctor", "--help"], env={"COLUMNS": "80"})

    lines = done.output.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "Example: probe doctor --bundle night.tar.gz" in done.output


def test_an_old_topology_is_told(tmp_path: Path) -> None:
    """What the agent believes may not be so any more."""
    old = replace(told("node1"), topology_read_at=NOW - 400)
    with node(tmp_path, case(old)) as options:
        done = probe(*options)

    assert "its topology is 400 s old; that is old" in done.output
    assert done.exit_code == 1
