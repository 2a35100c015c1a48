"""What does a runbook say? A head that is made from the alert, and a body that somebody wrote.

The head stands between two markers and is made anew each time; what follows it is kept.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from alerts import rules
from alerts.spec import Alert, Role, Severity
from alerts.thresholds import Thresholds
from exporter.catalog import FINDINGS

FOLDER = PurePosixPath("docs/runbooks")
_BEGIN = "<!-- made by `python -m alerts build`; what is written stands below the next marker -->"
_END = "<!-- written -->"

_DOES = {
    Severity.CRITICAL: "pages",
    Severity.WARNING: "opens a ticket",
    Severity.INFO: "is shown, and sent to nobody",
    Severity.NONE: "is sent all the time, to whoever raises the alarm when it stops",
}
_ROLES = {
    Role.CAUSE: "a cause: agents named what is wrong",
    Role.PATTERN: "a pattern: many failing probes have one thing in common",
    Role.SYMPTOM: "a symptom: nothing that is known explains it",
    Role.SELF: "about Swarmscope itself",
}
_ABOUT = """\
A page for each alert: what it means, what to type next, what to do, and why it happens.
This list, and each page's head, are made by `python -m alerts build`.
"""
#: A template of a description, as people read it.
_TEMPLATES = (
    (re.compile(r"\{\{ with [^}]*labels\.(\w+) \}\}([^{]*)\{\{ \. \}\}\{\{ end \}\}"), r"\2\1"),
    (
        re.compile(
            r"\{\{ with \$labels\.(\w+) \}\}[^{]*\{\{ \. \}\}\{\{ else \}\}(.*?)\{\{ end \}\}"
        ),
        r"\1 (or \2)",
    ),
    (re.compile(r"\{\{ with (?:printf )?`.*?\{\{ end \}\}"), "N"),
    (re.compile(r"\{\{ range .*? \| query \}\}.*\{\{ end \}\}"), "..."),
    (re.compile(r"\{\{ `(.*?)` \}\}"), r"\1"),
    (re.compile(r"\{\{ \$(?:labels|externalLabels)\.(\w+) \}\}"), r"\1"),
    (re.compile(r"\{\{ \$value[^}]*\}\}"), "N"),
)


def pages(thresholds: Thresholds, folder: Path) -> Mapping[PurePosixPath, str]:
    """Write each page anew, with the body that it has below *folder*; and their index."""
    alerts = rules.alerts(thresholds)
    made = {path_of(alert): _page(alert, body_of(folder / path_of(alert))) for alert in alerts}
    return {**made, FOLDER / "README.md": _index(alerts)}


def path_of(alert: Alert) -> PurePosixPath:
    """Say where an alert's page is."""
    return FOLDER / f"{alert.name}.md"


def body_of(file: Path) -> str:
    """Give what was written on a page; nothing where there is none yet."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return text.partition(f"{_END}\n")[2]


def plain(text: str) -> str:
    """Write a description as people read it: a label's name for its value, three dots for lists."""
    for pattern, replacement in _TEMPLATES:
        text = pattern.sub(replacement, text)
    return text


def _page(alert: Alert, body: str) -> str:
    return "\n".join((_BEGIN, *_head(alert), f"{_END}\n{body}"))


def _head(alert: Alert) -> Iterator[str]:
    hold = f"after {alert.hold_seconds:g} s" if alert.hold_seconds else "at once"
    about = ", ".join(f"`{label}`" for label in alert.labels) or "none: it is the Swarm's"
    yield f"# {alert.name}\n"
    yield f"{alert.summary}\n"
    yield f"- **{alert.severity}**, {hold}: it {_DOES[alert.severity]}."
    yield f"- It is {_ROLES[alert.role]}."
    yield f"- Labels that name the culprit: {about}"
    yield f"- Says: {plain(alert.description)}"
    yield f"- Next: `{plain(alert.command)}`"
    yield f"- Dashboard: `{alert.dashboard_path}`\n"
    yield f"```promql\n{alert.expr}\n```\n"
    if alert.codes:
        yield "| finding | what it means | what mends it |\n|---|---|---|"
        for code in alert.codes:
            spec = FINDINGS[code]
            remedy = spec.remedy_for_anybody.replace("|", "\\|")
            yield f"| [`{code}`](../findings.md#{code}) | {spec.meaning} | `{remedy}` |"
        yield ""


def _index(alerts: tuple[Alert, ...]) -> str:
    rows = [
        f"| [{alert.name}]({alert.name}.md) | {alert.severity} | {alert.role} | {alert.summary} |"
        for alert in sorted(alerts, key=lambda alert: alert.name)
    ]
    return "\n".join(
        (
            "# Runbooks\n",
            _ABOUT,
            "| alert | severity | role | what it says |",
            "|---|---|---|---|",
            *rows,
            "",
        )
    )
