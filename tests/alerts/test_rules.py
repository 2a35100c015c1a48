"""Do the rules fire when they should, about whom they should, and not otherwise?"""

from pathlib import Path

import pytest

from tests import needs
from tests.alerts import (
    budget_cases,
    explained_cases,
    finding_cases,
    own_cases,
    probe_cases,
    quiet_cases,
)
from tests.alerts.promtool import ALERTS, Case, described, quiet_test, run, unit_test

CASES: tuple[Case, ...] = (
    *finding_cases.CASES,
    *probe_cases.CASES,
    *explained_cases.CASES,
    *own_cases.CASES,
    *budget_cases.CASES,
)


@needs.command("promtool", "prometheus")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_fires_after_its_hold_about_its_culprit_alone(case: Case, tmp_path: Path) -> None:
    """Silent just before, exact after, silent when all is well; nothing else fires beside it."""
    done = run([unit_test(case)], tmp_path, case.every_seconds)

    assert done.returncode == 0, done.stdout + done.stderr


@needs.command("promtool", "prometheus")
@pytest.mark.parametrize("name", quiet_cases.CASES)
def test_what_mends_itself_is_told_to_nobody(name: str, tmp_path: Path) -> None:
    """Nothing that pages or opens a ticket has fired at any time."""
    done = run([quiet_test(name, quiet_cases.CASES[name])], tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


@needs.command("promtool", "prometheus")
@pytest.mark.parametrize("name", budget_cases.QUIET)
def test_what_a_budget_allows_is_told_to_nobody(name: str, tmp_path: Path) -> None:
    """Not after hours, either."""
    shown, seconds = budget_cases.QUIET[name], budget_cases.QUIET_HOURS * 3600
    done = run([quiet_test(name, shown, seconds)], tmp_path, every_seconds=60)

    assert done.returncode == 0, done.stdout + done.stderr


@needs.command("promtool", "prometheus")
@pytest.mark.parametrize("every_seconds", sorted({case.every_seconds for case in CASES}))
def test_every_description_can_be_written(every_seconds: int, tmp_path: Path) -> None:
    """Each template names its culprits, and lists what it asked for."""
    cases = [case for case in CASES if case.every_seconds == every_seconds]
    done = run([described(case) for case in cases], tmp_path, every_seconds)
    told = done.stdout + done.stderr

    assert "error expanding" not in told
    assert "<no value>" not in told
    for case in cases:
        assert f'alertname="{case.alert}"' in told, case.name


def test_every_alert_has_a_case() -> None:
    """An alert that nobody has seen fire is a guess."""
    assert {case.alert for case in CASES} == set(ALERTS)
