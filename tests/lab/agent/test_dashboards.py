"""Does every query of every panel work against the Prometheus that scrapes the lab?"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import pytest

from dashboards import build
from dashboards.filled import Asked, of_dashboard
from dashboards.preview.prometheus import Prometheus
from dashboards.uids import Uid
from tests.lab.agent.observe import SEEN_WITHIN_SECONDS
from tests.lab.audit.forwarding import STRANGER, find_place
from tests.lab.audit.looking import LabAuditor
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.ports import port_closed
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


#: What shows that a task refuses connections, and that a forwarding entry leads astray.
FILLED_BY_FAULTS = frozenset(
    {
        (Uid.OVERVIEW, "Findings"),
        (Uid.OVERVIEW, "Worst pairs"),
        (Uid.OVERVIEW, "Failing looks, by what they are aimed at"),
        (Uid.OVERVIEW, "How looks ended that did not end well"),
        (Uid.SERVICES, "How looks ended that did not end well"),
        (Uid.NETWORKS, "Findings on these networks"),
        (Uid.NETWORKS, "Entries that disagree with Swarm"),
        (Uid.NODES, "Found on it"),
        (Uid.NODES, "Failing looks"),
        *((uid, "annotation Findings") for uid in Uid),
    },
)


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


def test_a_fault_fills_the_panels_that_are_there_for_it(swarmscope: Lab) -> None:
    """What is empty on a healthy network is not so by mistake."""
    asked = [one for one in _asked() if (one.dashboard, one.panel) in FILLED_BY_FAULTS]
    place = find_place(LabAuditor(swarmscope))
    place.misdirect(STRANGER)
    try:
        with port_closed(swarmscope, "shop_cache.1", 6379):
            wait_until(
                lambda: _all_have_data(swarmscope, asked),
                SEEN_WITHIN_SECONDS * 2,
                "the panels show the faults",
                pause=1,
            )
    finally:
        place.put_back()
