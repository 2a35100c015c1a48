"""Does the preview draw what Prometheus answers?"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from dashboards import build
from dashboards.__main__ import main
from dashboards.lint import shown_panels
from dashboards.preview import tables
from dashboards.preview.prometheus import Prometheus, PrometheusError, Series
from dashboards.preview.values import legend, text
from dashboards.uids import Uid

_LABELS = {
    "destination_node": "node2",
    "destination_service": "api",
    "id": "api",
    "le": "0.001",
    "node": "node1",
    "service": "api",
    "severity": "critical",
    "source": "api",
    "source_node": "node1",
    "source_service": "web",
    "target": "api",
    "title": "api",
}


class _Answers(BaseHTTPRequestHandler):
    """Gives one series to every question but `sum(`, which does not parse."""

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if asked["query"] == ["sum("]:
            self._say(400, {"error": "parse error"})
            return
        now = float(asked.get("time", asked.get("end", ["0"]))[0])
        if self.path.endswith("/query"):
            found: dict[str, object] = {"value": [now, "0.5"]}
        else:
            found = {"values": [[now - 60, "0.5"], [now, "1"]]}
        self._say(200, {"data": {"result": [{"metric": _LABELS, **found}]}})

    def _say(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """Where somebody answers as Prometheus does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("uid", list(Uid))
def test_every_dashboard_can_be_drawn(uid: Uid, url: str, tmp_path: Path) -> None:
    """Each type of panel, as one picture."""
    name = uid.removeprefix("swarmscope-")

    assert main(["preview", url, "--out", str(tmp_path), "--dashboard", name]) == 0

    assert (tmp_path / f"{uid}.png").read_bytes().startswith(b"\x89PNG")


def test_what_prometheus_refuses_is_said(url: str) -> None:
    """With its own words."""
    prometheus = Prometheus(url=url, start=0, end=60)

    with pytest.raises(PrometheusError, match="parse error"):
        prometheus.instant("sum(")


def test_an_address_that_is_none_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Only what is served by HTTP is asked."""
    assert main(["preview", "file:///etc", "--out", str(tmp_path)]) == 1
    assert "not the URL of a Prometheus" in capsys.readouterr().err


def _one(value: float, **labels: str) -> Series:
    return Series(labels=labels, times=(0.0,), values=(value,))


def test_a_matrix_has_a_row_for_each_who_looks() -> None:
    """And a cell without a colour where nobody looks."""
    document = build.documents()[Uid.MATRIX]
    panel = next(shown_panels(document))
    answer = [
        _one(1, source_service="web", destination_service="api"),
        _one(0.5, source_service="api", destination_service="db"),
    ]

    grid = tables.matrix(panel, answer)

    assert grid.head == ("from \\ to", "api", "db")
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["api", "", "50 %"],
        ["web", "100 %", ""],
    ]
    assert grid.rows[0][2].colour != grid.rows[1][1].colour


def test_a_table_merges_the_answers_whose_labels_agree() -> None:
    """One row for one node, with the values of all queries."""
    panels = shown_panels(build.documents()[Uid.NODES])
    panel = next(panel for panel in panels if panel["title"] == "What it is")
    what, tasks = _one(1, node="node1", role="manager"), _one(7, node="node1")

    grid = tables.table(panel, ([what], [tasks], []))

    assert [[cell.text for cell in row] for row in grid.rows] == [["node1", "manager", "7", ""]]


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.5, "percentunit", "50 %"),
        (0.0012, "s", "1.2 ms"),
        (7200, "s", "2 h"),
        (1500, "Bps", "1.5k B/s"),
        (3, "none", "3"),
        (float("inf"), "s", "+Inf"),
        (float("nan"), "s", "NaN"),
    ],
)
def test_values_read_as_in_grafana(value: float, unit: str, said: str) -> None:
    """With the unit that fits."""
    assert text(value, unit) == said


def test_a_legend_names_a_series_by_its_labels() -> None:
    """A label that is not there is nothing."""
    assert legend("{{a}} on {{b}}{{c}}", {"a": "x", "b": "y"}) == "x on y"
    assert legend("__auto", {"a": "x", "b": "y"}) == "x, y"
