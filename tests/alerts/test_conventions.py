"""Are names, labels and words as the field has them, and is nothing forgotten?"""

import json
import re

import pytest

from alerts import build, own, rules, runbooks
from alerts.spec import CULPRIT_LABELS, Alert, Dashboard, RecordingRule, Role, Severity
from exporter.catalog import CATALOG, FINDINGS, MetricType
from tests.alerts.promtool import ALERTS, THRESHOLDS

_EVERY = [rule for group in rules.groups(THRESHOLDS) for rule in group.rules]
_RECORDED = {rule.name for rule in _EVERY if isinstance(rule, RecordingRule)}
_SUFFIXES = {MetricType.HISTOGRAM: ("_bucket", "_count", "_sum")}


def test_the_committed_files_are_those_that_are_built() -> None:
    """`python -m alerts build` writes them."""
    for path, text in build.files(THRESHOLDS).items():
        assert (build.ROOT / path).read_text() == text, path


def test_every_finding_is_in_exactly_one_alert() -> None:
    """A new finding cannot be forgotten, and none is told twice."""
    told = [code for alert in ALERTS.values() for code in alert.codes]

    assert sorted(told) == sorted(FINDINGS)


def test_an_alert_is_as_severe_as_its_findings() -> None:
    """The catalogue says who must get up at night."""
    for alert in ALERTS.values():
        assert {FINDINGS[code].severity.value for code in alert.codes} <= {alert.severity.value}


def test_alerts_pass_mixtools_rules() -> None:
    """CamelCase, a known severity, a fixed summary, a description that names somebody."""
    for alert in ALERTS.values():
        assert re.fullmatch(r"([A-Z]+[a-z0-9]+)+", alert.name)
        assert alert.severity in {"critical", "warning", "info"} or (
            alert.name == "SwarmscopeWatchdog"
        )
        assert re.fullmatch(r"[A-Z][^{}]*\.", alert.summary)
        assert "{{" in alert.description


def test_names_are_taken_once() -> None:
    """Two rules of one name would be told apart by nobody."""
    names = [rule.name for rule in _EVERY]

    assert len(names) == len(set(names))


def test_every_alert_says_where_to_read_on() -> None:
    """Links are derived; nobody can forget one."""
    document = json.loads(rules.rendered(THRESHOLDS))
    written = [rule for group in document["groups"] for rule in group["rules"] if "alert" in rule]

    for rule in written:
        assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{rule['alert']}.md")
        assert rule["annotations"]["dashboard_url"].startswith("/d/swarmscope-")
        assert set(rule["labels"]) <= {"severity", "role", *CULPRIT_LABELS}


def test_every_metric_is_in_the_catalogue_or_known_as_somebody_elses() -> None:
    """An expression about a metric that nobody exposes never fires."""
    ours = {spec.name for spec in CATALOG}
    ours |= {spec.name + end for spec in CATALOG for end in _SUFFIXES.get(spec.type, ())}
    for rule in _EVERY:
        used = set(re.findall(r"\b(?:prometheus|alertmanager|swarmscope)_\w+", rule.expr))
        used |= {"up"} & set(re.findall(r"\bup\b", rule.expr))
        recorded = set(re.findall(r"\b[a-z_]+:[a-z_]+:[a-z0-9_]+", rule.expr))
        of_records = {part for name in recorded for part in name.split(":")}

        assert used - of_records <= ours | set(own.FOREIGN), rule.name
        assert recorded <= _RECORDED, rule.name


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_has_a_runbook_that_somebody_wrote(name: str) -> None:
    """The head is made; the body must say what to do, and why it happens."""
    body = runbooks.body_of(build.ROOT / runbooks.path_of(ALERTS[name]))

    titles = re.findall(r"^## (.+)$", body, re.MULTILINE)
    assert titles == ["What is wrong", "How to see it", "What to do", "Why it happens"]
    assert len(body.split()) > 80


def test_a_runbook_without_an_alert_is_gone() -> None:
    """Old pages mislead."""
    pages = {file.stem for file in (build.ROOT / runbooks.FOLDER).glob("*.md")}

    assert pages == {*ALERTS, "README"}


def _alert(**changes: object) -> Alert:
    values: dict[str, object] = {
        "name": "SwarmNodeDown",
        "expr": "up == 0",
        "hold_seconds": 0.0,
        "severity": Severity.CRITICAL,
        "role": Role.CAUSE,
        "labels": ("node",),
        "summary": "A node is down.",
        "description": "{{ $labels.node }} is down.",
        "command": "true",
        "dashboard": Dashboard.NODES,
    }
    return Alert(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "NodeDown"}, "the name is no CamelCase that begins with Swarm"),
        ({"name": "Swarm_node"}, "the name is no CamelCase that begins with Swarm"),
        ({"hold_seconds": -1.0}, "the hold is below 0"),
        ({"labels": ("instance",)}, "a label that alerts do not have"),
        (
            {"summary": "{{ $labels.node }} is down."},
            "the summary is no fixed sentence from a capital to a period",
        ),
        ({"description": "It is down."}, "the description names nobody"),
        ({"whole_node": True, "labels": ("service",)}, "a whole node without a node"),
    ],
)
def test_an_alert_that_lacks_something_cannot_be_made(
    changes: dict[str, object], problem: str
) -> None:
    """The error names the alert and what it lacks."""
    with pytest.raises(ValueError, match=problem):
        _alert(**changes)
