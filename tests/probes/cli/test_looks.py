"""Are looks repeated, summed up, and shown from many nodes, with the right exit status?"""

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.testing
from aiohttp import web

from exporter.web.app import make_app
from probes.cli.main import app
from probes.looks.asking import Answer, Asked
from probes.looks.documents import look_schema
from probes.looks.errors import CannotLookError, UsageError
from probes.model.result import Outcome
from tests.probes.looks.answers import answer
from tests.probes.servers import listener

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "look.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
NOWHERE = ("--engine", "unix:///nonexistent/docker.sock", "--agent", "/nonexistent/agent.sock")
SCRIPT = (sys.executable, "-c", "from probes.cli.main import main; main()", *NOWHERE)


def _probe(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(app, arguments)


def _document(done: typer.testing.Result) -> Mapping[str, Any]:
    """Read what was printed, which must be as it is published."""
    document: Mapping[str, Any] = json.loads(done.stdout)
    VALIDATOR.validate(document)
    return document


@pytest.fixture
def target() -> Iterator[str]:
    """Something that can be connected to."""
    with listener() as sock:
        yield f"127.0.0.1:{sock.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """A port that nothing listens on."""
    with listener() as sock:
        return f"127.0.0.1:{sock.getsockname()[1]}"


# --- again and again ---


def test_looks_are_repeated_and_summed_up(target: str) -> None:
    """A line each, and in the end what came of all."""
    done = _probe(*NOWHERE, "tcp", target, "--count", "3", "--interval", "1ms")

    assert done.exit_code == 0
    figure = r"\d+\.\d\d ms"
    lines = done.output.splitlines()
    assert len(lines) == 5
    for line in lines[:3]:
        assert re.fullmatch(rf"ok  tcp  host -> {target}, {figure}", line)
    assert lines[3] == "3 looks, 0 failed, loss 0 %"
    assert re.fullmatch(r"min/avg/p99/max (\d+\.\d\d/){3}\d+\.\d\d ms", lines[4])


def test_looks_come_an_interval_apart(target: str) -> None:
    """From one start to the next."""
    done = _probe(*NOWHERE, "tcp", target, "--count", "3", "--interval", "100ms", "--json")

    ((first, second, third),) = (place["looks"] for place in _document(done)["places"])
    assert second["started_at"] - first["started_at"] >= 0.095
    assert third["started_at"] - first["started_at"] >= 0.195


def test_a_failure_among_many_is_status_1(closed: str) -> None:
    """And the loss says how many."""
    done = _probe(*NOWHERE, "tcp", closed, "--count", "2", "--interval", "1ms")

    assert done.exit_code == 1
    assert done.output.splitlines()[-1] == "2 looks, 2 failed, loss 100 %"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _ending_after(requests: int) -> Iterator[str]:
    """Serve so many requests, and no more."""
    server = HTTPServer(("127.0.0.1", 0), _Page)

    def serve() -> None:
        with server:
            for _ in range(requests):
                server.handle_request()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        thread.join()


def test_until_fail_goes_on_until_the_first_failure() -> None:
    """Without a number it has no other end."""
    with _ending_after(3) as url:
        done = _probe(*NOWHERE, "http", url, "--until-fail", "--interval", "50ms")

    outcomes = [line.partition("  ")[0] for line in done.output.splitlines()]
    assert done.exit_code == 1
    assert outcomes[:4] == ["ok", "ok", "ok", "refused"]
    assert done.output.splitlines()[4] == "4 looks, 1 failed, loss 25 %"


def test_until_fail_with_a_number_ends_there_when_all_is_well(target: str) -> None:
    """What never failed is status 0."""
    done = _probe(*NOWHERE, "tcp", target, "--until-fail", "--count", "2", "--interval", "1ms")

    assert done.exit_code == 0
    assert done.output.splitlines()[2].startswith("2 looks, 0 failed")


@pytest.mark.parametrize("more", [(), ("--count", "2", "--interval", "1ms")])
def test_quiet_says_nothing(target: str, closed: str, more: tuple[str, ...]) -> None:
    """The exit status says it all, errors too."""
    worked = _probe(*NOWHERE, "tcp", target, "--quiet", *more)
    failed = _probe(*NOWHERE, "tcp", closed, "--quiet", *more)
    unable = _probe(*NOWHERE, "tcp", target, "--quiet", "--from", "all", *more)

    assert [item.exit_code for item in (worked, failed, unable)] == [0, 1, 3]
    assert [item.output for item in (worked, failed, unable)] == ["", "", ""]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--json", "--watch"), "not with --watch"),
        (("--json", "--quiet"), "not with --quiet"),
        (("--watch", "--quiet"), "it shows, and --quiet does not"),
        (("--count", "0"), "--count"),
        (("--interval", "1"), "--interval"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    target: str, arguments: tuple[str, ...], message: str
) -> None:
    """Before anything is sent."""
    done = _probe(*NOWHERE, "tcp", target, *arguments)

    assert done.exit_code == 2
    assert message in done.output


def test_ctrl_c_ends_with_the_summary(target: str) -> None:
    """Into a pipe, watching is a line for each look."""
    argv = [*SCRIPT, "tcp", target, "--watch", "--interval", "10ms"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=10)

    assert all(line.startswith(f"ok  tcp  host -> {target}, ") for line in lines)
    summary = rest.splitlines()[-2:]
    assert re.fullmatch(r"\d+ looks?, 0 failed, loss 0 %", summary[0])
    assert summary[1].startswith("min/avg/p99/max ")
    assert process.returncode == 0


# --- on a terminal ---


@contextmanager
def _on_terminal(*arguments: str, columns: int = 80, **more: str) -> Iterator["_Terminal"]:
    """Run it on a terminal of its own, with standard output and error on it."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), **more}
    environment.pop("NO_COLOR", None) if "NO_COLOR" not in more else None
    with subprocess.Popen(
        [*SCRIPT, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        try:
            yield _Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)


@dataclass
class _Terminal:
    process: "subprocess.Popen[bytes]"
    descriptor: int
    text: str = ""

    def read_until(self, wanted: str) -> str:
        """Read until something is there; "" reads to the end."""
        while not wanted or wanted not in self.text:
            try:
                read = os.read(self.descriptor, 4096)
            except OSError:  # EIO: nobody has the other end open any more
                read = b""
            if not read:
                break
            self.text += read.decode()
        assert wanted in self.text, self.text
        return self.text


@pytest.mark.parametrize("columns", [80, 40])
def test_watching_shows_how_it_goes(target: str, columns: int) -> None:
    """Figures and a line of the latest looks; in the end it is gone, and the summary stays."""
    arguments = ("tcp", target, "--watch", "--interval", "10ms")
    with _on_terminal(*arguments, columns=columns) as terminal:
        shown = terminal.read_until("█")
        terminal.process.send_signal(signal.SIGINT)
        whole = terminal.read_until("")
        status = terminal.process.wait(10)

    assert "from host, every 0.01 s; Ctrl-C ends" in shown
    assert ("AVG" if columns == 80 else "min/avg/p99/max ") in shown
    assert re.search(r"\d+ looks?, 0 failed, loss 0 %", whole)
    assert status == 0


def test_colours_are_for_terminals_that_want_them(target: str) -> None:
    """NO_COLOR leaves none (https://no-color.org)."""
    with _on_terminal("tcp", target) as terminal:
        coloured = terminal.read_until("")
    with _on_terminal("tcp", target, NO_COLOR="1") as terminal:
        plain = terminal.read_until("")

    assert "\x1b[1;32mok" in coloured
    assert not re.search(r"\x1b\[[\d;]*3\d", plain)
    assert "ok" in plain


def test_whoever_waits_for_more_than_a_second_is_told_for_what() -> None:
    """On the terminal alone; what takes less says nothing."""
    with listener() as sock:  # it accepts nobody, but the kernel does
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
        with _on_terminal("http", url, "--timeout", "1500ms") as terminal:
            waited = terminal.read_until("")
        piped = subprocess.run(
            [*SCRIPT, "http", url, "--timeout", "1500ms"], capture_output=True, check=False
        )

    assert "looking from host ..." in waited
    assert (piped.returncode, piped.stderr) == (1, b"")


# --- from elsewhere ---


class Agent:
    """An agent, as far as it takes looks; it gives one answer after the other."""

    token = ""
    front = states = meshes = doctor = None

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.rounds: list[tuple[Answer, ...] | Exception] = []

    @property
    def looks(self) -> "Agent":
        return self

    async def look(self, asked: Asked) -> tuple[Answer, ...]:
        """Answer; the last answer again and again."""
        self.asked.append(asked)
        answers = self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]
        if isinstance(answers, Exception):
            raise answers
        return answers

    async def probe(self, *arguments: str) -> typer.testing.Result:
        """Run the command beside the agent."""
        return await asyncio.to_thread(_probe, "--agent", self.socket, *arguments)

    socket = ""


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    """Serve it on a Unix socket, as the agent's own."""
    agent = Agent()
    agent.socket = str(tmp_path / "agent.sock")
    runner = web.AppRunner(make_app(agent))  # type: ignore[arg-type]
    await runner.setup()
    await web.UnixSite(runner, agent.socket).start()
    yield agent
    await runner.cleanup()


ROUND = (
    answer("node1"),
    answer("node2", Outcome.REFUSED, seconds=0.0004),
    Answer(node="node3", why="agent on 198.18.0.13: Cannot connect"),
    Answer(node="node4", why="no task here is on shop_app, as api is", pointless=True),
)


async def test_every_node_is_listed_the_worst_first(agent: Agent) -> None:
    """A line each; who is left out, and who did not answer, are named."""
    agent.rounds = [ROUND]

    done = await agent.probe("tcp", "api:80", "--from", "all", "--timeout", "3s")

    assert done.exit_code == 1
    assert [line.rstrip() for line in done.output.splitlines()] == [
        "NODE   FROM        OUTCOME         TIME     SAW",
        "node2  shop_web.2  refused         0.40 ms  10.0.1.21:80: Connection refused",
        "node3              could_not_look           agent on 198.18.0.13: Cannot connect",
        "node1  shop_web.1  ok              1.75 ms  shop_api.1 10.0.1.21:80",
        "left out: node4: no task here is on shop_app, as api is",
    ]
    (asked,) = agent.asked
    assert (asked.source, asked.timeout_seconds, asked.here) == ("all", 3.0, False)


async def test_a_look_from_another_node_is_shown_as_one_from_here(agent: Agent) -> None:
    """With the node's name."""
    agent.rounds = [(answer("node2", hint="did you mean web?"),)]

    done = await agent.probe("tcp", "api:80", "--from", "node2:web")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "ok  tcp  shop_web.2 on node2 -> shop_api.1 10.0.1.21:80 on shop_app, 1.75 ms",
        "  connect     0.88 ms",
        "  round trip  0.44 ms, by the kernel's clock",
    ]
    assert done.stderr == "did you mean web?\n"


async def test_nobody_who_could_look_is_status_3(agent: Agent) -> None:
    """It says nothing of the network."""
    agent.rounds = [(Answer(node="node2", why="agent on 198.18.0.12: refused"),)]

    done = await agent.probe("tcp", "api:80", "--from", "node2:web")

    assert done.exit_code == 3
    assert done.output == "could_not_look  node2: agent on 198.18.0.12: refused\n"


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        (UsageError("there is no node 'node9'"), 2, "probe: there is no node 'node9'\n"),
        (CannotLookError("no topology yet"), 3, "503 no topology yet\n"),
        ((Answer(node="node1", why="no task here", pointless=True),), 2, "probe: no task here\n"),
    ],
)
async def test_what_the_agent_refuses_is_told(
    agent: Agent, said: Exception | tuple[Answer, ...], status: int, message: str
) -> None:
    """Asked wrongly is another thing than not being able to."""
    agent.rounds = [said]

    done = await agent.probe("tcp", "api:80", "--from", "node9:web")

    assert done.exit_code == status
    assert done.output.endswith(message)


async def test_looks_from_everywhere_are_repeated_and_summed_up(agent: Agent) -> None:
    """By place; an agent that goes away meanwhile is counted, and does not end it."""
    worked = (answer("node1"), answer("node2"))
    agent.rounds = [worked, CannotLookError("restarting"), (answer("node1"), ROUND[1]), worked]

    done = await agent.probe("tcp", "api:80", "--from", "all", "--count", "4", "--interval", "1ms")

    assert done.exit_code == 1
    lines = [line.rstrip() for line in done.output.splitlines()]
    assert lines[:4] == [
        "ok  tcp  shop_web.1 on node1 -> shop_api.1 10.0.1.21:80 on shop_app, 1.75 ms",
        "ok  tcp  shop_web.2 on node2 -> shop_api.1 10.0.1.21:80 on shop_app, 1.75 ms",
        f"could_not_look  node1: the agent at {agent.socket}: 503 restarting",
        f"could_not_look  node2: the agent at {agent.socket}: 503 restarting",
    ]
    assert [re.split(r"  +", line) for line in lines[-3:]] == [
        ["NODE", "FROM", "LOOKS", "FAILED", "UNSEEN", "LOSS", "MIN", "AVG", "P99", "MAX"],
        ["node2", "shop_web.2", "4", "1", "1", "33.3 %", *["1.75"] * 4, "ms"],
        ["node1", "shop_web.1", "4", "0", "1", "0 %", *["1.75"] * 4, "ms"],
    ]


async def test_looks_from_one_other_node_are_summed_up_as_from_here(agent: Agent) -> None:
    """Each line has named the node already."""
    agent.rounds = [(answer("node2"),)]

    done = await agent.probe(
        "tcp", "api:80", "--from", "node2:web", "--count", "2", "--interval", "1ms"
    )

    assert done.exit_code == 0
    line = "ok  tcp  shop_web.2 on node2 -> shop_api.1 10.0.1.21:80 on shop_app, 1.75 ms"
    assert done.output.splitlines() == [
        line,
        line,
        "2 looks, 0 failed, loss 0 %",
        "min/avg/p99/max 1.75/1.75/1.75/1.75 ms",
    ]


async def test_until_fail_stops_when_any_node_fails(agent: Agent) -> None:
    """The others were still asked in that round."""
    worked = (answer("node1"), answer("node2"))
    agent.rounds = [worked, ROUND, worked]

    done = await agent.probe("tcp", "api:80", "--from", "all", "--until-fail", "--interval", "1ms")

    assert (done.exit_code, len(agent.asked)) == (1, 2)


def test_without_an_agent_nobody_looks_from_elsewhere() -> None:
    """It says where to run instead."""
    done = _probe(*NOWHERE, "tcp", "192.0.2.1:80", "--from", "all")

    assert done.exit_code == 3
    assert "the agent at /nonexistent/agent.sock cannot be asked" in done.output
    assert "run `probe` where the agent runs" in done.output


# --- for scripts ---


def test_the_published_schema_is_that_of_the_documents() -> None:
    """`python -m probes.looks.documents > docs/schemas/look.schema.json` renews it."""
    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(look_schema()))


@pytest.mark.netns
@pytest.mark.parametrize(
    "command",
    [
        ("dns", "localhost.", "--server", "{closed}"),
        ("tcp", "{open}"),
        ("tcp", "{closed}"),
        ("icmp", "127.0.0.1"),
        ("http", "http://{closed}/"),
        ("tls", "{closed}"),
        ("udp", "{closed}"),
        ("grpc", "{closed}"),
        ("postgres", "{closed}"),
        ("redis", "{closed}"),
        ("nats", "{closed}"),
        ("mtu", "127.0.0.1"),
        ("route", "127.0.0.1"),
        ("trace", "127.0.0.1"),
    ],
    ids=lambda command: command[0],
)
def test_every_look_prints_the_published_shape(
    command: tuple[str, ...], target: str, closed: str
) -> None:
    """Whatever it is, and however it ends."""
    words = [word.format(open=target, closed=closed) for word in command]

    # A process of its own: the SDK leaves a socket to the garbage collector without an Engine.
    argv = [*SCRIPT, *words, "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    document = json.loads(done.stdout)
    VALIDATOR.validate(document)
    assert (document["version"], document["from"]) == (1, "host")
    ((look,),) = (place["looks"] for place in document["places"])
    assert document["verdict"] == look["verdict"]
    assert look["probe"]["probe"] == {"mtu": "sweep"}.get(command[0], command[0])
    assert done.returncode == {"worked": 0, "failed": 1, "unknown": 3}[look["verdict"]]


async def test_many_looks_from_many_nodes_have_the_same_shape(agent: Agent) -> None:
    """With a summary each, and who is left out."""
    agent.rounds = [ROUND]

    done = await agent.probe(
        "tcp", "api:80", "--from", "all", "--json", "--count", "2", "--interval", "1ms"
    )

    assert done.exit_code == 1
    document = _document(done)
    assert [(place["node"], place["verdict"]) for place in document["places"]] == [
        ("node2", "failed"),
        ("node3", "unknown"),
        ("node1", "worked"),
    ]
    assert [len(place["looks"]) for place in document["places"]] == [2, 0, 2]
    assert document["places"][1]["why"] == "agent on 198.18.0.13: Cannot connect"
    assert document["places"][0]["summary"]["loss"] == 1.0
    assert document["left_out"] == [
        {"node": "node4", "why": "no task here is on shop_app, as api is"}
    ]


def test_the_schema_refuses_what_lacks_a_part(target: str) -> None:
    """Or it would show nothing."""
    document = dict(_document(_probe(*NOWHERE, "tcp", target, "--json")))
    del document["places"][0]["looks"][0]["outcome"]

    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)
