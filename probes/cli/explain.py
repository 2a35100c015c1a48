"""Where does the way from one service to another stop? The agents walk it; this shows it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from urllib.parse import urlencode

from rich.text import Text

from probes.addresses import parse_address
from probes.cli.agent import ask_agent
from probes.cli.around import Around
from probes.cli.show import console_for
from probes.explain.journey import Question
from probes.looks.errors import CannotLookError, UsageError
from probes.looks.names import Directory
from probes.looks.targets import parse_host, parse_host_port
from probes.model.local import LocalTask
from probes.model.path import Hop, Mark, Walk
from probes.model.topology import Service, Task
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
    question = question_of(around.directory, around.local, source, destination)
    query = {key: str(value) for key, value in asdict(question).items() if value}
    body = ask_agent(agent, f"{_EXPLAIN_PATH}?{urlencode(query)}")
    try:
        return load_walk(body)
    except ValueError as exc:
        raise CannotLookError(f"the agent at {agent} told no way: {exc}") from exc


def question_of(
    directory: Directory,
    local: Iterable[LocalTask],
    source: str,
    destination: str,
) -> Question:
    """Read what somebody wants explained; a source's task on this node is asked first.

    Where the service is known to listen on one port alone, that is the one. Raises UsageError.
    """
    service, task = _end(directory, source)
    tasks = [task] if task else directory.tasks_of(service)
    if not tasks:
        raise UsageError(f"{service.name} has no task to look from: is it scaled to 0?")
    here = {item.task_id for item in local}
    start = next((item for item in tasks if item.running and item.id in here), tasks[0])
    host, port = parse_host_port(destination) if ":" in destination else (destination, None)
    aimed, only = _end(directory, host)
    known = directory.ports_of(aimed)
    return Question(
        source_task=start.id,
        destination_service=aimed.id,
        destination_task=only.id if only else "",
        port=known[0] if port is None and len(known) == 1 else port,
    )


def _end(directory: Directory, text: str) -> tuple[Service, Task | None]:
    address = parse_address(parse_host(text))
    if address is None:
        return directory.ends(text)
    owners = directory.owners_of(address)
    meant = f"write {' or '.join(owners)}" if owners else "and nothing in the Swarm has it"
    raise UsageError(f"{text} is an address, {meant}: a way is explained between names")


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
    rows = list(_rows(walk.hops))
    names = max((len(row.name) for row in rows), default=0)
    places = max((len(row.place) for row in rows), default=0)
    for row in rows:
        yield _row(row, names, places)
    unseen = any(hop.mark is Mark.UNKNOWN for hop in walk.hops)
    if walk.cause:
        yield Text.assemble(("cause: ", "bold"), walk.cause)
    elif unseen:
        yield Text("It works; not everything on the way could be looked at.")
    else:
        yield Text("It works, and every hop looks as it should.")
    if walk.remedy:
        yield Text.assemble(("try:   ", "bold"), walk.remedy)


def _rows(hops: Iterable[Hop]) -> Iterator[Hop]:
    """Put hops at one place that are all well on one line; each other one has its own."""
    for (mark, place), group in groupby(hops, key=lambda hop: (hop.mark, hop.place)):
        together = list(group)
        if mark is Mark.OK:
            name = ", ".join(hop.name for hop in together)
            saw = "; ".join(hop.saw for hop in together)
            yield Hop(name=name, place=place, mark=mark, saw=saw)
        else:
            yield from together


def _row(hop: Hop, names: int, places: int) -> Text:
    sign, style = _SIGNS[hop.mark]
    code = f" ({hop.code})" if hop.code else ""
    return Text.assemble(
        "  ",
        (f"{sign:<{_SIGN_WIDTH}}", style),
        f"  {hop.name:<{names}}  {hop.place:<{places}}  {hop.saw}{code}",
    )
