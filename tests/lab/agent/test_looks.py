"""Does every look of `probe` tell health from a fault, from one task to another across nodes?

Real servers stand in the namespace of a task of the shop's API, and `probe` is run as people do: in
the agent's container, on the node of the task that looks.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.agent import beside
from tests.lab.audit.broken_way import End, Way, find_way
from tests.lab.audit.looking import LabAuditor
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.swarmscope import agent_container
from tests.lab.wait import wait_until
from tests.needs import command
from tests.probes.kinds import daemons

pytestmark = [
    pytest.mark.lab,
    pytest.mark.faults,
    command("redis-server", "redis-server"),
    command("nats-server", "nats-server"),
]

_WITHIN_SECONDS = 60.0
#: The agent's one folder that can be written to.
_FOLDER = "/run/swarmscope"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a look printed, and how it ended."""

    outcome: str
    status: int
    text: str

    @property
    def end(self) -> tuple[str, int]:
        """Give the first word, and the exit status."""
        return self.outcome, self.status

    def told(self, label: str) -> str:
        """Give what stands behind a label; "" where it is not told."""
        lines = (line.strip().partition(f"{label} ") for line in self.text.splitlines())
        return next((rest.strip() for begin, found, rest in lines if found and not begin), "")


class Looking:
    """`probe`, from a task of the source's node at the task that the servers stand beside."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self._agent = agent_container(way.lab, way.here.node)

    def said(self, *arguments: str) -> tuple[str, int]:
        """Run it; what it printed, and its exit status."""
        script = 'probe "$@" 2>&1; echo "$?"'
        argv = ("exec", self._agent, "sh", "-c", script, "sh", *arguments)
        text, _, status = self.way.lab.docker(self.way.here.node, *argv).rstrip().rpartition("\n")
        return text, int(status)

    def at(self, kind: str, port: int, *options: str) -> Seen:
        """Look from the one task at the other."""
        target = f"{self.way.there.task}:{port}"
        source = ("--from", self.way.here.task, "--timeout", "3s")
        text, status = self.said(kind, target, *source, *options)
        return Seen(outcome=text.split()[0], status=status, text=text)

    def put(self, name: str, content: bytes) -> str:
        """Write a file where the agent can read it."""
        file = f"{_FOLDER}/{name}"
        argv = ("exec", "--interactive", self._agent, "sh", "-c", 'cat > "$0"', file)
        self.way.lab.docker(self.way.here.node, *argv, input=content)
        return file

    def remove(self, *files: str) -> None:
        """Remove what was put there."""
        self.way.lab.docker(self.way.here.node, "exec", self._agent, "rm", "-f", *files)


@pytest.fixture(scope="module")
def looking(swarmscope: Lab) -> Looking:
    """From one of the shop's tasks to one of its API on another node."""
    return Looking(find_way(LabAuditor(swarmscope), ("shop_web", "shop_worker"), "shop_api"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("beside")


@pytest.fixture(scope="module")
def servers(looking: Looking, folder: Path) -> Iterator[dict[str, Callable[[], None]]]:
    """Run every server beside the task; gives how to end each."""
    there = looking.way.there
    as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    with ExitStack() as stack:
        cluster = stack.enter_context(daemons.cluster("host all all 0.0.0.0/0 scram-sha-256"))
        commands = {
            "ours": beside.ours(there, folder),
            "redis": beside.redis(there, folder),
            "nats": beside.nats(there),
            "postgres": (*as_postgres, *cluster.argv(str(there.address), beside.POSTGRES)),
        }
        ends: dict[str, Callable[[], None]] = {}
        for name, argv in commands.items():
            process = stack.enter_context(beside.running(there, *argv))
            ends[name] = process.terminate
        for port in (beside.DEAF, beside.REDIS, beside.NATS, beside.POSTGRES):
            _wait_for(there, port)
        cluster.add_user(beside.POSTGRES)
        yield ends


def _wait_for(there: End, port: int) -> None:
    def listens() -> bool:
        return f":{port} " in there.inside("ss", "--listening", "--tcp", "--udp", "--numeric")

    wait_until(listens, _WITHIN_SECONDS, f"something listens on {port} beside {there.task}")


pytestmark.append(pytest.mark.usefixtures("servers"))


@contextmanager
def blocked(way: Way) -> Iterator[None]:
    """Let nothing into the overlay of the other node for as long as the block lasts."""
    way.block_in()
    try:
        yield
    finally:
        way.unblock_in()


def test_names_connections_echoes_and_pages(looking: Looking) -> None:
    """Of the task that runs there; and a port that nobody has is refused."""
    task = looking.way.there.task
    source = ("--from", looking.way.here.task)

    assert looking.said("dns", "tasks.shop_api", *source)[1] == 0
    assert looking.said("icmp", task, *source)[1] == 0
    assert looking.at("tcp", 80).end == ("ok", 0)
    assert looking.said("http", f"http://{task}/health", *source, "--body", "ok")[1] == 0
    assert looking.at("tcp", 1).end == ("refused", 1)
    text, status = looking.said("http", f"http://{task}/nothing", *source)
    assert (text.split()[0], status) == ("bad_status", 1)
    text, status = looking.said("dns", "shop_apy", *source)
    assert status == 1  # in which way is up to the machine's own resolver, which Docker asks
    assert "did you mean shop_api?" in text


def test_certificates_are_shown_and_judged(looking: Looking, folder: Path) -> None:
    """Good by our own authority; unknown by the machine's; ended; for another name."""
    authority = looking.put("authority.pem", (folder / "authority.pem").read_bytes())
    named = ("--name", beside.NAME)

    good = looking.at("tls", beside.TLS, *named, "--ca", authority)
    assert good.end == ("ok", 0), good.text
    assert good.told("for") == beside.NAME
    for options, why in (
        (named, "which is not known here"),
        (("--name", "other.example.org", "--ca", authority), f"it is for {beside.NAME}"),
    ):
        bad = looking.at("tls", beside.TLS, *options)
        assert bad.end == ("tls", 1)
        assert why in bad.text
        assert bad.told("certificate") == good.told("certificate")
    ended = looking.at("tls", beside.EXPIRED, *named, "--ca", authority)
    assert ended.end == ("tls", 1)
    assert "certificate has expired: " in ended.text
    looking.remove(authority)


def test_datagrams_are_answered_refused_or_lost(looking: Looking) -> None:
    """Silence is a failure only where an answer is expected."""
    answered = looking.at("udp", beside.UDP, "--send", "ping", "--expect", "ping")
    silent = looking.at("udp", beside.DEAF, "--send", "ping")
    missed = looking.at("udp", beside.DEAF, "--send", "ping", "--expect", "ping")
    refused = looking.at("udp", 1, "--send", "ping")

    ends = [seen.end for seen in (answered, silent, missed, refused)]
    assert ends == [("ok", 0), ("silent", 3), ("timeout", 1), ("refused", 1)]


def test_health_of_grpc_is_asked_for(looking: Looking) -> None:
    """The server serves, one of its services does not, and another is not known."""
    whole, one, other = (
        looking.at("grpc", beside.GRPC, *options)
        for options in ((), ("--service", "shop.Orders"), ("--service", "shop.Nobody"))
    )

    assert whole.end == ("ok", 0)
    assert whole.told("health") == "SERVING"
    assert one.end == ("not_ready", 1)
    assert "NOT_SERVING" in one.text
    assert other.end == ("not_ready", 1)


@pytest.mark.parametrize(
    ("kind", "port", "right"),
    [
        ("postgres", beside.POSTGRES, b"orders\npass,word=1\n"),
        ("redis", beside.REDIS, b"password: open\n"),
    ],
)
def test_logins_are_right_wrong_or_not_tried(
    looking: Looking, kind: str, port: int, right: bytes
) -> None:
    """Without credentials, a server that wants some is well."""
    good = looking.put("good", right)
    bad = looking.put("bad", b"orders\nsesame\n")

    without = looking.at(kind, port)
    logged_in = looking.at(kind, port, "--credentials", good)
    denied = looking.at(kind, port, "--credentials", bad)
    looking.remove(good, bad)

    assert without.end == ("ok", 0)
    assert without.told("note") == "it wants credentials, and got none"
    assert logged_in.end == ("ok", 0)
    assert logged_in.told("version")
    assert denied.end == ("denied", 1)
    assert "sesame" not in denied.text


def test_a_way_that_is_blocked_is_a_timeout_to_all(looking: Looking) -> None:
    """Whatever protocol is spoken; and all is well when it is open again."""
    kinds = {"tls": beside.TLS, "grpc": beside.GRPC, "postgres": beside.POSTGRES}
    kinds |= {"redis": beside.REDIS, "nats": beside.NATS}
    with blocked(looking.way):
        for kind, port in kinds.items():
            seen = looking.at(kind, port, "--timeout", "500ms")
            assert seen.end == ("timeout", 1), kind
            assert "(step: connect)" in seen.text

    def open_again() -> bool:
        seen = looking.at("nats", beside.NATS)
        if seen.status != 0:
            raise LabError(seen.text)
        return True

    wait_until(open_again, _WITHIN_SECONDS, "NATS answers again")


def test_servers_that_ended_are_refused(
    looking: Looking, servers: dict[str, Callable[[], None]]
) -> None:
    """By the kernel there; the last test, since none of them comes back."""
    for kind, port in (("nats", beside.NATS), ("redis", beside.REDIS)):
        assert looking.at(kind, port).end == ("ok", 0)
        servers[kind]()

        def refused(kind: str = kind, port: int = port) -> bool:
            return looking.at(kind, port).end == ("refused", 1)

        wait_until(refused, _WITHIN_SECONDS, f"{kind} is gone")
