"""One Swarm for a session of tests, fresh stacks for each test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab import images, kernel, requirements
from tests.lab.lab import Lab, Shape
from tests.lab.locked import locked

#: A test that needs another shape belongs to a session of its own.
SHAPE = Shape(nodes=3, managers=1, engine=os.environ.get("SWARM_LAB_ENGINE", ""))

REPOSITORY = Path(__file__).parents[2]

#: Deploys a stack file, or the text of one, under a name; the stack goes when the test ends.
Stack = Callable[[Path | str, str], None]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the lab's own markers."""
    for line in (
        "needs(feature): skipped, with the kernel's words, where that is lacking",
        "remakes: takes the session's Swarm away and makes it anew, so it comes last",
    ):
        config.addinivalue_line("markers", line)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run last what ends the Swarm on which other tests have put images and stacks."""
    items.sort(key=lambda item: item.get_closest_marker("remakes") is not None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say which feature of the kernel a test lacks."""
    wanted = [feature for marker in item.iter_markers("needs") for feature in marker.args]
    if not wanted:
        return
    _skip_where_impossible()
    has = kernel.examine({feature: kernel.TRIALS[feature] for feature in wanted})
    for feature, words in has.refusals.items():
        good_for, _ = kernel.TRIALS[feature]
        pytest.skip(f"THIS KERNEL LACKS {feature}, for {good_for}: {words}")


def _skip_where_impossible() -> None:
    absent = requirements.missing()
    if absent:
        pytest.skip(f"THE LAB CANNOT RUN HERE: this machine lacks {'; '.join(absent)}")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The Swarm of this session; what was up before is taken down.

    With SWARM_LAB_KEEP=1 a lab of the same shape is used as it is, and stays up afterwards.
    """
    _skip_where_impossible()
    keep = os.environ.get("SWARM_LAB_KEEP") == "1"
    lab = Lab()
    with locked(lab.layout.lock, "pytest"):
        if not keep:
            lab.down()
        lab.up(SHAPE)
        yield lab
        if not keep:
            lab.down()


@pytest.fixture(scope="session")
def shop_images(lab: Lab) -> None:
    """The images of the example application, on every node."""
    images.put(lab.nodes, images.SHOP)


@pytest.fixture
def stack(lab: Lab, tmp_path: Path) -> Iterator[Stack]:
    """Deploy stacks that go when the test ends, the latest first."""
    deployed: list[str] = []

    def deploy(source: Path | str, name: str) -> None:
        file = source if isinstance(source, Path) else tmp_path / f"{name}.yml"
        if isinstance(source, str):
            file.write_text(source)
        deployed.append(name)
        lab.deploy(file, name)

    yield deploy
    for name in reversed(deployed):
        lab.remove(name)
