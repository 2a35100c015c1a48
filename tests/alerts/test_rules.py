"""Do the rules fire when they should, about whom they should, and not otherwise?"""

from pathlib import Path

import pytest

from tests import needs
from tests.alerts import finding_cases, probe_cases
from tests.alerts.promtool import ALERTS, Case, run, unit_test

CASES: tuple[Case, ...] = (
    *finding_cases.CASES,
    *probe_cases.CASES,
    *probe_cases.EXPLAINED,
)


@needs.command("promtool", "prometheus")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_fires_after_its_hold_about_its_culprit_alone(case: Case, tmp_path: Path) -> None:
    """Silent just before, exact after, silent when all is well; nothing else fires beside it."""
    done = run([unit_test(case)], tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case() -> None:
    """An alert that nobody has seen fire is a guess."""
    assert {case.alert for case in CASES} == set(ALERTS)
