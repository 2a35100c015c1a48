"""What does every dashboard have? Its frame: variables, links, annotations, and panels in place."""

from collections.abc import Iterator, Sequence

from grafanalib import core

from dashboards import grafana, links, queries
from dashboards.panels import PROMETHEUS, WIDTH, Section
from dashboards.uids import Uid
from dashboards.variables import COMMON
from exporter.catalog import SERVICE_TASKS_RUNNING
from exporter.promql import by, none_of

#: What Grafana shows crosshairs by: on all panels at once.
_SHARED_CROSSHAIR = 1


def dashboard(
    uid: Uid,
    title: str,
    description: str,
    variables: Sequence[core.Template],
    sections: Sequence[Section],
) -> core.Dashboard:
    """Frame the sections."""
    return core.Dashboard(
        uid=str(uid),
        title=f"Swarmscope / {title}",
        description=description,
        tags=[links.TAG],
        editable=False,
        schemaVersion=grafana.SCHEMA_VERSION,
        graphTooltip=_SHARED_CROSSHAIR,
        refresh="30s",
        time=core.Time("now-1h", "now"),
        timezone="browser",
        links=[links.ALL],
        annotations=core.Annotations(list=list(_annotations())),
        templating=core.Templating(list=[*COMMON, *variables]),
        panels=list(_placed(sections)),
    ).auto_panel_ids()


def _placed(sections: Sequence[Section]) -> Iterator[core.Panel]:
    """Put panels beside each other while there is room, and below otherwise."""
    top = 0
    for section in sections:
        yield core.RowPanel(title=section.title, gridPos=core.GridPos(h=1, w=WIDTH, x=0, y=top))
        top += 1
        left = height = 0
        for panel in section.panels:
            place = panel.gridPos
            if left + place.w > WIDTH:
                left, top, height = 0, top + height, 0
            place.x, place.y = left, top
            yield panel
            left, height = left + place.w, max(height, place.h)
        top += height


def _annotations() -> Iterator[grafana.Json]:
    """Mark on every graph when something was found, and when tasks came and went."""
    yield _annotation(
        "Findings",
        "red",
        queries.findings(
            ("code", "node", "peer_node", "network", "service"), severity=none_of("info")
        ),
        title="{{code}}",
        text="{{node}} {{peer_node}} {{network}} {{service}}",
    )
    changes = f"changes({queries.shown(SERVICE_TASKS_RUNNING)}[{queries.WINDOW}])"
    yield _annotation(
        "Deployments",
        "blue",
        f"{by('max', ('service',), changes)} > 0",
        title="{{service}}: tasks came or went",
        text="An update, a scaling, or a task that ended.",
    )


def _annotation(name: str, colour: str, expr: str, *, title: str, text: str) -> grafana.Json:
    return {
        "datasource": PROMETHEUS,
        "enable": True,
        "expr": expr,
        "hide": False,
        "iconColor": colour,
        "name": name,
        "step": "30s",
        "textFormat": text,
        "titleFormat": title,
        "useValueForTime": False,
    }
