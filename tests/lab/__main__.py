"""`python -m tests.lab`: the lab from a terminal."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.lab import images, requirements
from tests.lab.docker_command import environment
from tests.lab.errors import LabError
from tests.lab.lab import Lab, Shape
from tests.lab.locked import locked
from tests.lab.record import record
from tests.lab.status import describe
from tests.lab.unpack import SUITES, unpacked

Asked = argparse.Namespace


def main() -> int:
    """Do what the command line says; 1 with the reason where that was not possible."""
    asked = _parser().parse_args()
    do: Callable[[Lab, Asked], int | None] = asked.do
    try:
        requirements.check()
        return do(Lab(say=_say), asked) or 0
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1


def _say(line: str) -> None:
    sys.stdout.write(f"lab: {line}\n")
    sys.stdout.flush()


def _up(lab: Lab, asked: Asked) -> None:
    engine = str(asked.engine.resolve()) if asked.engine else ""
    with locked(lab.layout.lock, "up"):
        lab.up(Shape(asked.nodes, asked.managers, engine))


def _down(lab: Lab, _asked: Asked) -> None:
    with locked(lab.layout.lock, "down"):
        lab.down()
    _say("down")


def _status(lab: Lab, _asked: Asked) -> int:
    sys.stdout.write(describe(lab) + "\n")
    return 1 if lab.shape is None or lab.complaints() else 0


def _docker(lab: Lab, asked: Asked) -> None:
    _become(("docker", *_words(asked)), environment(lab.node(asked.node)))


def _exec(lab: Lab, asked: Asked) -> None:
    _become(lab.visit(lab.node(asked.node), *_words(asked)))


def _netns(lab: Lab, asked: Asked) -> None:
    _become(lab.visit_netns(lab.node(asked.node), asked.name, *_words(asked)))


def _load(lab: Lab, asked: Asked) -> None:
    lab.load(asked.tar)


def _shop(lab: Lab, _asked: Asked) -> None:
    images.put(lab.nodes, images.SHOP)


def _deploy(lab: Lab, asked: Asked) -> None:
    _say(f"deploying {asked.file} as {asked.name}, until every task runs")
    lab.deploy(asked.file, asked.name)


def _remove(lab: Lab, asked: Asked) -> None:
    lab.remove(asked.name)


def _engine(_lab: Lab, asked: Asked) -> None:
    sys.stdout.write(f"{unpacked(asked.suite, _say)}\n")


def _record(lab: Lab, asked: Asked) -> None:
    record(lab, asked.stack, asked.network, asked.folder)


def _logs(lab: Lab, asked: Asked) -> None:
    _become(("cat", str(lab.node(asked.node).log)))


def _words(asked: Asked) -> list[str]:
    words: list[str] = asked.words
    rest = words[1:] if words[:1] == ["--"] else words
    if not rest:
        raise LabError("nothing to run: give a command after --")
    return rest


def _become(argv: tuple[str, ...], env: dict[str, str] | None = None) -> None:
    """Run *argv* in this process's stead: its terminal, signals and status are the caller's."""
    sys.stdout.flush()
    try:
        os.execvpe(argv[0], argv, os.environ if env is None else env)  # noqa: S606
    except OSError as error:
        raise LabError(f"cannot run {argv[0]}: {error}") from error


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="bring a Swarm up")
    up.add_argument("--nodes", type=int, default=3)
    up.add_argument("--managers", type=int, default=1)
    up.add_argument("--engine", type=Path, metavar="DIR", help="run the binaries in this folder")
    up.set_defaults(do=_up)

    down = commands.add_parser("down", help="remove everything of the lab's")
    down.set_defaults(do=_down)

    status = commands.add_parser("status", help="say what is up, and what the kernel has")
    status.set_defaults(do=_status)

    for name, do, what in (
        ("docker", _docker, "run `docker ARGS` against a node's Engine"),
        ("exec", _exec, "run a command on a node"),
        ("netns", _netns, "run a command in a namespace of a node's /var/run/docker/netns"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("node", help="as node1")
        if do is _netns:
            command.add_argument("name", help="a file, the beginning of just one, or a container")
        command.add_argument("words", nargs=argparse.REMAINDER, metavar="-- WORDS")
        command.set_defaults(do=do)

    which = commands.add_parser("images", help="put images on every node").add_subparsers(
        required=True, metavar="load TAR | shop"
    )
    load = which.add_parser("load", help="from a file of `docker save`")
    load.add_argument("tar", type=Path)
    load.set_defaults(do=_load)
    shop = which.add_parser("shop", help="stand-ins for those of deploy/examples/shop.yml")
    shop.set_defaults(do=_shop)

    deploy = commands.add_parser("deploy", help="deploy a stack file and wait until it runs")
    deploy.add_argument("file", type=Path)
    deploy.add_argument("name")
    deploy.set_defaults(do=_deploy)

    remove = commands.add_parser("remove", help="remove a stack and wait until it is gone")
    remove.add_argument("name")
    remove.set_defaults(do=_remove)

    logs = commands.add_parser("logs", help="print the log of a node's Engine")
    logs.add_argument("node", help="as node1")
    logs.set_defaults(do=_logs)

    recording = commands.add_parser("record", help="write down what the Engines say, for tests")
    recording.add_argument("stack", help="as shop")
    recording.add_argument("network", help="a network of the stack, as app")
    recording.add_argument("folder", type=Path)
    recording.set_defaults(do=_record)

    engine = commands.add_parser("engine", help="fetch a newer Debian suite's engine for --engine")
    engine.add_argument("suite", choices=SUITES)
    engine.set_defaults(do=_engine)
    return top


if __name__ == "__main__":
    sys.exit(main())
