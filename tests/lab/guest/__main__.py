"""`python -m tests.lab.guest`: a second kernel from a terminal."""

import argparse
import sys
from collections.abc import Callable

from tests.lab.errors import LabError
from tests.lab.guest import folder as folders
from tests.lab.guest import kernels, machine, mailbox

#: As timeout(1) has it: the time ran out, and it could not be started.
OUT_OF_TIME = 124
NO_GUEST = 125

Asked = argparse.Namespace


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; 124 where time ran out, 125 where there was no guest."""
    asked = parser().parse_args(argv)
    do: Callable[[Asked], int] = asked.do
    try:
        return do(asked)
    except mailbox.OutOfTimeError as error:
        sys.stderr.write(f"guest: {' '.join(asked.words)}: {error}\n")
        return OUT_OF_TIME
    except LabError as error:
        sys.stderr.write(f"guest: {error}\n")
        return NO_GUEST


def _run(asked: Asked) -> int:
    with machine.booted(kernels.choose(), asked.memory) as folder:
        return _ask(folder, asked)


def _up(asked: Asked) -> int:
    folder = folders.kept()
    if folder.alive:
        _say("up already")
        return 0
    machine.boot(folder, kernels.choose(), asked.memory)
    _say(f"up; it shares {folder.path}")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"guest: {line}\n")


def _exec(asked: Asked) -> int:
    return _ask(folders.kept(), asked)


def _down(_asked: Asked) -> int:
    folders.kill(folders.kept())
    folders.sweep()
    return 0


def _ask(folder: folders.Folder, asked: Asked) -> int:
    sinks = (sys.stdout.buffer, sys.stderr.buffer)
    return mailbox.ask(folder, asked.words, sinks, limit=asked.limit)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.lab.guest", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, do, boots, runs, what in (
        ("run", _run, True, True, "boot a guest, run a command in it, power it off"),
        ("up", _up, True, False, "boot a guest that stays"),
        ("exec", _exec, False, True, "run a command in the guest that stays"),
        ("down", _down, False, False, "power it off"),
    ):
        command = commands.add_parser(name, help=what)
        if boots:
            command.add_argument("--memory", default=machine.MEMORY, help="as 4G, the default")
        if runs:
            command.add_argument("--limit", type=float, metavar="SECONDS", help="end it then")
            command.add_argument("words", nargs="+", metavar="-- WORDS")
        command.set_defaults(do=do)
    return top


if __name__ == "__main__":
    sys.exit(main())
