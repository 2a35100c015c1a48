"""Does every query of every panel work against the Prometheus that scrapes the lab?"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import pytest

from dashboards import build
from dashboards.filled import Asked, of_dashboard
from dashboards.preview.prometheus import Prometheus
from tests.lab.agent.observe import SEEN_WITHIN_SECONDS
from tests.lab.agent.panels import (
    EMPTY_WHEN_HEALTHY,
    EMPTY_WITHOUT_IPVS,
    FILLED_BY,
    FILLED_WITH_IPVS,
)
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.scorecard.dependencies import Dependencies
from tests.lab.scorecard.faults import SCENARIOS
from tests.lab.scorecard.scenario import Site
from tests.lab.swarmscope import PROMETHEUS_PORT, query
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab


def _asked() -> Iterator[Asked]:
    for document in build.documents().values():
        yield from of_dashboard(document)


def _all_have_data(
    lab: Lab, asked: list[Asked], may_be_empty: AbstractSet[tuple[str, str]] = frozenset()
) -> bool:
    """LabError for a query that Prometheus does not take, and naming the panels without data."""
    panels = {(one.dashboard, one.panel) for one in asked} - may_be_empty
    empty = panels - {(one.dashboard, one.panel) for one in asked if query(lab, one.expr)}
    if empty:
        raise LabError(f"no data: {sorted(empty)}")
    return True


def test_every_panel_has_data_or_a_reason_to_have_none(swarmscope: Lab) -> None:
    """Each query is taken by Prometheus, and each panel shows something of a healthy network."""
    asked = list(_asked())
    may_be_empty = {*EMPTY_WHEN_HEALTHY}
    if not swarmscope.kernel.ipvs:
        may_be_empty |= {*EMPTY_WITHOUT_IPVS}

    wait_until(
        lambda: _all_have_data(swarmscope, asked, may_be_empty),
        SEEN_WITHIN_SECONDS * 2,
        "every panel has data",
    )


def test_graphs_have_data_over_time(swarmscope: Lab) -> None:
    """What is asked over a range of time is taken, too."""
    now = float(query(swarmscope, "vector(time())")[0]["value"][1])
    url = f"http://{swarmscope.manager.address}:{PROMETHEUS_PORT}"
    prometheus = Prometheus(url=url, start=now - 120, end=now)
    for one in _asked():
        if not one.instant:
            prometheus.over_time(one.expr, 15)


@pytest.mark.parametrize("name", FILLED_BY)
def test_a_fault_fills_the_panels_that_are_there_for_it(swarmscope: Lab, name: str) -> None:
    """What is empty on a healthy network is not so by mistake."""
    _fills(swarmscope, name, FILLED_BY[name])


@pytest.mark.faults
@pytest.mark.needs("ipvs")
def test_a_healthy_load_balancer_fills_its_panels(swarmscope: Lab) -> None:
    """With IPVS, no panel is excused that waits for it."""
    asked = list(_asked())
    wait_until(
        lambda: _all_have_data(swarmscope, asked, {*EMPTY_WHEN_HEALTHY}),
        SEEN_WITHIN_SECONDS * 2,
        "every panel has data",
    )


@pytest.mark.faults
@pytest.mark.needs("ipvs")
@pytest.mark.parametrize("name", FILLED_WITH_IPVS)
def test_a_load_balancers_fault_fills_its_panels(swarmscope: Lab, name: str) -> None:
    """The same, for what only a kernel with IPVS can show."""
    _fills(swarmscope, name, FILLED_WITH_IPVS[name])


def _fills(lab: Lab, name: str, panels: AbstractSet[tuple[str, str]]) -> None:
    asked = [one for one in _asked() if (one.dashboard, one.panel) in panels]
    assert {(one.dashboard, one.panel) for one in asked} == panels
    (scenario,) = (item for item in SCENARIOS if item.name == name)
    assert scenario.fault is not None
    with Dependencies() as idle, scenario.fault(Site(lab=lab, dependencies=idle)):
        wait_until(
            lambda: _all_have_data(lab, asked),
            SEEN_WITHIN_SECONDS * 2,
            "the panels show the fault",
            pause=1,
        )
