"""Which second kernel is booted, and with which words?"""

import lzma
from pathlib import Path

import pytest

from tests.lab.errors import LabError
from tests.lab.guest import kernels
from tests.lab.guest.__main__ import parser
from tests.lab.guest.folder import Folder
from tests.lab.guest.uml import UserMode


def test_the_environment_names_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program is taken as it is."""
    program = tmp_path / "linux"
    program.touch(mode=0o755)
    monkeypatch.setenv(kernels.VARIABLE, str(program))

    assert kernels.choose() == UserMode(program)


def test_a_packed_kernel_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its contents' digest, so that another one of the same name is another kernel."""
    packed = tmp_path / "linux.xz"
    packed.write_bytes(lzma.compress(b"first"))
    monkeypatch.setenv(kernels.VARIABLE, str(packed))
    monkeypatch.setenv("SWARM_LAB_CACHE", str(tmp_path / "cache"))

    first = kernels.choose()
    again = kernels.choose()
    packed.write_bytes(lzma.compress(b"second"))
    second = kernels.choose()

    assert isinstance(first, UserMode)
    assert isinstance(second, UserMode)
    assert first == again
    assert (first.program.read_bytes(), second.program.read_bytes()) == (b"first", b"second")
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {
        first.program.name,
        second.program.name,
    }


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("absent", None, "there is no such file"),
        ("notes.txt", b"notes", "cannot be executed: is it a user-mode Linux"),
        ("torn.xz", b"notes", "is not packed by xz"),
    ],
)
def test_what_is_no_kernel_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes | None,
    complaint: str,
) -> None:
    """The message names the variable and the file."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(kernels.VARIABLE, str(file))
    monkeypatch.setenv("SWARM_LAB_CACHE", str(tmp_path / "cache"))

    with pytest.raises(LabError, match=f"{kernels.VARIABLE}=.*{name}:? .*{complaint}"):
        kernels.choose()


def test_a_user_mode_linux_boots_on_the_machines_files(tmp_path: Path) -> None:
    """Its memory, its first program and its root are on its command line."""
    words = UserMode(Path("/opt/linux")).command(Folder(tmp_path), Path("/x/init"), "3G")

    assert words[0] == "/opt/linux"
    assert {"mem=3G", "rootfstype=hostfs", "init=/x/init", f"uml_dir={tmp_path}"} <= {*words}


def test_the_commands_own_options_are_left_to_it() -> None:
    """What stands after -- is the guest's."""
    asked = parser().parse_args(["run", "--limit", "5", "--", "ls", "--limit", "-l"])

    assert (asked.limit, asked.words) == (5.0, ["ls", "--limit", "-l"])


@pytest.mark.parametrize("line", [["run"], ["exec", "--memory", "4G", "--", "ls"], ["up", "ls"]])
def test_a_line_that_makes_no_sense_is_refused(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the usage."""
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args(line)

    assert "usage: python -m tests.lab.guest" in capsys.readouterr().err
