"""Do the dashboards keep the rules, agree with alerts, and reach Grafana?"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from alerts.spec import Dashboard as Linked
from alerts.thresholds import Thresholds
from dashboards import build, checks
from dashboards.__main__ import main
from dashboards.filled import Asked, of_dashboard
from dashboards.lint import RULES, Rule
from dashboards.selectors import metrics
from dashboards.uids import Uid
from exporter import limits
from exporter.catalog import CATALOG, MetricSpec
from exporter.settings import Settings
from tests import needs
from tests.lab.agent.panels import EMPTY_WHEN_HEALTHY, EMPTY_WITHOUT_IPVS

DOCUMENTS = build.documents()
ASKED = [asked for document in DOCUMENTS.values() for asked in of_dashboard(document)]

#: Metric -> why no panel shows it.
NOT_SHOWN: Mapping[str, str] = {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("uid", list(Uid))
def test_a_dashboard_keeps_the_rule(uid: Uid, rule: Rule) -> None:
    """Nothing is complained of."""
    assert list(rule(DOCUMENTS[uid])) == []


def test_the_committed_files_are_those_that_are_built() -> None:
    """`python -m dashboards build` writes them, and no other file is there."""
    files = build.files()
    for path, text in files.items():
        assert (build.ROOT / path).read_text() == text, path

    there = {path.name for path in (build.ROOT / build.FOLDER).iterdir()}
    assert there == {f"{uid}.json" for uid in Uid}


def test_building_twice_gives_the_same(tmp_path: Path) -> None:
    """A file changes when its dashboard does, and only then."""
    assert main(["build", "--out", str(tmp_path)]) == 0

    for path, text in build.files().items():
        assert (tmp_path / path).read_text() == text


def test_check_names_a_file_that_is_not_what_would_be_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that nobody edits what is made."""
    main(["build", "--out", str(tmp_path)])
    (tmp_path / build.FOLDER / "swarmscope-dns.json").write_text("{}")

    assert main(["check", "--out", str(tmp_path)]) == 1
    assert "swarmscope-dns.json: is not what would be built" in capsys.readouterr().err


def test_a_dashboard_is_where_alerts_lead() -> None:
    """The links in pages are made of these."""
    assert {linked.value for linked in Linked} <= {uid.value for uid in Uid}


def test_dashboards_are_coloured_where_alerts_begin() -> None:
    """And where agents call a look slow: all take their limits from one place."""
    thresholds = Thresholds()

    assert (
        thresholds.lossy_least,
        Settings().probes.slow_seconds,
        thresholds.success_objective,
        thresholds.fast_burn,
        thresholds.slow_burn,
        thresholds.topology_old_seconds,
        thresholds.audit_stalled_seconds,
        thresholds.scheduler_lag_seconds,
        thresholds.certificate_warning_days,
        thresholds.certificate_critical_days,
    ) == (
        limits.LOSS_SHARE,
        limits.SLOW_SECONDS,
        limits.SUCCESS_OBJECTIVE,
        limits.FAST_BURN,
        limits.SLOW_BURN,
        limits.TOPOLOGY_OLD_SECONDS,
        limits.AUDIT_STALLED_SECONDS,
        limits.SCHEDULER_LAG_SECONDS,
        limits.CERTIFICATE_WARNING_DAYS,
        limits.CERTIFICATE_CRITICAL_DAYS,
    )


def test_links_lead_to_dashboards_that_have_their_variables() -> None:
    """A cell leads to what explains it, and arrives."""
    assert list(checks.lost_links(DOCUMENTS)) == []


@pytest.mark.parametrize("spec", CATALOG, ids=str)
def test_a_metric_is_shown_or_listed_as_not_shown(spec: MetricSpec) -> None:
    """What is measured and never looked at is a waste, unless there is a reason."""
    shown = {name for asked in ASKED for name in metrics(asked.expr)}
    found = any(spec.name + suffix in shown for suffix in ("", "_bucket", "_count", "_sum"))

    assert found != (spec.name in NOT_SHOWN)


@needs.command("promtool", "prometheus")
def test_prometheus_parses_every_query() -> None:
    """Of each panel, and of each annotation."""
    assert list(checks.unparsed(ASKED)) == []


@needs.command("promtool", "prometheus")
def test_a_query_that_does_not_parse_is_named() -> None:
    """So that the test above means something."""
    broken = Asked(dashboard="d", panel="p", ref="A", expr="sum(", legend="", instant=True)

    assert "parse error" in "".join(checks.unparsed([broken]))


def test_the_stack_gives_every_dashboard_to_grafana() -> None:
    """As configs that Swarm takes, where the provider looks."""
    deploy = build.ROOT / "deploy"
    stack = yaml.safe_load((deploy / "stack.yml").read_text())
    provisioning = deploy / "grafana/provisioning/dashboards/swarmscope.yml"
    folder = yaml.safe_load(provisioning.read_text())["providers"][0]["options"]["path"]
    mounted = {item["target"]: item["source"] for item in stack["services"]["grafana"]["configs"]}

    for uid in Uid:
        config = stack["configs"][mounted[f"{folder}/{uid}.json"]]
        file = deploy / config["file"]
        assert json.loads(file.read_text())["uid"] == uid
        assert "${CONFIG_VERSION" in config["name"]
        assert file.stat().st_size < checks.MOST_BYTES


def test_reasons_to_be_empty_are_about_panels_that_are_there() -> None:
    """The lab takes them for an answer; a panel that was renamed takes its reason along."""
    panels = {(asked.dashboard, asked.panel) for asked in ASKED}

    assert {*EMPTY_WHEN_HEALTHY, *EMPTY_WITHOUT_IPVS} <= panels
