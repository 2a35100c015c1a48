"""Is what the policy forbids tried, and not asked for as if it should work?"""

from collections.abc import Iterable

from probes.model.intent import ForbiddenFlow, Intent
from probes.model.probe import Kind, PolicyLook, Probe
from probes.plan.budget import Budget
from probes.plan.candidates import Pace
from probes.plan.plan import PlanSettings, plan
from tests.swarms import API, API_1, DB, SHOP, WEB, WEB_1, local

SETTINGS = PlanSettings(
    pace=Pace(interval_seconds=10, timeout_seconds=2, slow_seconds=0.5),
    budget=Budget(probes_per_second=1000, series=100_000),
    agent_service="swarmscope_agent",
    agent_port=9877,
)


def _planned(*flows: ForbiddenFlow) -> tuple[Probe, ...]:
    """Plan for node1, where a task of web and one of api stand."""
    here = (local(WEB_1), local(API_1))
    return plan(SHOP, Intent(forbidden=flows), "n1", here, SETTINGS).probes


def _ways(probes: Iterable[Probe], *kinds: Kind) -> set[tuple[str, str, str]]:
    return {
        (item.id.source_service, item.id.destination_task, item.id.endpoint)
        for item in probes
        if item.id.probe in kinds
    }


def _flow(source: str, destination: str, *ports: int, excepted: int = 0) -> ForbiddenFlow:
    return ForbiddenFlow(
        source_id=source,
        destination_id=destination,
        ports=frozenset(ports),
        excepted=frozenset({excepted} - {0}),
        rule="policy.never: a to b",
    )


def test_a_forbidden_service_is_tried_on_the_ports_that_it_has() -> None:
    """From the source's own namespace, though the two share no network; silence is waited for."""
    probes = _planned(_flow(WEB.id, DB.id))

    assert _ways(probes, Kind.POLICY) == {("shop_web", "shop_db.1", "5432")}
    (probe,) = (item for item in probes if item.id.probe is Kind.POLICY)
    assert probe.vantage.netns == local(WEB_1).netns
    assert isinstance(probe.look, PolicyLook)
    assert probe.look.patience_seconds < probe.timeout_seconds
    assert probe.id.network == "shop_data"


def test_a_forbidden_port_is_tried_though_nobody_is_known_to_listen() -> None:
    """The policy names it."""
    probes = _planned(_flow(WEB.id, DB.id, 22))

    assert _ways(probes, Kind.POLICY) == {("shop_web", "shop_db.1", "22")}


def test_what_is_forbidden_is_not_expected_to_work() -> None:
    """Neither connections nor echoes; what the policy excepts still is."""
    kinds = (Kind.TCP, Kind.HTTP, Kind.ICMP)
    before = _ways(_planned(), *kinds)
    assert ("shop_api", "shop_db.1", "5432") in before
    assert ("shop_api", "shop_db.1", "") in before

    after = _ways(_planned(_flow(API.id, DB.id)), *kinds)
    assert before - after == {("shop_api", "shop_db.1", "5432"), ("shop_api", "shop_db.1", "")}

    excepted = _planned(_flow(API.id, DB.id, excepted=5432))
    assert ("shop_api", "shop_db.1", "5432") in _ways(excepted, *kinds)
    assert _ways(excepted, Kind.POLICY) == set()
