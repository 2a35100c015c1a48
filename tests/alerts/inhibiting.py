"""What does Alertmanager tell people of, when several alerts fire? Its rules, applied to labels.

As Alertmanager has it: an alert is silent while another matches a rule's source and has the rule's
labels alike; an absent label is an empty one; and who matches both sides of a rule silences nobody
who does, too.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Labels = Mapping[str, str]

_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"(.*)"')


def matches(matchers: Sequence[str], labels: Labels) -> bool:
    """Tell whether an alert matches all of *matchers*."""
    return all(_matches(matcher, labels) for matcher in matchers)


def _matches(matcher: str, labels: Labels) -> bool:
    parsed = _MATCHER.fullmatch(matcher)
    assert parsed, matcher
    label, operator, value = parsed.groups()
    actual = labels.get(label, "")
    same = actual == value if operator in {"=", "!="} else bool(re.fullmatch(value, actual))
    return same is not operator.startswith("!")


def told_of(alerts: Sequence[Labels], rules: Sequence[Mapping[str, Any]]) -> list[Labels]:
    """Give the alerts that nothing silences."""
    return [alert for alert in alerts if not any(_silenced(alert, alerts, rule) for rule in rules)]


def _silenced(alert: Labels, alerts: Sequence[Labels], rule: Mapping[str, Any]) -> bool:
    if not matches(rule["target_matchers"], alert):
        return False
    also_a_source = matches(rule["source_matchers"], alert)
    return any(
        matches(rule["source_matchers"], other)
        and all(other.get(label, "") == alert.get(label, "") for label in rule["equal"])
        and not (also_a_source and matches(rule["target_matchers"], other))
        for other in alerts
    )
