"""Are captured conversations shown by name, and does the status say what they came to?"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.testing

from probes.cli import captured as shown
from probes.cli.main import app
from probes.model.topology import NodeReport
from probes.packets.conversations import Judgement
from probes.packets.names import Names
from probes.packets.wanted import Captured, Ending, Sealed, Wanted
from probes.wire import dump_topology
from tests.probes.cli.documents import served
from tests.probes.packets.test_names import REPORTED, STRANGER, VTEP1, VTEP3, captured, talk
from tests.probes.packets.tunnel import Tunnel
from tests.swarms import APP, NODE1, NODE2, SHOP, WEB_1, on

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "capture.json").read_text())
WANTED = Wanted(interface="eth0", seconds=10, packets=100)
LOST = talk(judgement=Judgement.UNANSWERED, packets_back=0, repeated=2)
ONE_WAY_UDP = talk(protocol="udp", judgement=Judgement.ONE_WAY, packets_back=0)
STRANGE = talk(destination_vtep=STRANGER)
NAMES = Names(REPORTED)

Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (captured(), 0),
        (captured(talk()), 0),
        (captured(ONE_WAY_UDP), 0),
        (captured(talk(judgement=Judgement.REFUSED)), 0),
        (captured(LOST), 1),
        (captured(LOST, dropped=1), 3),
        (captured(talk(), dropped=1), 0),
        (captured(STRANGE), 1),
        (captured(STRANGE, dropped=1), 1),
    ],
    ids=[
        "nothing",
        "answered",
        "one-way udp",
        "refused",
        "unanswered",
        "unanswered or missed",
        "missed",
        "a stranger",
        "a stranger and missed",
    ],
)
def test_the_status_says_what_the_packets_came_to(found: Captured, status: int) -> None:
    """An answer that we missed is none that was not given."""
    assert shown.status_of(found, NAMES) == status


def test_a_person_sees_names_and_who_gets_no_answer(capsys: Capsys) -> None:
    """The very lines."""
    shown.print_captured(WANTED, captured(LOST, talk()), NAMES)

    told = capsys.readouterr()
    assert [" ".join(line.split()) for line in told.out.splitlines()] == [
        "NETWORK FROM TO SEEN TIMES THERE BACK AGAIN NODES",
        "shop_app shop_web.1 shop_api.2:80 tcp unanswered 1 3 0 2 node1 > node2",
        "shop_app shop_web.1 shop_api.2:80 tcp both ways 1 3 2 node1 > node2",
    ]
    assert told.err == (
        "5 packets on eth0 in 10.0 s; 2 conversations, 1 without the answer that was due\n"
    )


def test_what_differs_by_the_clients_port_alone_is_one_line(capsys: Capsys) -> None:
    """A health check every second is not sixty lines."""
    several = [talk(source_port=port) for port in (1, 2, 3)]

    shown.print_captured(WANTED, captured(*several, talk(destination_port=81)), NAMES)

    _, one, other = capsys.readouterr().out.splitlines()
    assert one.split()[5:9] == ["ways", "3", "9", "6"]
    assert other.split()[5:9] == ["ways", "1", "3", "2"]


def test_a_narrow_terminal_gets_what_matters(
    capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is folded."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")

    shown.print_captured(WANTED, captured(LOST), NAMES)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].split() == ["NETWORK", "FROM", "TO", "SEEN", "TIMES", "THERE", "BACK"]
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (captured(dropped=7), "7 packets were missed, since there were too many"),
        (captured(left_out=7), "7 packets of further conversations were left out"),
        (captured(undecoded=7, pieces=2), "7 packets were no IPv4, 2 later pieces of packets"),
        (captured(STRANGE), "198.18.0.99 is no node that the Swarm knows"),
        (
            captured(sealed=(Sealed(sender=VTEP1, receiver=VTEP3, packets=7),)),
            "node1 > node3: 7 encrypted packets, which nobody can read",
        ),
        (captured(ended_by=Ending.INTERRUPT), "in 10.0 s, interrupted; 0 conversations"),
        (captured(ended_by=Ending.COUNT), "in 10.0 s, which is as many as were wanted; 0"),
        (
            captured(*(talk(destination_port=port) for port in range(43))),
            "and 3 lines more: --json has every conversation",
        ),
    ],
)
def test_what_the_table_does_not_show_is_said(capsys: Capsys, found: Captured, said: str) -> None:
    """Nothing is left out in silence."""
    shown.print_captured(WANTED, found, NAMES)

    assert said in capsys.readouterr().err


def test_what_is_in_the_file_is_said(capsys: Capsys) -> None:
    """And what did not fit into it."""
    wanted = replace(WANTED, file="out.pcap")
    sealed = (Sealed(sender=VTEP1, receiver=VTEP3, packets=7),)

    shown.print_captured(wanted, captured(sealed=sealed, written=5), NAMES)
    shown.print_captured(wanted, captured(written=5), NAMES)

    lines = capsys.readouterr().err.splitlines()
    assert lines[2] == "5 packets are in out.pcap, with what they carry; 7 more did not fit"
    assert lines[-1] == "5 packets are in out.pcap, with what they carry"


def test_a_script_gets_what_the_schema_says() -> None:
    """With names beside addresses."""
    sealed = (Sealed(sender=VTEP1, receiver=VTEP3, packets=7),)

    document = json.loads(
        json.dumps(shown.document(WANTED, captured(LOST, STRANGE, sealed=sealed), NAMES))
    )

    jsonschema.validate(document, SCHEMA)
    lost, strange = document["conversations"]
    assert (lost["network"], lost["from"], lost["to"]) == ("shop_app", "shop_web.1", "shop_api.2")
    assert (lost["from_node"], lost["to_node"], lost["bad"]) == ("node1", "node2", True)
    assert (strange["to_node"], strange["bad"]) == ("198.18.0.99", True)
    assert document["strangers"] == ["198.18.0.99"]
    assert document["encrypted"] == [{"from_node": "node1", "to_node": "node3", "packets": 7}]


def _probe(folder: Path, *arguments: str) -> typer.testing.Result:
    socket = folder / "agent.sock"
    with served(socket, {"/api/v1/topology": (200, dump_topology(SHOP))}):
        return typer.testing.CliRunner().invoke(
            app, ("--agent", str(socket), "capture", *arguments)
        )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--seconds", "301"), 2, "--seconds is above 0 and at most 300"),
        (("--seconds", "0"), 2, "--seconds is above 0"),
        (("--seconds", "nan"), 2, "--seconds is above 0"),
        (("--count", "0"), 2, "--count is from 1 to 100000"),
        (("--write", __file__), 2, "is there already: name another file"),
        (("--interface", "lo", "--network", "shop_ap"), 2, "did you mean shop_app?"),
        (("--interface", "lo", "--peer", "node9"), 2, "there is no node 'node9'; did you mean"),
        (("--interface", "lo", "--service", "shop_apii"), 2, "shop_api"),
        (("--seconds", "1"), 3, "no interface here has a node's address"),
        (("--interface", "nowhere"), 3, "cannot capture on nowhere: "),
    ],
)
def test_what_cannot_be_captured_is_said(
    tmp_path: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    """Before anything is waited for."""
    done = _probe(tmp_path, *arguments)

    assert done.exit_code == status
    assert said in done.output


def test_without_a_swarm_an_interface_must_be_named(tmp_path: Path) -> None:
    """The message says how."""
    nobody = ("--agent", str(tmp_path / "a.sock"), "--engine", f"unix://{tmp_path}/e.sock")

    done = typer.testing.CliRunner().invoke(app, (*nobody, "capture"))

    assert done.exit_code == 3
    assert "without names it can be looked at: --interface DEVICE" in done.output


#: The nodes of the tunnel, and its VNI; task shop_web.1 is node one's address, shop_api.2 two's.
UNDER = replace(
    SHOP,
    nodes=(replace(NODE1, address=IPv4Address("198.18.9.1")), NODE2),
    tasks=(
        replace(WEB_1, addresses=(replace(on(APP, 1), address=IPv4Address("10.88.0.1")),)),
        *SHOP.tasks[1:],
    ),
    reports=(
        NodeReport(node_id="n1", vtep=IPv4Address("198.18.9.1")),
        NodeReport(node_id="n2", vtep=IPv4Address("198.18.9.2")),
    ),
)


@pytest.fixture
def command_there(tunnel: Tunnel, tmp_path: Path) -> Callable[..., tuple[Mapping[str, Any], int]]:
    """Run the command on node one of the tunnel, whose agent tells the topology."""

    def run(*arguments: str) -> tuple[Mapping[str, Any], int]:
        socket = tmp_path / "agent.sock"
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        code += "from probes.cli.main import main; main()"
        argv = tunnel.inside("one", sys.executable, "-P", "-c", code, "--agent", str(socket))
        with served(socket, {"/api/v1/topology": (200, dump_topology(UNDER))}):
            done = subprocess.run(
                [*argv, "capture", "--json", *arguments],
                stdout=subprocess.PIPE,
                cwd=tmp_path,
                check=False,
                timeout=60,
            )
        return json.loads(done.stdout), done.returncode

    return run


@pytest.mark.netns
@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--service", "shop_web", "--network", "shop_app", "--peer", "node2"), 6),
        (("--service", "shop_db"), 0),
    ],
    ids=["its own", "another's"],
)
def test_the_command_finds_device_and_names_by_itself(
    tunnel: Tunnel,
    command_there: Callable[..., tuple[Mapping[str, Any], int]],
    arguments: tuple[str, ...],
    count: int,
) -> None:
    """The underlay is where the node's VTEP is; what is not wanted is not even counted."""
    with tunnel.sending("tcp"):
        document, status = command_there("--count", "6", "--seconds", "3", *arguments)

    jsonschema.validate(document, SCHEMA)
    assert (document["interface"], document["packets"]) == ("under", count)
    assert status == 0
    froms = {(item["network"], item["from"]) for item in document["conversations"]}
    assert froms == ({("shop_app", "shop_web.1")} if count else set())


@pytest.mark.netns
def test_what_stands_in_the_folder_is_not_loaded(
    tunnel: Tunnel,
    tmp_path: Path,
    command_there: Callable[..., tuple[Mapping[str, Any], int]],
) -> None:
    """The command runs as root, wherever it is typed."""
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "__init__.py").write_text("raise SystemExit('not this one')")
    (tmp_path / "scapy.py").write_text("raise SystemExit('nor this one')")

    with tunnel.sending("tcp"):
        document, status = command_there("--count", "2", "--seconds", "20")

    assert (document["packets"], document["ended_by"]) == (2, "count")
    assert status in {0, 1}  # two packets may be cut off just before an answer
