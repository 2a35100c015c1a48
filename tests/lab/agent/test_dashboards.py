"""Does every query of every panel work against the Prometheus that scrapes the lab?"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import pytest

from dashboards import build
from dashboards.filled import Asked, of_dashboard
from dashboards.preview.prometheus import Prometheus
from dashboards.uids import Uid
from tests.lab.agent.observe import SEEN_WITHIN_SECONDS
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.scorecard.dependencies import Dependencies
from tests.lab.scorecard.faults import SCENARIOS
from tests.lab.scorecard.scenario import Site
from tests.lab.swarmscope import PROMETHEUS_PORT, query
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

_NO_FINDINGS = "nothing is found on a healthy network"
_NO_FAILURES = "no look fails on a healthy network"
_NO_TARGETS = "the stack's configuration lists no targets"
_NO_TLS = "the shop serves no TLS"

#: (dashboard, panel) -> why it is empty while all is well.
EMPTY_WHEN_HEALTHY: Mapping[tuple[str, str], str] = {
    **{(uid, "annotation Findings"): _NO_FINDINGS for uid in Uid},
    **{(uid, "annotation Deployments"): "no task comes or goes" for uid in Uid},
    (Uid.OVERVIEW, "Findings"): _NO_FINDINGS,
    (Uid.OVERVIEW, "Findings over time"): _NO_FINDINGS,
    (Uid.OVERVIEW, "Worst pairs"): _NO_FAILURES,
    (Uid.OVERVIEW, "Failing looks, by what they are aimed at"): _NO_FAILURES,
    (Uid.OVERVIEW, "How looks ended that did not end well"): _NO_FAILURES,
    (Uid.OVERVIEW, "Probes beyond the budget"): "the budget covers a shop of three nodes",
    (Uid.SERVICES, "First certificate to end"): _NO_TLS,
    (Uid.SERVICES, "How looks ended that did not end well"): _NO_FAILURES,
    (Uid.SERVICES, "Labels that are ignored"): "the shop's labels can be understood",
    (Uid.NETWORKS, "Findings on these networks"): _NO_FINDINGS,
    (Uid.NETWORKS, "Entries that disagree with Swarm"): _NO_FINDINGS,
    (Uid.NETWORKS, "Drops"): "no device drops packets",
    (Uid.NETWORKS, "Errors"): "no device has errors",
    (Uid.NETWORKS, "Addresses left in a day"): "a trend needs more than minutes",
    (Uid.BALANCING, "Stale and drained backends"): "load balancers agree with Swarm",
    (Uid.DNS, "Wrong answers"): _NO_FAILURES,
    (Uid.DNS, "Findings about names"): _NO_FINDINGS,
    (Uid.DNS, "How lookups ended that did not end well"): _NO_FAILURES,
    (Uid.GATEWAY, "Targets that answer"): _NO_TARGETS,
    (Uid.GATEWAY, "First certificate to end"): _NO_TLS,
    (Uid.GATEWAY, "Why they do not"): _NO_FAILURES,
    (Uid.GATEWAY, "Findings about ports and ingress"): _NO_FINDINGS,
    (Uid.GATEWAY, "Targets, from each node"): _NO_TARGETS,
    (Uid.GATEWAY, "Targets, over time"): _NO_TARGETS,
    (Uid.GATEWAY, "How fast targets answer"): _NO_TARGETS,
    (Uid.NODES, "Found on it"): _NO_FINDINGS,
    (Uid.NODES, "Found about it by others"): _NO_FINDINGS,
    (Uid.NODES, "Failing looks"): _NO_FAILURES,
    (Uid.NODES, "Drops and errors"): "no device drops packets",
    (Uid.NODES, "Packets that IPsec dropped"): "the shop's networks are not encrypted",
    (Uid.AGENTS, "Attempts that failed"): "every attempt to read the topology worked",
}
_NO_IPVS = "the kernel has no IPVS"
#: And beside them where no virtual IP and no published port can answer.
EMPTY_WITHOUT_IPVS: Mapping[tuple[str, str], str] = {
    **{
        (Uid.BALANCING, panel): _NO_IPVS
        for panel in (
            "Tasks to balance",
            "Tasks without a backend",
            "Stale backends",
            "Drained backends",
            "Virtual IPs",
            "Time out of step",
            "Backends that differ",
            "Share of each task",
            "Connections to each task",
        )
    },
    **{
        (Uid.GATEWAY, panel): _NO_IPVS
        for panel in (
            "Slowest percent of published ports",
            "How fast they answer",
            "Tasks that the routing mesh does not know",
        )
    },
}


#: Scenario of the scorecard -> the panels that are there for such a fault.
FILLED_BY: Mapping[str, frozenset[tuple[str, str]]] = {
    "fdb-wrong-vtep": frozenset(
        {
            (Uid.OVERVIEW, "Findings"),
            (Uid.NETWORKS, "Findings on these networks"),
            (Uid.NETWORKS, "Entries that disagree with Swarm"),
            (Uid.NODES, "Found on it"),
            *((uid, "annotation Findings") for uid in Uid),
        },
    ),
    "task-closed": frozenset(
        {
            (Uid.OVERVIEW, "Worst pairs"),
            (Uid.OVERVIEW, "Failing looks, by what they are aimed at"),
            (Uid.OVERVIEW, "How looks ended that did not end well"),
            (Uid.SERVICES, "How looks ended that did not end well"),
            (Uid.NODES, "Failing looks"),
        },
    ),
    "dns-wrong": frozenset(
        {
            (Uid.DNS, "Wrong answers"),
            (Uid.DNS, "Findings about names"),
            (Uid.DNS, "How lookups ended that did not end well"),
        },
    ),
}
#: Where virtual IPs and published ports can answer at all.
FILLED_WITH_IPVS: Mapping[str, frozenset[tuple[str, str]]] = {
    "balancer-stale": frozenset({(Uid.BALANCING, "Stale and drained backends")}),
    "port-dead": frozenset(
        {
            (Uid.GATEWAY, "Why they do not"),
            (Uid.GATEWAY, "Findings about ports and ingress"),
        },
    ),
}


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
