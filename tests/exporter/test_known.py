from pathlib import Path

import pytest

from exporter.known import KnownTasks
from probes.model.reading import CouldNotLook, NamespaceReading, NodeReading
from probes.model.vantage import Vantage, VantageKind


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Stand in for a namespace: a file with an inode."""
    file = tmp_path / "0123456789ab"
    file.touch()
    return file


def task(file: Path) -> NamespaceReading:
    vantage = Vantage(kind=VantageKind.TASK, name=file.name, netns=str(file))
    return NamespaceReading(vantage=vantage, network_id="")


def learned(file: Path, *times: float) -> tuple[KnownTasks, NamespaceReading]:
    """Read one task anew at each of *times*."""
    known = KnownTasks()
    for time in times:
        reading = task(file)
        known.learn(NodeReading(read_at=time, namespaces=(reading,)))
    return known, reading


@pytest.mark.parametrize(("now", "good"), [(110.0, True), (120.0, True), (121.0, False)])
def test_a_reading_is_good_for_as_long_as_the_task_had_been_there(
    file: Path, now: float, *, good: bool
) -> None:
    """The second one, ten seconds after the first, is good for ten seconds."""
    known, reading = learned(file, 100.0, 110.0)

    assert known.good(now) == ({str(file): reading} if good else {})


def test_a_first_reading_is_not_used_again(file: Path) -> None:
    """The engine may not have plugged all of the networks in yet."""
    known, _ = learned(file, 100.0)

    assert known.good(100.1) == {}


@pytest.mark.parametrize(("now", "good"), [(10_300.0, True), (10_301.0, False), (9_999.0, False)])
def test_no_reading_is_good_for_ever(file: Path, now: float, *, good: bool) -> None:
    """Nor when the clock was set back: a container can be plugged into another network."""
    known, _ = learned(file, 0.0, 10_000.0)

    assert bool(known.good(now)) is good


def test_what_is_used_again_grows_no_younger(file: Path) -> None:
    """Handing a reading round does not prolong it."""
    known, reading = learned(file, 100.0, 110.0)

    known.learn(NodeReading(read_at=119.0, namespaces=(reading,)))

    assert known.good(119.0)
    assert known.good(121.0) == {}


def test_a_namespace_that_is_gone_is_forgotten(file: Path) -> None:
    """Nothing is kept of tasks that ended."""
    known, _ = learned(file, 100.0, 110.0)

    file.unlink()

    assert known.good(111.0) == {}


def test_a_namespace_that_was_made_anew_is_another(file: Path) -> None:
    """The same name with another inode begins from the start."""
    known, _ = learned(file, 100.0, 110.0)

    other = file.with_name("other")
    other.touch()
    other.replace(file)

    assert known.good(111.0) == {}
    known.learn(NodeReading(read_at=111.0, namespaces=(task(file),)))
    assert known.good(111.5) == {}


def test_what_lacks_a_table_is_read_again(file: Path) -> None:
    """A table that could not be read once may be readable the next time."""
    known, _ = learned(file, 100.0)
    failure = CouldNotLook(where=f"task {file.name}, routes", why="it changed")

    known.learn(NodeReading(read_at=110.0, namespaces=(task(file),), failures=(failure,)))

    assert known.good(110.5) == {}
