"""Can a user change a threshold, and is every mistake named?"""

import json
from pathlib import Path

import pytest

from alerts import rules
from alerts.__main__ import main
from alerts.thresholds import Thresholds, ThresholdsError, load
from exporter.catalog import PROBE_DURATION, PROBE_SUCCESS
from exporter.promql import none_of, one_of, renamed, seconds, select


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "thresholds.yml"
    file.write_text(text)
    return file


def test_a_users_threshold_reaches_the_rules(tmp_path: Path) -> None:
    """What the file does not name keeps its default."""
    file = written(tmp_path, "agent_missing_hold_seconds: 120\nrunbook_base: https://wiki/run\n")

    document = json.loads(rules.rendered(load(file)))

    found = {rule.get("alert"): rule for group in document["groups"] for rule in group["rules"]}
    assert found["SwarmAgentMissing"]["for"] == "2m"
    assert found["SwarmNodeLossy"]["for"] == "25s"
    assert (
        found["SwarmNodeDown"]["annotations"]["runbook_url"] == "https://wiki/run/SwarmNodeDown.md"
    )


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """Everything has a default."""
    assert load(written(tmp_path, "")) == Thresholds()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("pair_task: 3\n", "1: pair_task: no such key; did you mean pair_tasks?"),
        ("\nx: 3\n", "2: x: no such key"),
        ("pair_tasks: many\n", "1: pair_tasks: should be a valid integer"),
        ("lossy_least: 2.0\n", "1: lossy_least: should be less than 1"),
        ("pair_tasks: 2\npair_tasks: 3\n", "2: not YAML: the key 'pair_tasks' stands twice"),
        (
            "cause_patience_seconds: 10\n",
            "1: the file: pattern_hold_seconds must be below cause_patience_seconds",
        ),
        ("[1]\n", "1: should be a mapping of keys to values"),
    ],
)
def test_a_bad_file_is_named(text: str, problem: str, tmp_path: Path) -> None:
    """File, line, key and reason."""
    file = written(tmp_path, text)

    with pytest.raises(ThresholdsError) as raised:
        load(file)

    assert str(raised.value) == f"{file}:{problem}"


def test_a_file_that_is_not_there_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, and the reason in one line."""
    file = tmp_path / "none.yml"

    assert main(["check", "--thresholds", str(file)]) == 2
    assert capsys.readouterr().err == f"{file}: cannot be read: No such file or directory\n"


def test_check_finds_nothing_in_what_is_committed() -> None:
    """Files and Prometheus' own tools agree."""
    assert main(["check"]) == 0


def test_check_names_what_is_missing_and_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, and a line for each file."""
    writes = "`python -m alerts build` writes it"
    assert main(["build", "--out", str(tmp_path)]) == 0
    (tmp_path / "deploy/alertmanager/alertmanager.yml").unlink()
    (tmp_path / "deploy/prometheus/rules/swarmscope.json").write_text('{"groups": []}')

    assert main(["check", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"deploy/prometheus/rules/swarmscope.json: is not what would be built; {writes}",
        f"deploy/alertmanager/alertmanager.yml: is not there; {writes}",
    ]


def test_a_label_that_a_metric_lacks_cannot_be_selected() -> None:
    """A misspelt label is an error, not an alert that never fires."""
    with pytest.raises(ValueError, match="swarmscope_probe_success has no label sorce_node"):
        select(PROBE_SUCCESS, sorce_node="node1")


def test_selectors_are_written_as_prometheus_reads_them() -> None:
    """One value is compared, several are a pattern."""
    assert select(PROBE_SUCCESS, probe=one_of("tcp")) == 'swarmscope_probe_success{probe="tcp"}'
    assert (
        select(PROBE_DURATION, "_bucket", le="0.5", target=none_of("node", "static"))
        == 'swarmscope_probe_duration_seconds_bucket{le="0.5",target!~"node|static"}'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0s"), (15, "15s"), (90, "90s"), (120, "2m"), (7200, "2h"), (0.5, "500ms")],
)
def test_durations_are_written_as_prometheus_reads_them(value: float, text: str) -> None:
    """The largest unit that fits."""
    assert seconds(value) == text


def test_a_count_that_is_renamed_stays_a_count() -> None:
    """Counting what was counted would always give one."""
    assert (
        renamed("count", PROBE_SUCCESS, service="destination_service")
        == "max by (service) (label_replace(count by (destination_service) "
        '(swarmscope_probe_success), "service", "$1", "destination_service", "(.+)"))'
    )
