"""The lab's parts that need no Swarm."""

import itertools
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.lab import cgroups, kernel, processes
from tests.lab.commands import run
from tests.lab.errors import CommandError, LabError, NeverHappenedError
from tests.lab.images import archive
from tests.lab.lab import Lab, Shape
from tests.lab.layout import Layout
from tests.lab.locked import locked
from tests.lab.netns import choose
from tests.lab.record import without_secrets
from tests.lab.wait import at_once, wait_until


def test_waiting_returns_what_became_true() -> None:
    """The caller gets the value that it waited for, after errors that meant "not yet"."""
    looks = itertools.count()

    def look() -> list[str]:
        number = next(looks)
        if number == 0:
            raise LabError("no socket")
        return ["node1"] * (number - 1)

    assert wait_until(look, 5, "a node is there", pause=0) == ["node1"]


@pytest.mark.parametrize(
    ("condition", "seen_last"),
    [(list, "[]"), (lambda: run("sh", "-c", "echo no route >&2; exit 3"), "no route")],
)
def test_waiting_in_vain_says_why_and_what_was_seen(condition: object, seen_last: str) -> None:
    """The message has the reason for waiting, the time given, and the last thing seen."""
    assert callable(condition)

    with pytest.raises(
        NeverHappenedError, match=r"not within 0 s: node2 is ready; last seen: "
    ) as e:
        wait_until(condition, 0, "node2 is ready")

    assert seen_last in str(e.value)


def test_a_bug_in_a_condition_is_not_waited_out() -> None:
    """Only a LabError means "not yet"."""
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 / 0, 60, "never")


def test_work_at_once_ends_before_its_failure_is_raised() -> None:
    """One node's failure leaves no other node half-way."""
    ended = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            raise LabError("node1 failed")
        ended.set()

    with pytest.raises(LabError, match="node1 failed"):
        at_once(work, range(2))
    assert ended.is_set()


def test_a_command_that_fails_shows_its_words() -> None:
    """The error has the command, its status and what it printed."""
    with pytest.raises(CommandError, match=r"(?s)sh -c .*ended with status 3.*no such bridge"):
        run("sh", "-c", "echo no such bridge >&2; exit 3")


def test_a_command_that_is_not_there_is_named() -> None:
    """A missing program is the lab's error, with its name."""
    with pytest.raises(CommandError, match="no-such-program: is not installed"):
        run("no-such-program")


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("ingress_sbox", "ingress_sbox"),
        ("lb_", "lb_k2jenndu5"),
        ("1-k2", "1-k2jenndu54"),
        ("1-k2jenndu5", "1-k2jenndu5"),
        ("f00", None),
    ],
)
def test_a_namespace_is_its_name_or_the_beginning_of_just_one(
    wanted: str, chosen: str | None
) -> None:
    """An exact name wins over those that it begins."""
    names = ["1-k2jenndu54", "1-k2jenndu5", "1-i8b2lcfrqn", "lb_k2jenndu5", "ingress_sbox"]

    if wanted == "1-k2":
        names.remove("1-k2jenndu5")

    assert choose(names, wanted, "node1") == chosen


def test_the_beginning_of_two_namespaces_is_refused() -> None:
    """The message names the node and the candidates."""
    with pytest.raises(LabError, match="node1: '1-' is the beginning of 1-a, 1-b"):
        choose(["1-b", "1-a"], "1-", "node1")


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    """A second command learns which process has the lab, and what it does."""
    lock = tmp_path / "state" / "lock"
    second = locked(lock, "down", patience=0)

    with locked(lock, "up"), pytest.raises(LabError, match=r"process \d+ \(up\)"), second:
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """The kernel gives it back, whatever the file says."""
    lock = tmp_path / "lock"
    script = (
        "import os, sys, signal; from pathlib import Path; from tests.lab.locked import locked\n"
        "with locked(Path(sys.argv[1]), 'up'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(lock)], check=False)

    assert killed.returncode == -9
    with locked(lock, "down"):
        assert "down" in lock.read_text()


@pytest.mark.parametrize(("nodes", "managers"), [(0, 0), (3, 0), (3, 4), (17, 1)])
def test_an_impossible_shape_is_refused(nodes: int, managers: int) -> None:
    """The message has both figures."""
    with pytest.raises(LabError, match=f"{managers} managers of {nodes} nodes"):
        Shape(nodes, managers)


def test_no_lab_says_how_to_get_one(tmp_path: Path) -> None:
    """Asking for its nodes names the command."""
    with pytest.raises(LabError, match=r"no lab is up: python -m tests\.lab up"):
        _ = Lab(Layout(tmp_path)).nodes


def test_processes_are_found_by_cgroup_not_by_name() -> None:
    """A process of the same cgroup path is found below it, and not beside it."""
    own = Path("/proc/self/cgroup").read_text().splitlines()[-1].split(":", 2)[2]
    # Not the root, where every process of the machine is found.
    parts = own.strip("/").split("/")
    assert processes.in_cgroup("/swarm-lab-beside") == set()
    if parts != [""]:
        assert processes.in_cgroup(own)


def test_every_cgroup_hierarchy_is_seen() -> None:
    """The lab looks for its cgroups where the kernel says that cgroup file systems are."""
    found = cgroups.hierarchies()

    assert found
    assert all((where / "cgroup.procs").exists() for where in found)


def test_an_image_holds_its_files_and_links() -> None:
    """Contents can be executed, and applets are links."""
    packed = archive({"bin/busybox": b"\x7fELF", "bin/sh": "busybox"})

    listing = run("tar", "-tvf", "-", input=packed)

    assert "-rwxr-xr-x" in listing
    assert "bin/sh -> busybox" in listing


def test_a_recording_holds_no_secret() -> None:
    """Tokens and certificates are replaced wherever they stand; their names stay."""
    answer = [{"JoinTokens": {"Worker": "SWMTKN-1-x"}, "Spec": {"TLSInfo": {"TrustRoot": "PEM"}}}]

    assert without_secrets(answer) == [
        {"JoinTokens": {"Worker": "removed"}, "Spec": {"TLSInfo": {"TrustRoot": "removed"}}}
    ]


@pytest.mark.netns
def test_the_kernel_is_asked_and_its_words_are_kept() -> None:
    """A trial that works is a feature; one that fails keeps the last line that it printed."""
    trials = {"vxlan": ("x", "true"), "netem": ("y", "echo qdisc kind is unknown >&2; false")}

    found = kernel.examine(trials)

    assert found.vxlan
    assert not found.netem
    assert found.refusals == {"netem": "qdisc kind is unknown"}


def test_an_unknown_feature_is_a_mistake_of_the_test() -> None:
    """Not a feature that the kernel lacks."""
    with pytest.raises(ValueError, match="unknown feature 'ipsv': one of ipvs, esp"):
        kernel.Kernel({}).has("ipsv")
