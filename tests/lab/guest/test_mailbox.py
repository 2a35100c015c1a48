"""A guest's folder, and asking, with somebody else in the guest's stead."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.lab.errors import LabError
from tests.lab.guest import mailbox
from tests.lab.guest.folder import Folder, guests, sweep, taken
from tests.lab.guest.inside import ASK, END, OUT, READY, STATUS
from tests.lab.wait import wait_until


def test_a_folder_is_alive_while_somebody_holds_its_lock(tmp_path: Path) -> None:
    """No file is believed: the kernel knows who has the lock."""
    folder = Folder(tmp_path / "one")

    with taken(folder):
        assert folder.alive
        with pytest.raises(LabError, match=f"a guest is up in {folder.path}"), taken(folder):
            pass

    assert not folder.alive


def test_the_folders_of_the_dead_are_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the living stay."""
    monkeypatch.setenv("SWARM_LAB_GUESTS", str(tmp_path))
    dead, living = Folder(tmp_path / "dead"), Folder(tmp_path / "living")
    with taken(dead):
        dead.console.write_text("Kernel panic")

    with taken(living):
        sweep()

        assert living.path.exists()
        assert not dead.path.exists()


@pytest.mark.parametrize("path", ["lab", "/srv/my lab", "/a,b"])
def test_a_folder_that_no_kernels_command_line_takes_is_refused(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything boots."""
    monkeypatch.setenv("SWARM_LAB_GUESTS", path)

    with pytest.raises(LabError, match=r"SWARM_LAB_GUESTS=.*: an absolute path without spaces"):
        guests()


class Answering:
    """Takes the next request of a folder, answers it slowly, or never."""

    def __init__(self, folder: Folder, *, status: int | None) -> None:
        self.folder = folder
        self.status = status
        self.asked: Path | None = None
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _answer(self) -> None:
        (asked,) = wait_until(lambda: list(self.folder.path.glob(f"*{ASK}")), 5, "a request")
        if self.status is not None:
            asked.with_suffix(OUT).write_text("the answer\n")
            asked.with_suffix(STATUS).write_text(str(self.status))
        self.asked = asked


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Folder]:
    """A folder that looks like a living guest's."""
    folder = Folder(tmp_path / "guest")
    with taken(folder):
        (folder.path / READY).touch()
        yield folder


def test_what_is_asked_comes_back_with_its_status(ready: Folder) -> None:
    """Also what was written at the very end; nothing of it stays in the folder."""
    output, errors = io.BytesIO(), io.BytesIO()

    with Answering(ready, status=7) as guest:
        status = mailbox.ask(ready, ["true"], (output, errors))

    assert (status, output.getvalue(), errors.getvalue()) == (7, b"the answer\n", b"")
    assert guest.asked is not None
    assert {path.name for path in ready.path.iterdir()} == {"lock", READY, guest.asked.name}


def test_what_takes_too_long_is_ended(ready: Folder) -> None:
    """The guest is asked to end it, and the caller learns why there is no status."""
    with Answering(ready, status=None) as guest, pytest.raises(mailbox.OutOfTimeError, match="0 s"):
        mailbox.ask(ready, ["sleep", "9"], (io.BytesIO(), io.BytesIO()), limit=0)

    assert guest.asked is not None
    assert guest.asked.with_suffix(END).exists()


def test_a_dead_guest_is_not_asked(tmp_path: Path) -> None:
    """Its folder may still say that it was ready."""
    folder = Folder(tmp_path)
    (tmp_path / READY).touch()

    with pytest.raises(LabError, match=r"no guest is up: python -m tests\.lab\.guest up"):
        mailbox.ask(folder, ["true"], (io.BytesIO(), io.BytesIO()))
