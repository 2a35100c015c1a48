"""Are tables shown, narrowed, compared, and told by the right status?"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer.testing

from probes.cli.main import app
from probes.state.table import Row, Table
from probes.wire import dump_table
from tests.probes.cli.documents import served

GOOD = ("shop_app", "shop_web.2", "10.0.1.4", "02:42:0a:00:01:04", "198.18.0.12", "node2")
BAD = ("shop_app", "shop_api.1", "10.0.1.7", "02:42:0a:00:01:07", "198.18.0.19", "no node")


def _table(*rows: Row, node: str = "node1", note: str = "") -> Table:
    return Table(
        kind="fdb",
        node=node,
        columns=("network", "whose", "address", "mac", "vtep", "node"),
        rows=rows,
        key=3,
        judged=True,
        note=note,
    )


WHOLE = _table(Row(cells=GOOD), Row(cells=BAD, wrong="fdb_unknown_vtep"))


def _probe(*arguments: str, columns: int = 0) -> typer.testing.Result:
    env = {"COLUMNS": str(columns)} if columns else {}
    return typer.testing.CliRunner().invoke(app, arguments, env=env)


@contextmanager
def _agent(folder: Path, table: Table) -> Iterator[tuple[str, str]]:
    socket = folder / "agent.sock"
    with served(socket, {"/api/v1/state": (200, dump_table(table))}):
        yield "--agent", str(socket)


def test_a_table_is_shown_as_it_is(tmp_path: Path) -> None:
    """Into a pipe whole, with what is wrong at the end of its row; and then the status is 1."""
    with _agent(tmp_path, WHOLE) as agent:
        done = _probe(*agent, "fdb")

    assert done.exit_code == 1
    lines = [line.split() for line in done.output.splitlines()]
    assert lines == [
        ["NETWORK", "WHOSE", "ADDRESS", "MAC", "VTEP", "NODE", "WRONG"],
        [*GOOD],
        [*BAD[:5], "no", "node", "fdb_unknown_vtep"],
    ]


def test_rows_can_be_chosen_and_only_they_count(tmp_path: Path) -> None:
    """A healthy service is well, whatever is wrong with another."""
    with _agent(tmp_path, WHOLE) as agent:
        web = _probe(*agent, "fdb", "--service", "web", "--json")
        other = _probe(*agent, "fdb", "--network", "shop_data")

    assert web.exit_code == 0
    document = json.loads(web.output)
    assert [row["whose"] for row in document["rows"]] == ["shop_web.2"]
    assert document["version"] == 1
    assert (other.exit_code, other.output) == (0, "no fdb on node1\n")


def test_names_are_shown_from_one_vantage(tmp_path: Path) -> None:
    """What another service is told is not what was asked for."""
    view = Table(
        kind="dns-view",
        node="node1",
        columns=("from", "name", "answer"),
        rows=(
            Row(cells=("shop_web", "api", "10.0.1.20")),
            Row(cells=("shop_api", "web", "10.0.1.9"), wrong="wrong_answer"),
        ),
        key=2,
        judged=True,
    )
    with _agent(tmp_path, view) as agent:
        web = _probe(*agent, "dns-view", "--from", "web", "--json")
        api = _probe(*agent, "dns-view", "--from", "shop_api", "--json")

    assert [row["from"] for row in json.loads(web.output)["rows"]] == ["shop_web"]
    assert [row["from"] for row in json.loads(api.output)["rows"]] == ["shop_api"]
    assert (web.exit_code, api.exit_code) == (0, 1)


def test_what_could_not_be_read_is_no_empty_table(tmp_path: Path) -> None:
    """It is said why, and the status is that of who could not look."""
    with _agent(tmp_path, _table(note="this node's kernel has no IPVS")) as agent:
        done = _probe(*agent, "ipvs")

    assert done.exit_code == 3
    assert "no IPVS" in done.output


@contextmanager
def _nodes(path: Path, tables: Mapping[str, Table]) -> Iterator[tuple[str, str]]:
    """Answer for several nodes, as an agent does that asks the others."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            node = parse_qs(urlsplit(self.path).query).get("node", [""])[0]
            found = tables.get(node)
            body = dump_table(found) if found else f"there is no node {node!r} to ask".encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return str(path)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield "--agent", str(path)
        finally:
            server.shutdown()
            thread.join()


def _other(*cells: str) -> Row:
    return Row(cells=cells)


@pytest.mark.parametrize(
    ("there", "status", "differences"),
    [
        ((Row(cells=GOOD), Row(cells=BAD)), 0, []),
        (
            (Row(cells=GOOD), _other(*BAD[:4], "198.18.0.13", "node3")),
            1,
            [("vtep", "198.18.0.19", "198.18.0.13"), ("node", "no node", "node3")],
        ),
        ((Row(cells=GOOD),), 1, [("", "present", "")]),
        # What leads to one of the two is on the other alone.
        ((Row(cells=BAD),), 0, []),
    ],
)
def test_two_nodes_are_held_against_each_other(
    tmp_path: Path, there: tuple[Row, ...], status: int, differences: list[tuple[str, ...]]
) -> None:
    """By what their rows mean."""
    tables = {"node1": WHOLE, "node2": _table(*there, node="node2")}
    with _nodes(tmp_path / "agent.sock", tables) as agent:
        done = _probe(*agent, "fdb", "--diff", "node1", "node2", "--json")
        shown = _probe(*agent, "fdb", "--diff", "node1", "node2")
        unknown = _probe(*agent, "fdb", "--diff", "node1", "node9")

    assert (done.exit_code, shown.exit_code) == (status, status)
    found: list[dict[str, Any]] = json.loads(done.output)["differences"]
    assert [(item["column"], item["node1"], item["node2"]) for item in found] == differences
    if not differences:
        assert shown.output == "fdb: node1 and node2 have the same\n"
    assert unknown.exit_code == 3
    assert "there is no node 'node9' to ask" in unknown.output


def _links(node: str, *devices: tuple[str, str, str]) -> Table:
    rows = tuple(Row(cells=("overlay", "shop_app", *device)) for device in devices)
    columns = ("in", "network", "device", "kind", "mtu")
    return Table(kind="links", node=node, columns=columns, rows=rows, key=3, judged=True)


def test_ports_of_tasks_are_each_nodes_own(tmp_path: Path) -> None:
    """What both must have alike is told all the same."""
    tables = {
        "node1": _links("node1", ("vxlan0", "vxlan", "1450"), ("veth1", "veth", "1450")),
        "node2": _links("node2", ("vxlan0", "vxlan", "1400"), ("veth7", "veth", "1450")),
    }
    with _nodes(tmp_path / "agent.sock", tables) as agent:
        done = _probe(*agent, "links", "--diff", "node1", "node2", "--json")

    assert done.exit_code == 1
    (found,) = json.loads(done.output)["differences"]
    assert (found["about"][-1], found["column"]) == ("vxlan0", "mtu")
    assert (found["node1"], found["node2"]) == ("1450", "1400")
