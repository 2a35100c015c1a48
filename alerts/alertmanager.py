"""What does Alertmanager do with the alerts? Grouping, routes, inhibition, receivers."""

from collections.abc import Iterator, Mapping

from alerts.inhibition import inhibitions
from alerts.receivers import NAMES
from alerts.spec import Severity
from alerts.thresholds import Thresholds
from probes.documents.yamlfile import dump

_HEAD = """\
# Written by `python -m alerts build`: edit alerts/, or name receivers in a file of your own
# (docs/alerts.md), and build again.
"""

_NOBODY = "nobody"

_ROUTE = {
    # One notification for all that one kind of fault does to one Swarm.
    "group_by": ["cluster", "alertname"],
    # What one fault makes arrives within one evaluation; a page has a minute in all.
    "group_wait": "5s",
    # News of a page that is out already, and that it is over.
    "group_interval": "30s",
    "repeat_interval": "4h",
    "receiver": _NOBODY,
    "routes": [
        {
            "matchers": ['alertname="SwarmscopeWatchdog"'],
            "receiver": "watchdog",
            # Whoever expects it misses it soon.
            "group_wait": "0s",
            "group_interval": "1m",
            "repeat_interval": "5m",
        },
        {"matchers": [f'severity="{Severity.CRITICAL}"'], "receiver": "page"},
        {"matchers": [f'severity="{Severity.WARNING}"'], "receiver": "ticket"},
    ],
}


def rendered(thresholds: Thresholds, receivers: Mapping[str, Mapping[str, object]]) -> str:
    """Write Alertmanager's configuration."""
    named = [{"name": name, **receivers.get(name, {})} for name in (*NAMES, _NOBODY)]
    parts = [_HEAD, dump({"route": _ROUTE}), dump({"receivers": named}), "inhibit_rules:\n"]
    return "\n".join((*parts[:3], parts[3] + "".join(_inhibitions(thresholds))))


def _inhibitions(thresholds: Thresholds) -> Iterator[str]:
    reason = ""
    for rule in inhibitions(thresholds):
        if rule.reason != reason:
            yield f"  # {rule.reason}\n"
            reason = rule.reason
        written = {
            "source_matchers": list(rule.sources),
            "target_matchers": list(rule.targets),
            "equal": ["cluster", *rule.equal],
        }
        yield "".join(f"  {line}\n" for line in dump([written]).splitlines())
