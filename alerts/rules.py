"""What do Prometheus' rule files hold? Every group, as JSON, which Prometheus reads as YAML."""

import json
from collections.abc import Mapping

from alerts import explained, findings, latency, own, pairs, patterns, places, symptoms
from alerts.findings import cut_off
from alerts.spec import Alert, Group, RecordingRule
from alerts.thresholds import Thresholds
from exporter.promql import seconds


def groups(thresholds: Thresholds) -> tuple[Group, ...]:
    """List every group, in the order in which they build upon each other."""
    recorded = (
        places.PLACED,
        cut_off.SUSPECT,
        cut_off.PEERS,
        *explained.rules(thresholds),
        *pairs.rules(thresholds),
    )
    return (
        Group(name="recording", rules=recorded),
        findings.group(thresholds),
        patterns.group(thresholds),
        symptoms.group(thresholds),
        latency.group(thresholds),
        own.group(thresholds),
    )


def alerts(thresholds: Thresholds) -> tuple[Alert, ...]:
    """List every alert."""
    return tuple(alert for group in groups(thresholds) for alert in group.alerts)


def rendered(thresholds: Thresholds) -> str:
    """Write the rule file."""
    written = [_group(group, thresholds) for group in groups(thresholds)]
    return json.dumps({"groups": written}, indent=1, sort_keys=True) + "\n"


def runbook_url(alert: Alert, thresholds: Thresholds) -> str:
    """Say where an alert's runbook is read."""
    return f"{thresholds.runbook_base}/{alert.name}.md"


def _group(group: Group, thresholds: Thresholds) -> Mapping[str, object]:
    return {
        "name": f"swarmscope-{group.name}",
        # Said here, so that holds mean the same whatever Prometheus evaluates by default.
        "interval": seconds(thresholds.evaluation_seconds),
        "rules": [_rule(rule, thresholds) for rule in group.rules],
    }


def _rule(rule: Alert | RecordingRule, thresholds: Thresholds) -> Mapping[str, object]:
    if isinstance(rule, RecordingRule):
        return {"record": rule.name, "expr": rule.expr}
    labels = {"severity": rule.severity.value, "role": rule.role.value}
    if rule.whole_node:
        # One inhibition rule can then silence what has the node at its other end.
        labels["peer_node"] = "{{ $labels.node }}"
    return {
        "alert": rule.name,
        "expr": rule.expr,
        "for": seconds(rule.hold_seconds),
        "labels": labels,
        "annotations": {
            "summary": rule.summary,
            "description": f"{rule.description} Next: {rule.command}",
            "runbook_url": runbook_url(rule, thresholds),
            "dashboard_url": f"{thresholds.dashboard_base}{rule.dashboard_path}",
        },
    }
