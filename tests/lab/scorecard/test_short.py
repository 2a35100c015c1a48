"""One fault, one page? A few lines of the scorecard, with shorter holds than are shipped.

`make scorecard` plays all of it as it is shipped.
"""

from collections.abc import Iterator

import pytest

from alerts.thresholds import Thresholds
from tests.lab.lab import Lab
from tests.lab.scorecard import stage
from tests.lab.scorecard.dependencies import Dependencies
from tests.lab.scorecard.faults import SCENARIOS
from tests.lab.scorecard.pages import Pager
from tests.lab.scorecard.play import play
from tests.lab.scorecard.scenario import Site

pytestmark = [pytest.mark.lab, pytest.mark.faults]

#: COMPRESSED: patterns hold for half as long as is shipped. Their patience with causes stays, since
#: agents need as long as ever to name one.
HOLDS = Thresholds(pattern_hold_seconds=10)
_WATCHED_SECONDS = 45.0


@pytest.fixture(scope="module")
def playing(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Pager]]:
    """The stack beside a shop that can be well on this kernel, and a pager."""
    with Pager() as pager, Dependencies() as dependencies:
        site = Site(lab=lab, dependencies=dependencies)
        with stage.staged(site, pager, tmp_path_factory.mktemp("stage"), HOLDS):
            yield site, pager


@pytest.mark.parametrize("name", ["task-closed", "fdb-wrong-vtep", "rolling-update"])
def test_a_line_of_the_scorecard_is_right(playing: tuple[Site, Pager], name: str) -> None:
    """One page with the right culprit for a fault, and none for everyday work."""
    (scenario,) = (item for item in SCENARIOS if item.name == name)

    row = play(scenario, *playing, _WATCHED_SECONDS)

    assert row.right, row
    assert row.quiet or row.seconds_to_resolve is not None
