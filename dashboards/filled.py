"""What does a query come to when everything is chosen? For running it without Grafana."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.grafana import Json
from dashboards.variables import ALL

#: Ours; and what Grafana fills in by itself, on a dashboard that shows an hour.
_FILLED = {
    **ALL,
    "__interval": "30s",
    "__range": "1h",
    "__rate_interval": "1m",
}
#: A name; `$1` is what a pattern of label_replace caught.
_VARIABLE = re.compile(r"\$(?:([a-zA-Z_]\w*)|\{(\w+)\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One query of a panel, ready for Prometheus."""

    dashboard: str
    panel: str
    ref: str
    expr: str
    legend: str
    #: Whether it asks for this moment alone.
    instant: bool

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}, {self.ref}"


def filled(expr: str) -> str:
    """Fill in every variable."""
    return _VARIABLE.sub(lambda found: _FILLED[found[1] or found[2]], expr)


def of_panel(document: Json, panel: Json) -> tuple[Asked, ...]:
    """List a panel's queries."""
    return tuple(
        Asked(
            dashboard=document["uid"],
            panel=panel["title"],
            ref=target["refId"],
            expr=filled(target["expr"]),
            legend=target["legendFormat"],
            instant=target["instant"],
        )
        for target in panel.get("targets", ())
    )


def of_dashboard(document: Json) -> Iterator[Asked]:
    """List the queries of all panels, and of the annotations."""
    for panel in document["panels"]:
        yield from of_panel(document, panel)
    for annotation in document["annotations"]["list"]:
        yield Asked(
            dashboard=document["uid"],
            panel=f"annotation {annotation['name']}",
            ref="A",
            expr=filled(annotation["expr"]),
            legend=annotation["titleFormat"],
            instant=False,
        )
