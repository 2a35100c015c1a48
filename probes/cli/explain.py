"""Where does the way from one service to another stop? The agents walk it; this shows it."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from rich.text import Text

from probes.cli.agent import ask_agent
from probes.cli.around import Around
from probes.cli.errors import CannotLookError, UsageError
from probes.cli.show import console_for
from probes.cli.targets import parse_host, parse_host_port
from probes.model.path import Hop, Mark, Walk
from probes.wire import load_walk

_EXPLAIN_PATH = "/api/v1/explain"

_SIGNS: Mapping[Mark, tuple[str, str]] = {
    Mark.OK: ("ok", "bold green"),
    Mark.DOUBTFUL: ("odd", "bold yellow"),
    Mark.BROKEN: ("BROKEN", "bold red"),
    Mark.UNKNOWN: ("unseen", "bold yellow"),
}
_SIGN_WIDTH = max(len(sign) for sign, _ in _SIGNS.values())
_WORKS, _BROKEN, _COULD_NOT_LOOK = 0, 1, CannotLookError.status


def fetch_walk(around: Around, agent: str, source: str, destination: str) -> Walk:
    """Find what the names stand for, and ask the agent at the socket *agent*."""
    directory = around.directory
    service, task = directory.ends(parse_host(source))
    tasks = [task] if task else directory.tasks_of(service)
    if not tasks:
        raise UsageError(f"{service.name} has no task to look from: is it scaled to 0?")
    here = {item.task_id for item in around.local}
    start = next((item for item in tasks if item.running and item.id in here), tasks[0])
    host, port = parse_host_port(destination) if ":" in destination else (destination, None)
    aimed, only = directory.ends(parse_host(host))
    known = directory.ports_of(aimed)
    if port is None and len(known) == 1:
        port = known[0]
    query = {
        "source_task": start.id,
        "destination_service": aimed.id,
        "destination_task": only.id if only else "",
        "port": str(port or ""),
    }
    body = ask_agent(agent, f"{_EXPLAIN_PATH}?{urlencode(query)}")
    try:
        return load_walk(body)
    except ValueError as exc:
        raise CannotLookError(f"the agent at {agent} told no way: {exc}") from exc


def status_of(walk: Walk) -> int:
    """Give the exit status: 0 it works, 1 it is broken, 3 it could not be seen."""
    if walk.works:
        return _WORKS
    unseen = any(hop.mark is Mark.UNKNOWN for hop in walk.hops)
    return _COULD_NOT_LOOK if unseen and walk.broken is None else _BROKEN


def print_walk(walk: Walk) -> None:
    """Draw the way, a line for each hop, and say what is wrong and what to do."""
    console = console_for()
    for line in _lines(walk):
        console.print(line, soft_wrap=True)


def _lines(walk: Walk) -> Iterator[Text]:
    yield Text(f"{walk.source} -> {walk.destination}", style="bold")
    names = max((len(hop.name) for hop in walk.hops), default=0)
    places = max((len(hop.place) for hop in walk.hops), default=0)
    for hop in walk.hops:
        yield _hop(hop, names, places)
    if walk.works and not walk.cause:
        yield Text("It works, and every hop looks as it should.")
    elif walk.cause:
        yield Text.assemble(("cause: ", "bold"), walk.cause)
    if walk.remedy:
        yield Text.assemble(("try:   ", "bold"), walk.remedy)


def _hop(hop: Hop, names: int, places: int) -> Text:
    sign, style = _SIGNS[hop.mark]
    code = f" ({hop.code})" if hop.code else ""
    return Text.assemble(
        "  ",
        (f"{sign:<{_SIGN_WIDTH}}", style),
        f"  {hop.name:<{names}}  {hop.place:<{places}}  {hop.saw}{code}",
    )
