"""What does Grafana take today that grafanalib does not write?

Its classes write JSON of several ages at once. Here are the panels that it lacks, or writes in a
form that Grafana has left behind; and `current`, which takes away what no Grafana reads any more.
"""

import json
from collections.abc import Mapping
from typing import Any

from grafanalib import core
from grafanalib._gen import DashboardEncoder

#: What Grafana 11.6 writes itself.
SCHEMA_VERSION = 41

Json = dict[str, Any]

_OLD_OF_DASHBOARD = frozenset(
    {"__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style"}
)
_OLD_OF_PANEL = frozenset(
    {"color", "columns", "editable", "error", "fontSize", "height", "mappings", "minSpan", "span"}
)
_OF_ROW = ("collapsed", "gridPos", "id", "panels", "title", "type")
_OLD_OF_VARIABLE = frozenset({"tagValuesQuery", "tagsQuery", "useTags"})


class Target(core.Target):
    """One query, as the code editor of Prometheus' data source keeps it."""

    def to_json_data(self) -> Json:
        """Write it."""
        return {
            "datasource": self.datasource,
            "editorMode": "code",
            "expr": self.expr,
            "format": self.format,
            "instant": self.instant,
            "legendFormat": self.legendFormat,
            "range": not self.instant,
            "refId": self.refId,
        }


class _Bare(core.Panel):
    """A panel that says what it is; the rest comes as `extraJson`."""

    kind = ""

    def to_json_data(self) -> Json:
        """Write it."""
        written: Json = self.panel_json({"type": self.kind})
        return written


class BarGauge(_Bare):
    """One bar for each series; grafanalib's has the options of Grafana 6."""

    kind = "bargauge"


class Heatmap(_Bare):
    """Buckets over time; grafanalib's is the one before Grafana 9."""

    kind = "heatmap"


class StatusHistory(_Bare):
    """States at fixed moments, a row for each series."""

    kind = "status-history"


class NodeGraph(_Bare):
    """Who talks to whom: one query of nodes and one of edges, as tables."""

    kind = "nodeGraph"


def current(dashboard: core.Dashboard) -> Json:
    """Write a dashboard, less what no Grafana reads any more."""
    document: Json = json.loads(json.dumps(dashboard, cls=DashboardEncoder))
    document["panels"] = [_panel(panel) for panel in document["panels"]]
    variables = document["templating"]["list"]
    document["templating"]["list"] = [_without(item, _OLD_OF_VARIABLE) for item in variables]
    return _without(document, _OLD_OF_DASHBOARD)


def _panel(panel: Mapping[str, Any]) -> Json:
    """Leave out what is not said; a row has nothing but a title and a place."""
    if panel["type"] == "row":
        return {key: panel[key] for key in _OF_ROW}
    kept = _without(panel, _OLD_OF_PANEL)
    return {key: value for key, value in kept.items() if value is not None}


def _without(item: Mapping[str, Any], old: frozenset[str]) -> Json:
    return {key: value for key, value in item.items() if key not in old}
