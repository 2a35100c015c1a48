"""The lab taken away: parts of it killed, `up` killed, and `down`; these tests come last."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import cgroups, images, namespaces, processes
from tests.lab.conftest import REPOSITORY, SHAPE
from tests.lab.errors import LabError
from tests.lab.fabric import MACHINE_LINK
from tests.lab.lab import Lab, Shape
from tests.lab.layout import Layout

pytestmark = [pytest.mark.lab, pytest.mark.remakes]

STACK = """
version: "3.8"
services:
  everywhere:
    image: alpine:3.20
    command: [sh, -c, "trap exit TERM; sleep 1d & wait"]
    deploy: {mode: global}
"""


def leftovers(layout: Layout) -> list[str]:
    """Name what is left of a lab on this machine."""
    found = [f"process {pid}" for pid in processes.of_lab(namespaces.pinned(layout))]
    found += [f"mount {point}" for point in namespaces.mounts_below(layout.state)]
    found += [f"cgroup {group}" for group in cgroups.ours()]
    found += [f"file {file}" for file in layout.state.iterdir() if file != layout.lock]
    if Path(f"/sys/class/net/{MACHINE_LINK}").exists():
        found.append(f"link {MACHINE_LINK}")
    return found


@pytest.fixture
def whole(lab: Lab) -> Iterator[Lab]:
    """The lab, and whole again after the test for those that follow."""
    yield lab
    lab.up(SHAPE)


@pytest.fixture
def busy(whole: Lab, tmp_path: Path) -> Lab:
    """A new lab with a container on every node."""
    whole.down()
    whole.up(SHAPE)
    images.put(whole.nodes, images.SHOP)
    file = tmp_path / "stack.yml"
    file.write_text(STACK)
    whole.deploy(file, "busy")
    return whole


@pytest.mark.parametrize("victim", ["dockerd", "containerd", "containerd-shim"])
def test_a_lab_with_a_killed_part_comes_up_again(busy: Lab, victim: str) -> None:
    """`up` makes a whole lab of it; Docker itself replaces a lost shim or containerd."""
    node = busy.nodes[2]
    victims = [
        pid
        for pid in processes.in_cgroup(node.cgroup)
        if Path(f"/proc/{pid}/comm").read_text().strip() == victim
    ]
    assert victims

    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    said: list[str] = []
    Lab(say=said.append).up(SHAPE)

    assert not busy.complaints()
    if victim == "dockerd":
        assert "node3 has no dockerd" in said[0]
    else:
        assert said == [f"already up: {SHAPE}"]


@pytest.mark.parametrize("moment", ["fabric", "starting dockerd", "forming the Swarm"])
def test_up_killed_in_the_middle_leaves_nothing_after_down(whole: Lab, moment: str) -> None:
    """Whatever stood at that moment goes, and the next `up` works."""
    whole.down()
    script = (
        "from tests.lab.conftest import SHAPE; from tests.lab.lab import Lab\n"
        "Lab(say=lambda line: print(line, flush=True)).up(SHAPE)"
    )
    argv = [sys.executable, "-c", script]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as up:
        assert up.stdout is not None
        assert any(line.startswith(moment) for line in up.stdout)
        up.kill()

    whole.down()

    assert leftovers(whole.layout) == []
    whole.up(SHAPE)
    assert not whole.complaints()


def test_down_leaves_nothing(busy: Lab) -> None:
    """No process, mount, link, cgroup or file; no visitor either that ignores signals."""
    groups_outside = _other_cgroups()
    stubborn = ("sh", "-c", "trap '' TERM INT HUP; echo ready; while true; do sleep 1; done")
    argv = busy.visit(busy.nodes[0], *stubborn)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as visitor:
        assert visitor.stdout is not None
        assert visitor.stdout.readline() == b"ready\n"

        busy.down()

        assert visitor.wait(5) == -signal.SIGKILL
    assert leftovers(busy.layout) == []
    assert _other_cgroups() <= groups_outside


def _other_cgroups() -> set[Path]:
    return {
        folder
        for hierarchy in cgroups.hierarchies()
        for folder in hierarchy.rglob("*/")
        if "swarm-lab" not in folder.parts
    }


def test_an_engine_folder_without_an_engine_is_refused(whole: Lab, tmp_path: Path) -> None:
    """And nothing was begun."""
    whole.down()

    with pytest.raises(LabError, match="no dockerd in the engine's folder"):
        whole.up(Shape(engine=str(tmp_path)))
    assert leftovers(whole.layout) == []


def test_down_twice_is_no_error(whole: Lab) -> None:
    """Nor is it one where nothing is up."""
    whole.down()
    whole.down()

    assert leftovers(whole.layout) == []
