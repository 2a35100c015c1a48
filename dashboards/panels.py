"""What does each kind of panel look like? The house style, said once."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grafanalib import core

from dashboards import grafana
from dashboards.colours import AS_IT_IS, GOOD, NEUTRAL, Mappings, Steps
from dashboards.grafana import Json

#: Grafana's grid is so wide.
WIDTH = 24
HALF = WIDTH // 2
THIRD = WIDTH // 3
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}

_LEGEND = {"displayMode": "list", "placement": "bottom", "calcs": []}
_TOOLTIP = {"mode": "multi", "sort": "desc"}


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, and what its series are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a table shows one field."""

    #: A label's name; "Value", or "Value #A" and on where there are several queries.
    of: str
    title: str
    unit: str = ""
    steps: Steps | None = None
    mappings: Mappings = field(default_factory=list)
    links: Sequence[core.DataLink] = ()
    #: In pixels; None: as there is room.
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under one heading."""

    title: str
    panels: tuple[core.Panel, ...]


def timeseries(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    steps: Steps = NEUTRAL,
    stacked: bool = False,
    most: int | None = None,
    links: Sequence[core.DataLink] = (),
    width: int = HALF,
    height: int = 8,
) -> core.TimeSeries:
    """Show how values went; a dashed line stands where an alert begins."""
    return core.TimeSeries(
        **_common(title, description, queries, instant=False, width=width, height=height),
        unit=unit,
        thresholds=steps,
        thresholdsStyleMode="dashed" if len(steps) > 1 else "off",
        fillOpacity=30 if stacked else 5,
        stacking={"mode": "normal" if stacked else "none", "group": "A"},
        axisSoftMin=0,
        valueMax=most,
        showPoints="never",
        tooltipMode="multi",
        tooltipSort="desc",
        legendCalcs=["lastNotNull", "max"],
        legendDisplayMode="table" if height > 8 else "list",  # noqa: PLR2004 -- room for it
        extraJson={"fieldConfig": {"defaults": {"links": list(links)}}},
    )


def stat(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    steps: Steps = NEUTRAL,
    mappings: Mappings = AS_IT_IS,
    none: str = "none",
    links: Sequence[core.DataLink] = (),
    width: int = 4,
    height: int = 4,
) -> core.Stat:
    """Show how it stands now, in one figure."""
    return core.Stat(
        **_common(title, description, queries, instant=True, width=width, height=height),
        format=unit,
        thresholds=steps,
        mappings=mappings,
        noValue=none,
        reduceCalc="lastNotNull",
        color={"mode": "thresholds"},
        colorMode="background" if len(steps) > 1 or mappings else "value",
        graphMode="none",
        extraJson={"fieldConfig": {"defaults": {"links": list(links)}}},
    )


def table(
    title: str,
    description: str,
    *queries: Query,
    columns: Sequence[Column],
    sort: str = "",
    descending: bool = True,
    width: int = WIDTH,
    height: int = 8,
) -> core.Table:
    """Show rows of what is so now; fields without a column are left out."""
    shown = {column.of: index for index, column in enumerate(columns)}
    merge: list[Json] = [{"id": "merge", "options": {}}] if len(queries) > 1 else []
    chosen = {"id": "filterFieldsByName", "options": {"include": {"names": list(shown)}}}
    ordered = {"id": "organize", "options": {"indexByName": shown, "excludeByName": {}}}
    title_of = {column.of: column.title for column in columns}
    return core.Table(
        **_common(
            title, description, queries, instant=True, width=width, height=height, form="table"
        ),
        transformations=[*merge, chosen, ordered],
        thresholds=GOOD,
        filterable=True,
        overrides=[_override(column) for column in columns],
        unit="short",
        sortBy=[core.TableSortByField(title_of[sort], desc=descending)] if sort else [],
        extraJson=_TABLE,
    )


def matrix(
    title: str,
    description: str,
    query: Query,
    *,
    rows: str,
    columns: str,
    unit: str,
    steps: Steps,
    links: Sequence[core.DataLink] = (),
    width: int = WIDTH,
    height: int = 12,
) -> core.Table:
    """Show one value for each pair: rows look at columns."""
    pairs = {"rowField": rows, "columnField": columns, "valueField": "Value", "emptyValue": "null"}
    coloured = {
        "fieldConfig": {
            "defaults": {
                "custom": {"cellOptions": {"type": "color-background", "mode": "basic"}},
                "links": list(links),
                "noValue": "",
            }
        }
    }
    head = {
        "matcher": {"id": "byName", "options": f"{rows}\\{columns}"},
        "properties": [
            {"id": "displayName", "value": "from \\ to"},
            {"id": "custom.cellOptions", "value": {"type": "auto"}},
            {"id": "links", "value": list(links[:1])},
        ],
    }
    return core.Table(
        **_common(
            title, description, (query,), instant=True, width=width, height=height, form="table"
        ),
        transformations=[{"id": "groupingToMatrix", "options": pairs}],
        thresholds=steps,
        unit=unit,
        overrides=[head],
        extraJson=coloured,
    )


def state_timeline(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    steps: Steps = NEUTRAL,
    mappings: Mappings = AS_IT_IS,
    links: Sequence[core.DataLink] = (),
    width: int = WIDTH,
    height: int = 8,
) -> core.StateTimeline:
    """Show from when to when something was so."""
    return core.StateTimeline(
        **_common(title, description, queries, instant=False, width=width, height=height),
        thresholds=steps,
        mappings=mappings,
        showValue="never",
        extraJson={"fieldConfig": {"defaults": {"unit": unit, "links": list(links)}}},
    )


def status_history(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "percentunit",
    steps: Steps = NEUTRAL,
    mappings: Mappings = AS_IT_IS,
    links: Sequence[core.DataLink] = (),
    width: int = WIDTH,
    height: int = 8,
) -> grafana.StatusHistory:
    """Show how each of many stood at each moment."""
    return grafana.StatusHistory(
        **_common(title, description, queries, instant=False, width=width, height=height),
        thresholds=steps,
        # Each moment is a cell that must be wide enough to be seen.
        extraJson={
            "maxDataPoints": 60,
            "options": {
                "showValue": "never",
                "rowHeight": 0.9,
                "colWidth": 0.9,
                "legend": _LEGEND,
                "tooltip": _TOOLTIP,
            },
            "fieldConfig": {
                "defaults": {
                    "unit": unit,
                    "color": {"mode": "thresholds"},
                    "mappings": mappings,
                    "links": list(links),
                    "custom": {"fillOpacity": 80, "lineWidth": 0},
                },
                "overrides": [],
            },
        },
    )


def heatmap(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = "s",
    width: int = HALF,
    height: int = 8,
) -> grafana.Heatmap:
    """Show how a histogram's buckets filled over time."""
    return grafana.Heatmap(
        **_common(
            title,
            description,
            (Query(expr, "{{le}}"),),
            instant=False,
            width=width,
            height=height,
            form="heatmap",
        ),
        thresholds=NEUTRAL,
        extraJson={
            "options": {
                "calculate": False,
                "yAxis": {"unit": unit, "axisPlacement": "left"},
                "rowsFrame": {"layout": "auto"},
                "color": {"mode": "scheme", "scheme": "Turbo", "steps": 64, "exponent": 0.5},
                "cellGap": 1,
                "filterValues": {"le": 1e-9},
                "legend": {"show": True},
                "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": True},
                "exemplars": {"color": "rgba(255,0,255,0.7)"},
            },
            "fieldConfig": {
                "defaults": {"unit": "short", "custom": {"hideFrom": _SHOWN}},
                "overrides": [],
            },
        },
    )


def bar_gauge(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    steps: Steps = NEUTRAL,
    most: float | None = None,
    links: Sequence[core.DataLink] = (),
    width: int = HALF,
    height: int = 8,
) -> grafana.BarGauge:
    """Show how much each has now."""
    return grafana.BarGauge(
        **_common(title, description, queries, instant=True, width=width, height=height),
        thresholds=steps,
        extraJson={
            "options": {
                "displayMode": "basic",
                "orientation": "horizontal",
                "valueMode": "color",
                "showUnfilled": True,
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            },
            "fieldConfig": {
                "defaults": {
                    "unit": unit,
                    "min": 0,
                    "max": most,
                    "color": {"mode": "thresholds"},
                    "links": list(links),
                },
                "overrides": [],
            },
        },
    )


def node_graph(
    title: str,
    description: str,
    nodes: Query,
    edges: Query,
    *,
    unit: str,
    links: Sequence[core.DataLink] = (),
    width: int = WIDTH,
    height: int = 14,
) -> grafana.NodeGraph:
    """Show who talks to whom: labels `id` and `title` of nodes; `id`, `source` and `target`."""
    named = {
        "renameByName": {"Value #A": "mainstat", "Value #B": "mainstat"},
        "excludeByName": {"Time": True},
    }
    return grafana.NodeGraph(
        **_common(
            title,
            description,
            (nodes, edges),
            instant=True,
            width=width,
            height=height,
            form="table",
        ),
        transformations=[{"id": "organize", "options": named}],
        thresholds=NEUTRAL,
        extraJson={
            "options": {
                "nodes": {"mainStatUnit": unit},
                "edges": {"mainStatUnit": unit},
                "zoomMode": "cooperative",
            },
            "fieldConfig": {"defaults": {"unit": unit, "links": list(links)}, "overrides": []},
        },
    )


_SHOWN = {"legend": False, "tooltip": False, "viz": False}
_TABLE: Json = {
    "fieldConfig": {"defaults": {"custom": {"cellOptions": {"type": "auto"}, "inspect": False}}},
    "options": {"cellHeight": "sm", "footer": {"show": False}},
}


def _common(
    title: str,
    description: str,
    queries: Sequence[Query],
    *,
    instant: bool,
    width: int,
    height: int,
    form: str = "time_series",
) -> dict[str, Any]:
    return {
        "title": title,
        "description": description,
        "dataSource": PROMETHEUS,
        "gridPos": core.GridPos(h=height, w=width, x=0, y=0),
        "maxDataPoints": None,
        "targets": [
            grafana.Target(
                datasource=PROMETHEUS,
                expr=query.expr,
                format=form,
                instant=instant,
                legendFormat=query.legend or "__auto",
                refId=letter,
            )
            for letter, query in zip(string.ascii_uppercase, queries, strict=False)
        ],
    }


def _override(column: Column) -> Json:
    said: Json = {"displayName": column.title}
    if column.unit:
        said["unit"] = column.unit
    if column.mappings:
        said["mappings"] = column.mappings
    if column.steps:
        said["thresholds"] = {"mode": "absolute", "steps": column.steps}
    if column.steps or column.mappings:
        said["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    if column.links:
        said["links"] = list(column.links)
    if column.width:
        said["custom.width"] = column.width
    return {
        "matcher": {"id": "byName", "options": column.of},
        "properties": [{"id": key, "value": value} for key, value in said.items()],
    }
