"""What disagrees on this node, on another, or anywhere? As the agents found it."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from rich.text import Text

from probes.cli.agent import ask_agent
from probes.cli.show import console_for
from probes.looks.errors import CannotLookError, UsageError
from probes.model.finding import Severity

FINDINGS_PATH = "/api/v1/findings"

_CLEAN, _FOUND, _COULD_NOT_LOOK = 0, 1, CannotLookError.status
_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold cyan",
}
_MINUTE, _HOUR = 60, 3600

Document = Mapping[str, Any]


def fetch_findings(agent: str, node: str, *, everywhere: bool) -> Document:
    """Ask the agent at the socket *agent*; with a *node*'s name, for that node's findings alone."""
    asked = "all" if everywhere or node else "own"
    body = ask_agent(agent, f"{FINDINGS_PATH}?{urlencode({'nodes': asked})}")
    try:
        document: Document = json.loads(body)
    except ValueError as exc:
        raise CannotLookError(f"the agent at {agent} told no findings: {exc}") from exc
    if asked == "own":
        return {"version": document["version"], "nodes": [document], "unreachable": []}
    return _only(document, node) if node else document


def _only(document: Document, node: str) -> Document:
    known = [*document["nodes"], *document["unreachable"]]
    if node not in {item["node"] for item in known}:
        names = ", ".join(sorted(item["node"] for item in known))
        raise UsageError(f"there is no node {node!r}: there are {names}")
    return {
        **document,
        "nodes": [item for item in document["nodes"] if item["node"] == node],
        "unreachable": [item for item in document["unreachable"] if item["node"] == node],
    }


def status_of(document: Document) -> int:
    """Give the exit status: 1 for findings, 3 for a question left open, 0 for all well."""
    nodes = document["nodes"]
    if any(node["findings"] for node in nodes):
        return _FOUND
    blind = any(node["unanswered"] or not node["rounds"] for node in nodes)
    return _COULD_NOT_LOOK if blind or document["unreachable"] else _CLEAN


def print_findings(document: Document) -> None:
    """Print every node's findings, the worst first, and what could not be looked at."""
    console = console_for()
    for line in _lines(document, time.time()):
        console.print(line, soft_wrap=True)


def _lines(document: Document, now: float) -> Iterator[Text]:
    for node in document["nodes"]:
        found = node["findings"]
        if not node["rounds"]:
            yield Text(f"{node['node']}: not looked at yet; try again in a moment")
            continue
        count = f"{len(found)} findings" if len(found) != 1 else "1 finding"
        more = f", {node['pending']} that have not lasted yet" if node["pending"] else ""
        yield Text(f"{node['node']}: {count if found else 'nothing found'}{more}", style="bold")
        for finding in found:
            yield from _finding(finding, now)
        for item in node["unanswered"]:
            yield Text(f"  could not look at {item['where']} ({item['check']}): {item['why']}")
    for item in document["unreachable"]:
        yield Text(f"{item['node']}: cannot be asked: {item['why']}", style="bold")


def _finding(finding: Document, now: float) -> Iterator[Text]:
    severity = Severity(finding["severity"])
    since = ago(now - finding["since"])
    about = ", ".join(_about(finding["subject"]))
    heading = f"  {finding['code']}"
    yield Text.assemble((heading, _STYLES[severity]), f"  {about}  ({severity}, for {since})")
    yield Text(f"    {finding['meaning']}")
    for row in finding["evidence"]:
        yield Text(f"    {row['what']}: expected {row['expected']}; found {row['actual']}")
    yield Text(f"    try: {finding['remedy']}")
    if finding["references"]:
        yield Text(f"    see: {', '.join(finding['references'])}")


def _about(subject: Mapping[str, str]) -> Iterable[str]:
    names = {"peer": "node", "item": ""}
    for field, value in subject.items():
        if value:
            yield f"{names.get(field, field)} {value}".strip()


def ago(seconds: float) -> str:
    """Say how long something has lasted."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < _HOUR else f"{seconds / _HOUR:.1f} h"
