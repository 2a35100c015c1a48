"""Do real shells complete a line from what the Swarm has, key by key?"""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from probes.looks.nameable import nameable_document
from probes.looks.naming import nameable
from tests.needs import command as needs
from tests.probes.cli.documents import served
from tests.probes.looks.test_nameable import STACKED

_ROOT = Path(__file__).parents[3]
_WITHIN_SECONDS = 20.0
_READY = "ready-for-keys"

#: Completes as the real one; anything else writes down what the shell made of the line.
_PROBE = """\
#!{python}
import json, sys
if sys.argv[1:2] in (["completion"], ["complete"]):
    sys.path.insert(0, {root!r})
    from probes.cli.main import main
    sys.argv[1:1] = ["--agent", {agent!r}, "--engine", "unix:///nowhere.sock"]
    main()
else:
    with open({ran!r}, "a") as ran:
        ran.write(json.dumps(sys.argv[1:]) + "\\n")
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """How one is started without anybody's own settings, and told of `probe`."""

    name: str
    start: tuple[str, ...]
    setup: str


SHELLS = (
    Shell("bash", ("bash", "--norc", "--noprofile", "-i"), 'eval "$(probe completion bash)"'),
    Shell(
        "zsh",
        ("zsh", "-f", "-i"),
        'autoload -Uz compinit; compinit -D -u; eval "$(probe completion zsh)"',
    ),
    Shell("fish", ("fish", "--no-config", "-i"), "probe completion fish | source"),
)
each_shell = pytest.mark.parametrize(
    "shell",
    [pytest.param(item, id=item.name, marks=needs(item.name, item.name)) for item in SHELLS],
)


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, shell: Shell, folder: Path, ran: Path) -> None:
        self._ran = ran
        self._screen = ""
        self._master, slave = pty.openpty()
        environment = {
            "HOME": str(folder),
            "PATH": f"{folder}:{os.environ['PATH']}",
            "TERM": "dumb",
            "PS1": "> ",
        }
        self._process = subprocess.Popen(
            # fish wants a terminal that is its own, as a person's is.
            ("setsid", "--ctty", *shell.start),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=folder,
        )
        os.close(slave)
        # Written in two, so that the echo of what is typed is not taken for its effect.
        self.type(f"{shell.setup}; echo {_READY[:5]}''{_READY[5:]}\n")
        self._wait(lambda: _READY in self._screen)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def completed(self, keys: str, shows: str) -> list[str]:
        """Type a line, end it by Tab, wait until it shows this, and run it; gives its words."""
        self._screen = ""
        before = len(self._lines())
        self.type(f"{keys}\t")
        self._wait(lambda: shows in self._screen)
        self.type("\n")
        self._wait(lambda: len(self._lines()) > before)
        words: list[str] = json.loads(self._lines()[-1])
        return words

    def _lines(self) -> list[str]:
        return self._ran.read_text().splitlines()

    def _wait(self, until: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + _WITHIN_SECONDS
        while not until():
            if time.monotonic() > ends_at:
                pytest.fail(f"on the screen: {self._screen!r}")
            if select.select([self._master], [], [], 0.05)[0]:
                self._screen += os.read(self._master, 4096).decode(errors="replace")

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@contextmanager
def _typing(shell: Shell, folder: Path) -> Iterator[Terminal]:
    socket, ran = folder / "agent.sock", folder / "ran"
    ran.touch()
    script = folder / "probe"
    script.write_text(
        _PROBE.format(python=sys.executable, root=str(_ROOT), agent=str(socket), ran=str(ran))
    )
    script.chmod(0o755)
    (folder / "some-file").touch()
    with served(socket, {"/api/v1/names": (200, nameable_document(nameable(STACKED)))}):
        terminal = Terminal(shell, folder, ran)
        try:
            yield terminal
        finally:
            terminal.close()


_LINES: Sequence[tuple[str, str, list[str]]] = (
    ("probe explai", "explain", ["explain"]),
    ("probe fdb --network shop_d", "shop_data", ["fdb", "--network", "shop_data"]),
    ("probe fdb --network=shop_d", "shop_data", ["fdb", "--network=shop_data"]),
    ("probe tcp db:5", "db:5432", ["tcp", "db:5432"]),
    ("probe http http://web:8", "web:80/", ["http", "http://web:80/"]),
    (
        "true; probe icmp shop_api.2 --from shop_da",
        "shop_data",
        ["icmp", "shop_api.2", "--from", "shop_data"],
    ),
    ("probe doctor --bundle some-f", "some-file", ["doctor", "--bundle", "some-file"]),
)


@each_shell
def test_a_key_completes_what_the_swarm_has(shell: Shell, tmp_path: Path) -> None:
    """Names, ports after a colon, values after "=", and files where the Swarm has no say."""
    with _typing(shell, tmp_path) as terminal:
        for keys, shows, words in _LINES:
            assert terminal.completed(keys, shows) == words
