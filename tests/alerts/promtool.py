"""What do the rules make of series? One case: series over time, and which alerts then fire.

Culprits are compared through the series ALERTS, which has an alert's labels and nothing else.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alerts import build, rules
from alerts.spec import Alert, Severity
from alerts.thresholds import Thresholds

THRESHOLDS = Thresholds()
ALERTS: Mapping[str, Alert] = {alert.name: alert for alert in rules.alerts(THRESHOLDS)}

#: How often Prometheus scrapes, and so how far a series' values are apart.
SCRAPE_SECONDS = 10

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault as Prometheus sees it, and what must become of it."""

    name: str
    alert: str
    #: Series in Prometheus' notation -> values, one every 10 s.
    series: Mapping[str, str]
    #: Seconds at which the alert must not fire: just before, and when all is well again.
    silent_at: tuple[int, ...]
    fires_at: int
    #: Exactly these, with the labels that name them.
    culprits: Sequence[Labels]
    #: Whether no other alert may ever have paged, from the first scrape on.
    alone: bool = False
    #: How often rules are evaluated; less often where hours must pass.
    every_seconds: int = THRESHOLDS.evaluation_seconds

    def __str__(self) -> str:
        return self.name


def series(metric: object, **labels: str) -> str:
    """Write a series as Prometheus does; labels without a value are not there."""
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items() if value)
    return f"{metric}{{{inside}}}"


def labels_of(alert: Alert, culprit: Labels) -> dict[str, str]:
    """Give every label that a firing alert has."""
    found = {"severity": alert.severity.value, "role": alert.role.value, **culprit}
    if alert.whole_node:
        found["peer_node"] = culprit["node"]
    return {"alertname": alert.name, **found}


def unit_test(case: Case) -> dict[str, object]:
    """Write the case for promtool."""
    alert = ALERTS[case.alert]
    firing = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    expected = [
        {
            "labels": series("ALERTS", alertstate="firing", **labels_of(alert, culprit)),
            "value": 1,
        }
        for culprit in case.culprits
    ]
    ever = f'count_over_time(ALERTS{{alertstate="firing",severity="critical"}}[{case.fires_at}s])'
    # Nothing else fires at that moment, but for the watchdog, which always does.
    heard = 'group by (alertname) (ALERTS{alertstate="firing",severity!="none"})'
    told = [] if alert.severity is Severity.NONE else [f'{{alertname="{case.alert}"}}']
    return {
        "name": case.name,
        "interval": f"{SCRAPE_SECONDS}s",
        "input_series": [{"series": key, "values": value} for key, value in case.series.items()],
        "promql_expr_test": [
            *(
                {"expr": firing, "eval_time": f"{time}s", "exp_samples": []}
                for time in case.silent_at
            ),
            {"expr": firing, "eval_time": f"{case.fires_at}s", "exp_samples": expected},
            {
                "expr": heard,
                "eval_time": f"{case.fires_at}s",
                "exp_samples": [{"labels": labels, "value": 1} for labels in told],
            },
            *(
                {
                    "expr": f"group by (alertname) ({expr})",
                    "eval_time": f"{case.fires_at}s",
                    "exp_samples": [{"labels": labels, "value": 1} for labels in told],
                }
                for expr in ([ever] if case.alone else [])
            ),
        ],
    }


def run(
    tests: Sequence[Mapping[str, object]],
    folder: Path,
    every_seconds: int = THRESHOLDS.evaluation_seconds,
) -> subprocess.CompletedProcess[str]:
    """Have promtool run unit tests on the rules as they are committed."""
    file = folder / "tests.json"
    document = {
        "rule_files": [str(build.ROOT / build.RULES)],
        "evaluation_interval": f"{every_seconds}s",
        "group_eval_order": [f"swarmscope-{group.name}" for group in rules.groups(THRESHOLDS)],
        "tests": list(tests),
    }
    file.write_text(json.dumps(document))
    command = ["promtool", "test", "rules", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def quiet_test(name: str, shown: Mapping[str, str], seconds: int = 300) -> dict[str, object]:
    """Write for promtool that nobody is told of anything, from the first scrape to the last."""
    told = 'ALERTS{alertstate="firing",severity=~"critical|warning"}'
    return {
        "name": name,
        "interval": f"{SCRAPE_SECONDS}s",
        "input_series": [{"series": key, "values": value} for key, value in shown.items()],
        "promql_expr_test": [
            {
                "expr": f"count by (alertname) (count_over_time({told}[{seconds}s]))",
                "eval_time": f"{seconds}s",
                "exp_samples": [],
            }
        ],
    }


def described(case: Case) -> dict[str, object]:
    """Write a test that fails, so that promtool tells the whole alert, as people would read it."""
    return {
        "name": case.name,
        "interval": f"{SCRAPE_SECONDS}s",
        "input_series": [{"series": key, "values": value} for key, value in case.series.items()],
        "alert_rule_test": [
            {"alertname": case.alert, "eval_time": f"{case.fires_at}s", "exp_alerts": []}
        ],
    }
