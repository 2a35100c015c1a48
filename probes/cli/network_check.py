"""How are stacks' files held against the declaration by a person, before they are deployed?"""

from collections.abc import Iterable
from ipaddress import IPv4Network
from pathlib import Path

from rich.text import Text

from probes.cli import show
from probes.cli.network import declaration_of
from probes.documents.load import DocumentError
from probes.intent.declared.words import subnet
from probes.looks.errors import CommandError, UsageError
from probes.network.check import check
from probes.network.problem import Problem
from probes.network.stacks import Stack, planned, read_stack
from probes.wire import DOCUMENT_VERSION


def check_files(
    files: Iterable[str],
    *,
    networks: str,
    services: str,
    taken: Iterable[str],
    nodes: int,
    json: bool,
) -> int:
    """Print each problem with its file and line; 1 where there is any."""
    try:
        problems = check(
            planned(_stacks(files)),
            declaration_of(networks, services),
            nodes=nodes,
            taken=tuple(map(_subnet, taken)),
        )
    except DocumentError as exc:
        return show.told(UsageError(str(exc)))
    except CommandError as exc:
        return show.told(exc)
    if json:
        show.print_json({"version": DOCUMENT_VERSION, "problems": [*map(_row, problems)]})
    else:
        for item in problems:
            line = f"{item.place.file}:{item.place.line}: {item.about}: {item.reason}"
            show.console_for().print(Text(line), soft_wrap=True)
    return int(bool(problems))


def _stacks(files: Iterable[str]) -> list[Stack]:
    """Read the files; a stack without a name has its file's."""
    stacks = []
    for item in files:
        name, separator, path = item.rpartition("=")
        stacks.append(read_stack(name if separator else Path(path).stem, Path(path)))
    if len({stack.name for stack in stacks}) < len(stacks):
        raise UsageError("two files would be one stack: write STACK=FILE")
    return stacks


def _subnet(text: str) -> IPv4Network:
    try:
        return subnet(text)
    except ValueError as exc:
        raise UsageError(f"--taken: {exc}") from exc


def _row(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "about": problem.about,
        "reason": problem.reason,
    }
