"""Does each rule complain of a dashboard that breaks it?"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from dashboards import build, checks
from dashboards.grafana import Json
from dashboards.lint import RULES, Rule, shown_panels
from dashboards.uids import Uid


@dataclass(frozen=True, slots=True)
class Parts:
    """A dashboard of one's own, and what of it can be broken."""

    document: Json

    @property
    def panel(self) -> Json:
        """Give a graph."""
        panels = shown_panels(self.document)
        return next(panel for panel in panels if panel["type"] == "timeseries")

    def ask(self, expr: str) -> None:
        """Have the graph ask something else."""
        self.panel["targets"][0]["expr"] = expr

    def set(self, **values: object) -> None:
        """Have the graph say something else."""
        self.panel.update(values)

    def show(self, **values: object) -> None:
        """Have the graph show its values otherwise."""
        self.panel["fieldConfig"]["defaults"].update(values)

    def variable(self, name: str, **values: object) -> None:
        """Have a variable say something else."""
        found = self.document["templating"]["list"]
        next(item for item in found if item["name"] == name).update(values)

    def unlink(self) -> None:
        """Take the links from all columns."""
        for panel in shown_panels(self.document):
            for override in panel["fieldConfig"].get("overrides", ()):
                for item in override["properties"]:
                    if item["id"] == "links":
                        item["value"] = []


#: Rule -> what breaks it.
BROKEN: Mapping[str, Callable[[Parts], None]] = {
    "frame": lambda parts: parts.document.update(editable=True),
    "datasource_variable": lambda parts: parts.variable("datasource", label="Source"),
    "variables": lambda parts: parts.variable("cluster", refresh=1),
    "variables_are_used": lambda parts: parts.ask('up{pod="$pod"}'),
    "panels_are_current": lambda parts: parts.set(type="graph"),
    "panels_say_what_is_normal": lambda parts: parts.set(description="A graph."),
    "titles_are_taken_once": lambda parts: parts.set(title="Worst pairs"),
    "panels_have_units": lambda parts: parts.show(unit=""),
    "panels_have_thresholds": lambda parts: parts.show(thresholds={"steps": []}),
    "panels_ask": lambda parts: parts.set(targets=[]),
    "ids_are_taken_once": lambda parts: parts.set(id=1),
    "panels_have_room": lambda parts: parts.set(gridPos={"x": 20, "y": 0, "w": 8, "h": 8}),
    "rates_follow_the_screen": lambda parts: parts.ask("rate(swarmscope_probe_runs_total{}[5m])"),
    "counters_are_rated": lambda parts: parts.ask("sum(swarmscope_probe_runs_total{})"),
    "queries_are_narrowed": lambda parts: parts.ask('swarmscope_probe_success{node="$node"}'),
    "metrics_are_known": lambda parts: parts.ask("swarmscope_probe_sucess{}"),
    "red_leads_on": lambda parts: parts.unlink(),
    "links_keep_what_was_chosen": lambda parts: parts.show(links=[{"url": "/d/swarmscope-dns?"}]),
}


def _overview() -> Parts:
    return Parts(json.loads(json.dumps(build.documents()[Uid.OVERVIEW])))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_that_is_broken_is_complained_of(rule: Rule) -> None:
    """So that the rules mean something."""
    parts = _overview()

    BROKEN[rule.__name__](parts)

    assert list(rule(parts.document))


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("/d/swarmscope-dnss?var-node=a", "leads to swarmscope-dnss, which is no dashboard"),
        ("/d/swarmscope-nodes?var-service=a", "which swarmscope-nodes does not have"),
    ],
)
def test_a_link_that_does_not_arrive_is_named(url: str, complaint: str) -> None:
    """Whether the dashboard is missing, or its variable."""
    parts = _overview()
    parts.show(links=[{"url": url}])

    (said,) = checks.lost_links({Uid.OVERVIEW: parts.document, **_others()})

    assert complaint in said


def _others() -> Mapping[Uid, Json]:
    return {uid: item for uid, item in build.documents().items() if uid is not Uid.OVERVIEW}
