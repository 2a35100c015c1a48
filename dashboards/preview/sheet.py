"""How do a dashboard's panels come onto one sheet? Placed as in Grafana, one PNG a dashboard."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dashboards import build
from dashboards.filled import of_panel
from dashboards.grafana import Json
from dashboards.panels import WIDTH
from dashboards.preview import draw
from dashboards.preview.prometheus import Prometheus, Series
from dashboards.uids import Uid

_SHOWN_SECONDS = 3600
#: Of a graph, and of the panels that have fewer, wider cells.
_MOMENTS = 240
#: Inches of one field of Grafana's grid.
_WIDE, _HIGH = 0.7, 0.36
_TOP = 0.6


def write(url: str, chosen: Sequence[Uid], folder: Path) -> Iterator[Path]:
    """Draw each dashboard from what Prometheus has of the last hour."""
    now = time.time()
    prometheus = Prometheus(url=url, start=now - _SHOWN_SECONDS, end=now)
    documents = build.documents()
    folder.mkdir(parents=True, exist_ok=True)
    for uid in chosen:
        file = folder / f"{uid}.png"
        _draw(documents[uid], prometheus).savefig(file, dpi=90)
        yield file


def _draw(document: Json, prometheus: Prometheus) -> Figure:
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in document["panels"])
    width, height = WIDTH * _WIDE, rows * _HIGH + _TOP
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.2 / width, 1 - 0.35 / height, document["title"], fontsize=14, weight="bold")
    for panel in document["panels"]:
        place = panel["gridPos"]
        left, top = place["x"] * _WIDE, _TOP + place["y"] * _HIGH
        if panel["type"] == "row":
            where = (0.2 / width, 1 - (top + 0.25) / height)
            figure.text(*where, panel["title"], fontsize=10, weight="bold")
            continue
        # Room for the title above, and for names and moments beside and below.
        margin = _names_width(panel)
        bounds = (
            (left + margin) / width,
            1 - (top + place["h"] * _HIGH - 0.3) / height,
            (place["w"] * _WIDE - margin - 0.15) / width,
            (place["h"] * _HIGH - 0.65) / height,
        )
        axes = figure.add_axes(bounds)
        draw.title(axes, panel, place["w"] * _WIDE)
        draw.panel(axes, panel, _answers(document, panel, prometheus))
    return figure


def _names_width(panel: Json) -> float:
    """Say how much room the names at the left take, in inches."""
    if panel["type"] in {"status-history", "state-timeline", "bargauge"}:
        return 2.4
    return 0.7 if panel["type"] in {"timeseries", "heatmap"} else 0.15


def _answers(document: Json, panel: Json, prometheus: Prometheus) -> list[list[Series]]:
    moments = panel.get("maxDataPoints", _MOMENTS)
    return [
        prometheus.instant(asked.expr)
        if asked.instant
        else prometheus.over_time(asked.expr, _SHOWN_SECONDS / moments)
        for asked in of_panel(document, panel)
    ]
