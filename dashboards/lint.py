"""Does a dashboard keep to the rules? Those of dashboard-linter and mixtool, and our own.

Two rules of dashboard-linter are kept in another form: an agent is known by its node and its Swarm,
not by a job and an instance, so it is `cluster` that every query must narrow by.
"""

import re
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from urllib.parse import parse_qsl, urlsplit

from dashboards.filled import of_dashboard
from dashboards.grafana import SCHEMA_VERSION, Json
from dashboards.panels import PROMETHEUS, WIDTH
from dashboards.queries import FOREIGN
from dashboards.selectors import metrics, selectors
from dashboards.variables import ALL
from exporter.catalog import CATALOG, MetricType

Rule = Callable[[Json], Iterator[str]]

_TYPES = frozenset(
    {
        "bargauge",
        "heatmap",
        "nodeGraph",
        "row",
        "stat",
        "state-timeline",
        "status-history",
        "table",
        "timeseries",
    }
)
#: Grafana's names of units.
_UNITS = frozenset(
    {"Bps", "bytes", "cps", "none", "ops", "percentunit", "pps", "s", "short"},
)
_RATES = ("rate", "increase", "irate", "changes", "delta", "deriv")
#: (dashboard, panel) whose windows are their meaning, not the screen's.
FIXED_WINDOWS = frozenset(
    {
        ("swarmscope-services", "Error budget burns"),
        ("swarmscope-services", "Latency budget burns"),
        ("swarmscope-matrix", "Overlays: loss"),
    }
)
_SUFFIXES = {MetricType.HISTOGRAM: ("_bucket", "_count", "_sum")}
_EXPOSED = {
    name: spec
    for spec in CATALOG
    for name in (spec.name + suffix for suffix in _SUFFIXES.get(spec.type, ("",)))
}
_URL = re.compile(r"\$\{(?:__url_time_range|\w+:queryparam)\}")


def shown_panels(document: Json) -> Iterator[Json]:
    """List the panels that show something: all but rows."""
    return (panel for panel in document["panels"] if panel["type"] != "row")


def frame(document: Json) -> Iterator[str]:
    """Uid, title, schema; nobody edits what is made from code."""
    if not document.get("uid") or not document.get("title"):
        yield "has no uid or no title"
    if document.get("editable") is not False:
        yield "can be edited"
    if document.get("schemaVersion") != SCHEMA_VERSION:
        yield "has an old schema"


def datasource_variable(document: Json) -> Iterator[str]:
    """The data source can be chosen, under the name and label that everybody uses."""
    found = [item for item in document["templating"]["list"] if item["type"] == "datasource"]
    if [(item["name"], item["label"], item["query"]) for item in found] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield "has no variable datasource, labelled Data source"


def variables(document: Json) -> Iterator[str]:
    """Every variable follows the data source and the time, and can be all or several."""
    for item in document["templating"]["list"]:
        if item["type"] == "datasource":
            continue
        everything = ALL[item["name"]]
        wanted = {"refresh": 2, "multi": True, "includeAll": True, "allValue": everything}
        for key, value in wanted.items():
            if item[key] != value:
                yield f"variable {item['name']}: {key} is not {value}"
        if item["datasource"] != PROMETHEUS:
            yield f"variable {item['name']}: is not from $datasource"
        if not re.fullmatch(r"label_values\(swarmscope_\w+(\{.*\})?, \w+\)", item["query"]):
            yield f"variable {item['name']}: asks for no label's values"
        if not item["label"]:
            yield f"variable {item['name']}: has no label"


def variables_are_used(document: Json) -> Iterator[str]:
    """What can be chosen changes something, and what is used can be chosen."""
    known = {item["name"] for item in document["templating"]["list"]} - {"datasource"}
    used = {
        name
        for panel in shown_panels(document)
        for target in panel["targets"]
        for name in re.findall(r"\$\{?([a-z]\w*)", target["expr"])
    }
    for name in sorted(known ^ used):
        yield f"variable {name}: is " + ("not used" if name in known else "not there")


def panels_are_current(document: Json) -> Iterator[str]:
    """No panel of a type that Grafana has left behind, nor with its options of old."""
    for panel in document["panels"]:
        if panel["type"] not in _TYPES:
            yield f"{panel['title']}: {panel['type']} is no current type"
        if panel.keys() & {"aliasColors", "fieldOptions", "styles", "yaxes", "dataFormat"}:
            yield f"{panel['title']}: has options of an older Grafana"


def panels_say_what_is_normal(document: Json) -> Iterator[str]:
    """A title, and a description that says what is normal."""
    for panel in shown_panels(document):
        if not panel["title"] or "Normal: " not in panel["description"]:
            yield f"{panel['title']}: does not say what is normal"


def titles_are_taken_once(document: Json) -> Iterator[str]:
    """People name a panel by its title."""
    titles = [panel["title"] for panel in shown_panels(document)]
    for title in sorted({title for title in titles if titles.count(title) > 1}):
        yield f"{title}: is the title of several panels"


def panels_have_units(document: Json) -> Iterator[str]:
    """Every figure has a unit; `none` for what is counted."""
    for panel in shown_panels(document):
        if panel["fieldConfig"]["defaults"].get("unit") not in _UNITS:
            yield f"{panel['title']}: has no unit, or one that Grafana does not know"


def panels_have_thresholds(document: Json) -> Iterator[str]:
    """The first step has no value, and the others rise."""
    for panel in shown_panels(document):
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        values = [step["value"] for step in steps]
        risen = all(one < other for one, other in pairwise(values[1:]))
        if not values or values[0] is not None or not risen:
            yield f"{panel['title']}: thresholds are out of order"


def panels_ask(document: Json) -> Iterator[str]:
    """Every panel has queries, of the data source that was chosen, each under its own letter."""
    for panel in shown_panels(document):
        targets = panel["targets"]
        if not targets or panel["datasource"] != PROMETHEUS:
            yield f"{panel['title']}: asks nothing, or not $datasource"
        if any(target["datasource"] != PROMETHEUS or not target["expr"] for target in targets):
            yield f"{panel['title']}: a query asks nothing, or not $datasource"
        if len({target["refId"] for target in targets}) != len(targets):
            yield f"{panel['title']}: two queries have one letter"


def ids_are_taken_once(document: Json) -> Iterator[str]:
    """Links to a panel are made of its id."""
    ids = [panel["id"] for panel in document["panels"]]
    if len(set(ids)) != len(ids) or None in ids:
        yield "two panels have one id"


def panels_have_room(document: Json) -> Iterator[str]:
    """Within the grid, and not on top of each other."""
    places = [(panel["title"], panel["gridPos"]) for panel in document["panels"]]
    for title, place in places:
        if place["x"] < 0 or place["x"] + place["w"] > WIDTH:
            yield f"{title}: is beyond the edge"
    for (title, one), (other_title, other) in combinations(places, 2):
        if (
            one["x"] < other["x"] + other["w"]
            and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"]
            and other["y"] < one["y"] + one["h"]
        ):
            yield f"{title}: overlaps {other_title}"


def rates_follow_the_screen(document: Json) -> Iterator[str]:
    """A rate's window is $__rate_interval, but for what is defined over a window of its own."""
    for panel in shown_panels(document):
        if (document["uid"], panel["title"]) in FIXED_WINDOWS:
            continue
        for target in panel["targets"]:
            for item in selectors(target["expr"]):
                rated = item.before.endswith(tuple(f"{name}(" for name in _RATES))
                if rated and item.range != "[$__rate_interval]":
                    yield f"{panel['title']}: {item.metric}{item.range} is no $__rate_interval"


def counters_are_rated(document: Json) -> Iterator[str]:
    """A counter's value says nothing: its rate does."""
    for asked in of_dashboard(document):
        for item in selectors(asked.expr):
            spec = _EXPOSED.get(item.metric)
            counts = spec is not None and spec.type is not MetricType.GAUGE
            if counts and not item.before.endswith(("rate(", "increase(")):
                yield f"{asked}: {item.metric} is not rated"


def queries_are_narrowed(document: Json) -> Iterator[str]:
    """Every series is of the Swarms that were chosen."""
    for panel in shown_panels(document):
        for target in panel["targets"]:
            found = list(selectors(target["expr"]))
            if not found or any(
                item.matchers.get("cluster") != ("=~", "$cluster") for item in found
            ):
                yield f"{panel['title']}, {target['refId']}: is not narrowed by cluster"


def metrics_are_known(document: Json) -> Iterator[str]:
    """Every series is in the catalogue, or one of Prometheus' own that are listed."""
    for asked in of_dashboard(document):
        named = metrics(asked.expr) | {item.metric for item in selectors(asked.expr)}
        for name in sorted(named - _EXPOSED.keys() - set(FOREIGN)):
            yield f"{asked}: nobody exposes {name}"


def links_of(document: Json) -> Iterator[tuple[str, str]]:
    """List the data links: the panel's title, and where the link leads."""
    for panel in shown_panels(document):
        config = panel["fieldConfig"]
        found = list(config["defaults"].get("links") or ())
        for override in config.get("overrides") or ():
            for item in override["properties"]:
                found.extend(item["value"] if item["id"] == "links" else ())
        yield from ((panel["title"], link["url"]) for link in found)


def parsed(url: str) -> tuple[str, tuple[str, ...]]:
    """Give the uid that a link leads to, and the variables that it sets there."""
    parts = urlsplit(url)
    query = _URL.sub("", parts.query)
    names = (name for name, _ in parse_qsl(query) if name.startswith("var-"))
    return parts.path.removeprefix("/d/"), tuple(name.removeprefix("var-") for name in names)


def red_leads_on(document: Json) -> Iterator[str]:
    """A table whose cells can be red has a link that leads to what explains them."""
    titles = {title for title, _ in links_of(document)}
    for panel in shown_panels(document):
        red = any(
            step["color"] == "red"
            for item in panel["fieldConfig"].get("overrides") or ()
            for part in item["properties"]
            if part["id"] == "thresholds"
            for step in part["value"]["steps"]
        )
        if red and panel["title"] not in titles:
            yield f"{panel['title']}: a red cell leads nowhere"


def links_keep_what_was_chosen(document: Json) -> Iterator[str]:
    """Time, data source and Swarm go along."""
    for title, url in links_of(document):
        for part in ("${__url_time_range}", "${datasource:queryparam}", "${cluster:queryparam}"):
            if part not in url:
                yield f"{title}: a link loses {part}"


RULES: tuple[Rule, ...] = (
    frame,
    datasource_variable,
    variables,
    variables_are_used,
    panels_are_current,
    panels_say_what_is_normal,
    titles_are_taken_once,
    panels_have_units,
    panels_have_thresholds,
    panels_ask,
    ids_are_taken_once,
    panels_have_room,
    rates_follow_the_screen,
    counters_are_rated,
    queries_are_narrowed,
    metrics_are_known,
    red_leads_on,
    links_keep_what_was_chosen,
)
