"""Is a line gone on with by what the command takes there, and by what the Swarm has?"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer.main
import typer.testing
from typer.core import TyperArgument, TyperGroup, TyperOption

from probes.cli.completing import WORDS_OF, complete
from probes.cli.main import app
from probes.cli.options import Addresses
from probes.looks.nameable import nameable_document
from probes.looks.naming import nameable
from probes.wire import dump_topology
from tests.probes.cli.documents import served
from tests.probes.looks.test_nameable import STACKED

GROUP = typer.main.get_command(app)
NOBODY = Addresses(engine="unix:///nowhere.sock", netns_folder="/nowhere", agent="/nowhere.sock")


@pytest.fixture(name="agent")
def _agent(tmp_path: Path) -> Iterator[Addresses]:
    socket = tmp_path / "agent.sock"
    with served(socket, {"/api/v1/names": (200, nameable_document(nameable(STACKED)))}):
        yield replace(NOBODY, agent=str(socket))


def _complete(addresses: Addresses, line: str) -> list[str]:
    assert isinstance(GROUP, TyperGroup)
    return list(complete(GROUP, addresses, line))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("probe fd", ["fdb"]),
        ("probe complet", ["completion"]),
        ("probe --agent /s fd", ["fdb"]),
        ("probe fdb --no", ["--node"]),
        ("probe http --no-v", ["--no-verify"]),
        ("probe mesh --kind ", ["dns", "icmp", "nodes", "tcp"]),
        ("probe mesh --kind=i", ["--kind=icmp"]),
        ("probe completion z", ["zsh"]),
        ("probe fdb --json --hel", ["--help"]),
    ],
)
def test_what_the_commands_take_needs_nobody(line: str, words: list[str]) -> None:
    """Commands, options and choices are known without an agent."""
    assert _complete(NOBODY, line) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("probe fdb --node ", ["node1", "node2", "node3"]),
        ("probe fdb --node=node3", ["--node=node3"]),
        ("probe dns-view --from shop_w", ["shop_web"]),
        ("probe fdb --diff node1 ", ["node1", "node2", "node3"]),
        ("probe fdb --diff node1 node2 --network shop_d", ["shop_data"]),
        ("probe capture --peer node2 --service sh", ["shop_api", "shop_db", "shop_web"]),
        ("probe icmp api", ["api", "api.1", "api.2"]),
        ("probe icmp tasks.d", ["tasks.db"]),
        ("probe dns --json web", ["web", "web.1"]),
        ("probe tcp we", ["web.1:", "web:"]),
        ("probe tcp db:", ["db:5432"]),
        ("probe tcp shop_db.1:5", ["shop_db.1:5432"]),
        ("probe tcp api:", []),
        ("probe postgres db:", ["db:5432"]),
        ("probe tcp --timeout 2s db:", ["db:5432"]),
        ("probe http ", ["http://", "https://"]),
        ("probe http https://we", ["https://web.1:", "https://web:"]),
        ("probe http http://web:", ["http://web:80/"]),
        ("probe explain web ap", ["api", "api.1", "api.2"]),
        ("probe explain web db:", ["db:5432"]),
    ],
)
def test_what_the_swarm_has_is_asked_of_the_agent(
    agent: Addresses, line: str, words: list[str]
) -> None:
    """By the kind of thing that belongs there."""
    assert _complete(agent, line) == words


def test_one_looks_from_any_place_that_has_a_name(agent: Addresses) -> None:
    """The host, everywhere, services, tasks, nodes and networks."""
    words = set(_complete(agent, "probe tcp web:80 --from "))

    assert {"host", "all", "api", "shop_api", "api.2", "node2", "shop_data"} <= words


@pytest.mark.parametrize(
    "line",
    [
        "",
        "probe",
        "probe nosuch ",
        "probe fdb surplus ",
        "probe fdb --nosuch ",
        "probe icmp api more",
        "probe icmp 'ap",
        "probe dns api --timeout ",
        "probe doctor --bundle ",
    ],
)
def test_where_nothing_is_known_nothing_is_offered(agent: Addresses, line: str) -> None:
    """So that the shell may offer files."""
    assert _complete(agent, line) == []


def test_the_agent_that_the_line_names_is_asked(agent: Addresses) -> None:
    """Not the usual one."""
    assert _complete(NOBODY, f"probe --agent {agent.agent} nodes --node node1") == ["node1"]
    assert _complete(NOBODY, f"probe --agent={agent.agent} nodes --node node1") == ["node1"]


def test_an_agent_that_has_no_such_page_is_asked_for_all_it_knows(tmp_path: Path) -> None:
    """On a worker, whose Engine knows nothing of the Swarm; a manager's Engine would be asked."""
    engine, agent = tmp_path / "engine.sock", tmp_path / "agent.sock"
    worker = {
        "/version": (200, {"ApiVersion": "1.41"}),
        "/info": (200, {"Swarm": {"LocalNodeState": "active", "NodeID": "n1"}}),
        "/nodes": (503, {"message": "This node is not a swarm manager."}),
    }
    addresses = replace(NOBODY, engine=f"unix://{engine}", agent=str(agent))
    with (
        served(engine, worker),
        served(agent, {"/api/v1/topology": (200, dump_topology(STACKED))}),
    ):
        assert _complete(addresses, "probe nodes --node node2") == ["node2"]


@pytest.mark.parametrize("answer", [(503, "no topology yet"), (200, {"version": 9}), (200, b"<")])
def test_an_agent_that_cannot_tell_is_passed_over_in_silence(
    tmp_path: Path, answer: tuple[int, object]
) -> None:
    """Nothing is printed into the line that somebody types, and the status is 0."""
    socket = tmp_path / "agent.sock"
    with served(socket, {"/api/v1/names": answer}):
        done = typer.testing.CliRunner().invoke(
            app,
            [
                *("--agent", str(socket), "--engine", f"unix://{tmp_path}/none.sock"),
                *("complete", "--", "probe nodes --node "),
            ],
        )

    assert (done.exit_code, done.output) == (0, "")


def test_names_belong_to_parameters_that_there_are() -> None:
    """A parameter that is called otherwise one day is noticed."""
    assert isinstance(GROUP, TyperGroup)
    there = {
        f"{item.opts[0] if isinstance(item, TyperOption) else ''} {item.metavar}".strip()
        for command in GROUP.commands.values()
        for item in command.params
        if isinstance(item, TyperOption | TyperArgument)
    }

    assert WORDS_OF.keys() <= there


def test_a_word_costs_little_to_complete(agent: Addresses) -> None:
    """What takes a while to load is not loaded: somebody waits for a key."""
    script = (
        "import sys; from probes.cli.main import main\n"
        "try: main()\n"
        "finally: print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-c", script, "--agent", agent.agent),
            *("complete", "--", "probe nodes --node node2"),
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )

    assert done.stdout == "node2\n"
    loaded = set(done.stderr.split())
    assert "probes.looks.nameable" in loaded
    assert loaded.isdisjoint({"docker", "rich", "pyroute2", "probes.plan", "probes.wire"}), sorted(
        loaded & {"docker", "rich", "pyroute2", "probes.plan", "probes.wire"}
    )
