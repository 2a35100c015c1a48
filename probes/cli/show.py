"""How does a result look on a terminal, or to a script?"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from probes.looks.errors import CommandError
from probes.looks.looker import Report
from probes.model.probe import DnsLook, HttpLook, Probe
from probes.model.result import Answer, Certificate, Result, TracedHop, Verdict

STYLES = {Verdict.WORKED: "bold green", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "bold yellow"}
#: Where nobody looks at the lines, they are not to be folded.
_PIPE_COLUMNS = 400


def say(line: str) -> None:
    """Say something beside what was asked for."""
    console_for(stderr=True).print(Text(line), soft_wrap=True)


def told(exc: CommandError) -> int:
    """Say why nothing was looked at; gives the exit status."""
    sys.stderr.write(f"probe: {exc}\n")
    return exc.status


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def print_report(report: Report) -> None:
    """Print a result with all its steps; names and messages are never taken for markup."""
    console = console_for()
    result = report.result
    verdict = result.outcome.verdict
    line = Text.assemble((str(result.outcome), STYLES[verdict]), "  ", headline(result))
    console.print(line, soft_wrap=True)
    if result.detail:
        console.print(Text(f"  {_plain(result.detail)}"), soft_wrap=True)
    for label, value in lines_of(report):
        console.print(Text.assemble(f"  {label:<11} ", _plain(value)), soft_wrap=True)
    if report.beneath:
        console.print(Text("beneath it, on the underlay:"), soft_wrap=True)
        print_report(Report(result=report.beneath))
    if report.hint:
        console_for(stderr=True).print(Text(report.hint), soft_wrap=True)


def _plain(text: str) -> str:
    """Write out signs that cannot be printed: what a server says may steer a terminal."""
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def print_table(title: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their titles."""
    table = Table(*title, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console_for().print(table)


def headline(result: Result) -> str:
    """Say who looked at what: "tcp  shop_web.1 -> shop_api 10.0.1.20:8080 on shop_app, 1.2 ms"."""
    probe = result.probe
    node = f" on {probe.id.source_node}" if probe.id.source_node else ""
    network = f" on {probe.id.network}" if probe.id.network else ""
    words = f"{probe.vantage.name}{node} -> {aim_of(probe)}{network}"
    return f"{probe.id.probe}  {words}, {milliseconds(result.seconds)}"


def aim_of(probe: Probe) -> str:
    """Say what was looked at: "shop_api 10.0.1.20:8080"."""
    who = probe.id.destination_task or probe.id.destination_service
    return f"{who} {_aim(probe)}".lstrip()


def _aim(probe: Probe) -> str:
    match probe.look:
        case DnsLook(name=name, server=server, port=port):
            return f"{name} at {server}" + (f":{port}" if port != 53 else "")  # noqa: PLR2004
        case HttpLook(address=address, port=port, path=path, tls=tls):
            return f"{'https' if tls else 'http'}://{address}:{port}{path}"
        case look:
            return f"{look.address}:{look.port}" if hasattr(look, "port") else str(look.address)


def lines_of(report: Report) -> Iterator[tuple[str, str]]:
    """List what else there is to tell, as label and value."""
    if report.resolution and report.resolution.observed.answer:
        found = report.resolution
        addresses = _listed(report.resolution.observed.answer.addresses)
        name, server = found.probe.id.endpoint, _aim(found.probe).rpartition(" at ")[2]
        took = milliseconds(found.seconds)
        yield "resolve", f"{name} is {addresses}, says {server}, {took}"
    for phase in report.result.phases:
        yield phase.name.replace("_", " "), milliseconds(phase.seconds)
    observed = report.result.observed
    if observed.rtt_seconds is not None:
        yield "round trip", f"{milliseconds(observed.rtt_seconds)}, by the kernel's clock"
    if observed.status is not None:
        yield "status", str(observed.status)
    if observed.certificates:
        yield from _lines_of_chain(observed.certificates, report.result.started_at)
    elif observed.certificate_expires_at is not None:
        yield "certificate", f"until {_moment(observed.certificate_expires_at)}"
    if observed.largest_bytes is not None:
        yield "largest", f"{observed.largest_bytes} bytes"
    yield from observed.told
    for hop in observed.hops:
        yield f"hop {hop.steps}", _hop(hop)
    if observed.answer:
        yield from _lines_of_answer(observed.answer)


def _hop(hop: TracedHop) -> str:
    if hop.address is None:
        return "no answer"
    who = f"{hop.address} ({hop.name})" if hop.name else str(hop.address)
    trips = ", ".join(milliseconds(seconds) for seconds in hop.round_trips)
    lost = f", {hop.lost} lost" if hop.lost else ""
    said = f": {hop.said}" if hop.said else ""
    return f"{who}  {trips}{lost}{said}"


def _lines_of_chain(chain: Iterable[Certificate], now: float) -> Iterator[tuple[str, str]]:
    for number, item in enumerate(chain):
        yield "certificate" if number == 0 else "its issuer", item.subject or "without a name"
        if item.names:
            yield "", f"for {_listed(item.names)}"
        yield "", f"by {item.issuer or 'nobody named'}"
        days = (item.expires_at - now) / 86400
        left = f"{days:.0f} days left" if days >= 0 else f"expired {-days:.0f} days ago"
        yield "", f"from {_moment(item.begins_at)} until {_moment(item.expires_at)}, {left}"


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _lines_of_answer(answer: Answer) -> Iterator[tuple[str, str]]:
    yield "answer", _listed(answer.addresses) or "no address"
    if answer.missing:
        yield "missing", _listed(answer.missing)
    if answer.unexpected:
        yield "unexpected", _listed(answer.unexpected)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


def milliseconds(seconds: float) -> str:
    """Write a duration."""
    return f"{seconds * 1000:.2f} ms"


def console_for(*, stderr: bool = False) -> Console:
    """Make the console; into a pipe, lines are not folded."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _PIPE_COLUMNS)
