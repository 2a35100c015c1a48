"""One Swarm for a session of tests, fresh stacks for each test."""

import os
from collections.abc import Callable, Generator, Iterator
from functools import cache, partial
from pathlib import Path

import pytest

from tests.lab import images, kernel, requirements
from tests.lab.errors import LabError
from tests.lab.guest import elsewhere, kernels
from tests.lab.guest.mailbox import INSIDE
from tests.lab.lab import Lab, Shape
from tests.lab.locked import locked

#: A test that needs another shape belongs to a session of its own.
SHAPE = Shape(nodes=3, managers=1, engine=os.environ.get("SWARM_LAB_ENGINE", ""))

REPOSITORY = Path(__file__).parents[2]

#: Deploys a stack file, or the text of one, under a name; the stack goes when the test ends.
Stack = Callable[[Path | str, str], None]

#: The tests that no kernel at hand can run, and why there is no second one.
_NOT_RUN = pytest.StashKey[tuple[list[pytest.Item], str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Declare the lab's own markers; in a guest, let the machine know of every report."""
    for line in (
        "needs(feature): runs in a second kernel where this machine's lacks the feature",
        "remakes: takes the session's Swarm away and makes it anew, so it comes last",
    ):
        config.addinivalue_line("markers", line)
    if elsewhere.REPORTS in os.environ:
        reporter = elsewhere.Reporter(config, Path(os.environ[elsewhere.REPORTS]))
        config.pluginmanager.register(reporter)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run last what ends the Swarm on which other tests have put images and stacks."""
    items.sort(key=lambda item: item.get_closest_marker("remakes") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Run in a second kernel, beside all the others, what this one cannot."""
    if session.config.option.collectonly or INSIDE in os.environ or requirements.missing():
        return (yield)
    unable = [item for item in session.items if _lacks(item)]
    say = partial(_say, session.config)
    try:
        second = kernels.choose() if unable else None
    except LabError as error:
        session.config.stash[_NOT_RUN] = unable, str(error)
        return (yield)
    session.items = [item for item in session.items if item not in unable]
    meanwhile = elsewhere.Elsewhere(unable, second) if second else None
    result = yield
    if meanwhile is not None:
        say(f"in a second kernel, what this one cannot run ({len(unable)}):")
        meanwhile.report(session)
    return result


def _say(config: pytest.Config, line: str) -> None:
    terminal: pytest.TerminalReporter = config.pluginmanager.getplugin("terminalreporter")
    terminal.ensure_newline()
    terminal.line(line)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say loudly what no kernel at hand could run."""
    unable, why = config.stash.get(_NOT_RUN, ([], ""))
    if not unable:
        return
    lacking = {feature: words for item in unable for feature, words in _lacks(item).items()}
    title = f"{len(unable)} TESTS DID NOT RUN: NO KERNEL FOR THEM"
    terminalreporter.section(title, red=True, bold=True)
    for feature, words in lacking.items():
        good_for, _ = kernel.TRIALS[feature]
        terminalreporter.line(f"this machine's kernel lacks {feature}, for {good_for}: {words}")
    terminalreporter.line(f"and there is no second kernel: {why}", red=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the kernel's words, what it cannot run; the second kernel has no such excuse."""
    if not any(item.iter_markers("needs")):
        return
    _skip_where_impossible()
    for feature, words in _lacks(item).items():
        good_for, _ = kernel.TRIALS[feature]
        lacks = f"LACKS {feature}, for {good_for}: {words}"
        if INSIDE in os.environ:
            pytest.fail(f"THE SECOND KERNEL, TOO, {lacks}", pytrace=False)
        pytest.skip(f"THIS KERNEL {lacks}")


def _lacks(item: pytest.Item) -> dict[str, str]:
    """Return which of the features that the test needs were refused, with the kernel's words."""
    wanted = [feature for marker in item.iter_markers("needs") for feature in marker.args]
    refused = {feature: _refusal(feature) for feature in wanted}
    return {feature: words for feature, words in refused.items() if words is not None}


@cache
def _refusal(feature: str) -> str | None:
    return kernel.examine({feature: kernel.TRIALS[feature]}).refusals.get(feature)


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


@pytest.fixture(scope="session")
def shop(lab: Lab, shop_images: None) -> Iterator[Lab]:  # noqa: ARG001 -- the stack needs them
    """The lab with the example application on it, deployed once for all tests."""
    lab.deploy(REPOSITORY / "deploy" / "examples" / "shop.yml", "shop")
    yield lab
    if os.environ.get("SWARM_LAB_KEEP") != "1":
        lab.remove("shop")


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
