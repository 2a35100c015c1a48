"""A real second kernel boots, is asked and ends; this machine stays as it is."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import kernel, requirements
from tests.lab.conftest import REPOSITORY
from tests.lab.errors import LabError
from tests.lab.guest import kernels, machine, mailbox
from tests.lab.guest.folder import Folder, guests, kill
from tests.lab.guest.uml import UserMode
from tests.lab.wait import wait_until

pytestmark = pytest.mark.netns


@pytest.fixture(scope="module")
def second_kernel() -> UserMode:
    """A kernel that can be booted here."""
    absent = requirements.missing()
    if absent:
        pytest.skip(f"THE LAB CANNOT RUN HERE: this machine lacks {'; '.join(absent)}")
    try:
        return kernels.choose()
    except LabError as error:
        pytest.skip(f"NO SECOND KERNEL: {error}")


@pytest.fixture(scope="module")
def guest(second_kernel: UserMode) -> Iterator[Folder]:
    """A guest for the tests of this file."""
    with machine.booted(second_kernel, "1G") as folder:
        yield folder


def said(guest: Folder, *words: str) -> str:
    output = io.BytesIO()
    assert mailbox.ask(guest, words, (output, sys.stderr.buffer), limit=60) == 0
    return output.getvalue().decode()


def test_a_command_runs_there_as_it_would_here(guest: Folder) -> None:
    """In the same folder, with the same Python, on another kernel."""
    script = "import os, sys; print(os.getcwd(), sys.executable, os.uname().release)"

    folder, python, release = said(guest, sys.executable, "-c", script).split()

    assert (folder, python) == (str(Path.cwd()), sys.executable)
    assert release != os.uname().release


def test_the_guest_sees_an_edit_and_leaves_nothing(guest: Folder, tmp_path: Path) -> None:
    """It reads this machine's files as they are now; what it writes is its own."""
    file = tmp_path / "file"
    for content in ("before", "afterwards"):
        file.write_text(content)
        assert said(guest, "cat", str(file)) == content

    said(guest, "sh", "-c", f"echo changed > {file}; touch {tmp_path}/new")

    assert file.read_text() == "afterwards"
    assert list(tmp_path.iterdir()) == [file]


def test_the_guest_has_what_the_lab_needs_of_it(guest: Folder) -> None:
    """Every feature that is ever tried, and forwarding in its first network namespace."""
    script = "from tests.lab import kernel; print(dict(kernel.examine().refusals))"

    assert said(guest, sys.executable, "-c", script) == "{}\n"
    assert said(guest, "cat", "/proc/sys/net/ipv4/ip_forward") == "1\n"


@pytest.mark.usefixtures("second_kernel")
def test_a_killed_runner_takes_its_guest_along() -> None:
    """And the next one finds nothing in its way."""
    words = [sys.executable, "-m", "tests.lab.guest", "run", "--memory", "1G", "--"]
    with subprocess.Popen([*words, "sleep", "600"], cwd=REPOSITORY) as runner:
        folder = Folder(guests() / f"of-{runner.pid}")
        try:
            wait_until(lambda: folder.ready, 300, "it has booted")
        finally:
            runner.send_signal(signal.SIGKILL)
    wait_until(lambda: not folder.alive, 10, "the guest has ended")

    again = subprocess.run([*words, "sh", "-c", "exit 7"], cwd=REPOSITORY, check=False)

    assert again.returncode == 7
    assert not folder.path.exists()


def test_a_guest_that_is_kept_outlives_who_booted_it(
    second_kernel: UserMode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until its power is cut."""
    monkeypatch.setenv("SWARM_LAB_GUESTS", str(tmp_path))
    assert second_kernel
    words = [sys.executable, "-m", "tests.lab.guest"]

    subprocess.run([*words, "up", "--memory", "1G"], cwd=REPOSITORY, check=True)
    folder = Folder(tmp_path / "up")
    try:
        done = subprocess.run([*words, "exec", "--", "false"], cwd=REPOSITORY, check=False)
        assert (done.returncode, folder.alive) == (1, True)
    finally:
        kill(folder)

    assert not folder.alive


@pytest.mark.parametrize(
    ("named", "status", "words"),
    [
        ("/nowhere/linux", 0, "1 TESTS DID NOT RUN: NO KERNEL FOR THEM"),
        ("/bin/false", 1, "did not run to its end: the second kernel ended"),
    ],
)
def test_a_test_that_cannot_run_is_never_passed_over(named: str, status: int, words: str) -> None:
    """Without a second kernel the summary shouts; with one that does not boot, the test failed."""
    if not kernel.examine().refusals.keys() & {"ipvs"}:
        pytest.skip("this machine's kernel has IPVS: it runs every test itself")
    one = "tests/lab/test_balancing.py::test_a_published_port_answers_on_every_node"

    session = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", one],
        cwd=REPOSITORY,
        env={**os.environ, kernels.VARIABLE: named},
        check=False,
        capture_output=True,
        text=True,
    )

    assert words in session.stdout
    assert session.returncode == status
