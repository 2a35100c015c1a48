"""Is what may be typed next suggested, in real shells too, and nothing else?"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.cli.completing import Names, Typed, candidates
from probes.wire import dump_topology
from tests.probes.cli.documents import served
from tests.swarms import SHOP

TCP = Typed(
    name="tcp",
    options=("--from", "--timeout", "--json"),
    flags=frozenset({"--json"}),
    words=("HOST:PORT",),
)
FDB = Typed(
    name="fdb",
    options=("--node", "--network", "--diff", "--json"),
    flags=frozenset({"--json"}),
    words=(),
)
NAMES = Names(
    services=("api", "shop_api"), tasks=("api.1",), nodes=("node1",), networks=("shop_app",)
)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([""], ["fdb", "tcp"]),
        (["t"], ["tcp"]),
        (["tcp", "--"], ["--from", "--json", "--timeout"]),
        (["tcp", "a"], ["api", "api.1"]),
        (["tcp", "--json", "a"], ["api", "api.1"]),
        (["tcp", "--timeout", ""], []),
        (["tcp", "api:80", "--from", "n"], ["node1"]),
        (["tcp", "api:80", "--from", "a"], ["all", "api", "api.1"]),
        (["fdb", "--network", ""], ["shop_app"]),
        (["fdb", "--node", ""], ["node1"]),
        (["fdb", "--diff", "node1", ""], ["node1"]),
        (["fdb", ""], []),
        (["nonsense", "x"], []),
    ],
)
def test_the_last_word_is_completed_from_what_stands_before_it(
    words: list[str], found: list[str]
) -> None:
    """Commands, options, and names of the kind that is wanted there."""
    assert candidates(words, [TCP, FDB], NAMES) == found


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    """Have a `probe` on the PATH, whose agent knows the shop."""
    socket = tmp_path / "agent.sock"
    script = tmp_path / "probe"
    script.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from probes.cli.main import main; main()' "
        f'--agent {socket} --engine unix:///nowhere "$@"\n'
    )
    script.chmod(0o755)
    with served(socket, {"/api/v1/topology": (200, dump_topology(SHOP))}):
        yield f"{tmp_path}:/usr/bin:/bin"


def _run(shell: str, script: str, path: str) -> list[str]:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"THIS MACHINE LACKS {shell}: its completion is tried where it is")
    done = subprocess.run(
        [program, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": path},
        cwd=Path(__file__).parents[3],
    )
    return done.stdout.split()


def test_bash_completes_names_of_the_live_swarm(path: str) -> None:
    """As a person's own bash would, with the script that the command prints."""
    ask = (
        'eval "$(probe completion bash)"; '
        'COMP_WORDS=(probe tcp x --from "$1"); COMP_CWORD=4; _probe_complete; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )

    assert _run("bash", ask.replace('"$1"', "shop_a"), path) == [
        "shop_api",
        "shop_api.1",
        "shop_api.2",
        "shop_app",
    ]
    assert _run("bash", ask.replace('"$1"', "node"), path) == ["node1", "node2", "node3"]


def test_fish_completes_too(path: str) -> None:
    """Where it is."""
    ask = 'probe completion fish | source; complete -C "probe dns shop_d"'

    assert _run("fish", ask, path) == ["shop_db", "shop_db.1"]


def test_zsh_takes_the_script(path: str) -> None:
    """It cannot be asked without a terminal: that it is one for it, and asks us, is."""
    ask = (
        'compdef() { print -r -- "$@"; }; compadd() { print -rl -- "${found[@]}"; }; '
        'eval "$(probe completion zsh)"; words=(probe dns shop_d); CURRENT=3; _probe_complete'
    )

    assert _run("zsh", ask, path) == ["_probe_complete", "probe", "shop_db", "shop_db.1"]


def test_without_anybody_to_ask_only_commands_are_known(tmp_path: Path) -> None:
    """Quietly: nobody wants an error in the middle of a line."""
    script = "from probes.cli.main import main; main()"
    nowhere = ("--agent", str(tmp_path / "none"), "--engine", "unix:///nowhere")
    done = subprocess.run(
        [sys.executable, "-c", script, *nowhere, "complete", "--", "tcp", "--from", ""],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )

    assert (done.stdout.split(), done.stderr) == (["all", "host"], "")
