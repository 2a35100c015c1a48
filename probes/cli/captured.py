"""How do captured conversations look on a terminal, or to a script?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from ipaddress import IPv4Address
from typing import Any

from rich.table import Table as Grid
from rich.text import Text

from probes.cli import show
from probes.looks.errors import EXIT_STATUS
from probes.model.result import Verdict
from probes.packets.conversations import Conversation, Judgement, lacks_answer
from probes.packets.names import Names
from probes.packets.wanted import Captured, Ending, Wanted
from probes.wire import DOCUMENT_VERSION

_MOST_SHOWN = 40
_WITH_PORTS = frozenset({"tcp", "udp"})
#: Below this, columns that are about numbers alone are left out.
_NARROW_COLUMNS = 100


def status_of(captured: Captured, names: Names) -> int:
    """Give the exit status; an answer that was missed by us is none that was not given."""
    strange = names.complete and bool(names.strangers(captured))
    if strange or (not captured.dropped and any(map(names.is_bad, captured.conversations))):
        return EXIT_STATUS[Verdict.FAILED]
    if any(map(lacks_answer, captured.conversations)):
        return EXIT_STATUS[Verdict.UNKNOWN]
    return EXIT_STATUS[Verdict.WORKED]


def document(wanted: Wanted, captured: Captured, names: Names) -> Mapping[str, Any]:
    """Describe it for `--json`, as docs/schemas/capture.json says."""
    strangers = names.strangers(captured)
    return {
        "version": DOCUMENT_VERSION,
        "interface": wanted.interface,
        "seconds": captured.seconds,
        "ended_by": str(captured.ended_by),
        "packets": captured.packets,
        "undecoded": captured.undecoded,
        "pieces": captured.pieces,
        "dropped": captured.dropped,
        "left_out": captured.left_out,
        "written": captured.written,
        "encrypted": [
            {
                "from_node": names.node(item.sender),
                "to_node": names.node(item.receiver),
                "packets": item.packets,
            }
            for item in captured.sealed
        ],
        "strangers": [str(vtep) for vtep in strangers],
        "conversations": [_conversation(item, names) for item in captured.conversations],
    }


def _conversation(item: Conversation, names: Names) -> Mapping[str, Any]:
    plain = {
        key: str(value) if isinstance(value, IPv4Address) else value
        for key, value in asdict(item).items()
    }
    return {
        "network": names.network(item.vni),
        "from": names.end(item.vni, item.source),
        "to": names.end(item.vni, item.destination),
        "from_node": names.node(item.source_vtep),
        "to_node": names.node(item.destination_vtep),
        **plain,
        "bad": names.is_bad(item),
    }


def print_captured(wanted: Wanted, captured: Captured, names: Names) -> None:
    """Print a table, and below it what it does not show."""
    strangers = frozenset(names.strangers(captured))
    lines = folded(captured)
    if lines:
        console = show.console_for()
        wide = console.width >= _NARROW_COLUMNS
        titles = ["NETWORK", "FROM", "TO", "", "SEEN", "TIMES", "THERE", "BACK"]
        titles += ["AGAIN", "NODES"] if wide else []
        table = Grid(*titles, box=None, pad_edge=False, header_style="bold")
        for line in lines[:_MOST_SHOWN]:
            cells = list(_cells(line, names, strangers))
            table.add_row(*(cells if wide else cells[: len(titles)]))
        console.print(table)
    if len(lines) > _MOST_SHOWN:
        show.say(f"and {len(lines) - _MOST_SHOWN} lines more: --json has every conversation")
    for remark in _remarks(wanted, captured, names):
        show.say(remark)


def folded(captured: Captured) -> list[list[Conversation]]:
    """Put conversations together that differ in nothing but the client's port, in their order."""
    found: dict[object, list[Conversation]] = {}
    for item in captured.conversations:
        port = item.destination_port if item.protocol in _WITH_PORTS else 0
        ways = (item.source, item.destination, item.source_vtep, item.destination_vtep)
        key = (item.vni, item.protocol, item.judgement, port, *ways)
        found.setdefault(key, []).append(item)
    return list(found.values())


def _cells(
    line: Sequence[Conversation], names: Names, strangers: frozenset[IPv4Address]
) -> Iterator[Text]:
    item = line[0]
    port = f":{item.destination_port}" if item.protocol in _WITH_PORTS else ""
    yield Text(names.network(item.vni))
    yield Text(names.end(item.vni, item.source))
    yield Text(f"{names.end(item.vni, item.destination)}{port}")
    yield Text(item.protocol)
    yield Text(str(item.judgement), _style(item))
    yield Text(str(len(line)))
    yield Text(str(sum(each.packets_there for each in line)))
    yield Text(str(sum(each.packets_back for each in line)))
    yield Text(str(sum(each.repeated for each in line) or ""))
    strange = {item.source_vtep, item.destination_vtep} & strangers
    way = f"{names.node(item.source_vtep)} > {names.node(item.destination_vtep)}"
    yield Text(way, "bold red" if strange else "")


def _style(item: Conversation) -> str:
    if lacks_answer(item):
        return "bold red"
    marked = {Judgement.REFUSED, Judgement.ONE_WAY}
    return "yellow" if item.judgement in marked else ""


def _remarks(wanted: Wanted, captured: Captured, names: Names) -> Iterator[str]:
    lacking = sum(map(lacks_answer, captured.conversations))
    ends = {Ending.COUNT: ", which is as many as were wanted", Ending.INTERRUPT: ", interrupted"}
    yield (
        f"{captured.packets} packets on {wanted.interface} in {captured.seconds:.1f} s"
        f"{ends.get(captured.ended_by, '')}; {len(captured.conversations)} conversations, "
        f"{lacking} without the answer that was due"
    )
    for vtep in names.strangers(captured):
        yield f"{vtep} is no node that the Swarm knows: what goes there is lost"
    for item in captured.sealed:
        ways = f"{names.node(item.sender)} > {names.node(item.receiver)}"
        yield f"{ways}: {item.packets} encrypted packets, which nobody can read"
    if captured.dropped:
        yield (
            f"{captured.dropped} packets were missed, since there were too many: what looks "
            "unanswered may not be; narrow it with --network, --service or --peer"
        )
    if captured.left_out:
        yield f"{captured.left_out} packets of further conversations were left out"
    if captured.undecoded or captured.pieces:
        yield (
            f"{captured.undecoded} packets were no IPv4, {captured.pieces} later pieces of packets "
            "in fragments: they are in no conversation"
        )
    if wanted.file:
        wrote = f"{captured.written} packets are in {wanted.file}, with what they carry"
        lack = captured.packets + sum(item.packets for item in captured.sealed) - captured.written
        yield f"{wrote}; {lack} more did not fit" if lack else wrote
