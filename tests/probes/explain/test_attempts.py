"""Is what came of the attempts read right, and is nothing tried that makes no sense?"""

import asyncio
from typing import Any

import pytest

from probes.explain.attempts import attempt, keep_echoing, resolve
from probes.model.result import Outcome
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.plan.lookup import Lookup
from tests.probes.explain.ways import SWARM, VIP, attempts, journey, nothing_from_node2, result
from tests.swarms import API_1, API_2, DB, NODE2

GONE = Vantage(kind=VantageKind.TASK, name="shop_web.1", netns="/nonexistent/web")


def test_all_answers_mean_that_it_works() -> None:
    """Name, VIP and every task."""
    assert attempts().works
    assert attempts(name=None, vip=()).works
    assert attempts().vip_works


@pytest.mark.parametrize(
    "changes",
    [
        {"name": result(Outcome.NXDOMAIN)},
        {"vip": (result(), result(Outcome.TIMEOUT))},
        {"tasks": {API_1.id: result(Outcome.REFUSED)}},
        {"tasks": {}},
        {"tasks": {API_1.id: result(Outcome.VANISHED)}},
    ],
)
def test_one_attempt_without_an_answer_is_enough(changes: dict[str, Any]) -> None:
    """Whatever else answers."""
    assert not attempts(**changes).works


def test_without_a_port_the_vip_is_not_tried() -> None:
    """Which is neither a yes nor a no."""
    assert attempts(vip=()).vip_works is None


@pytest.mark.parametrize(
    ("outcome", "arrived"),
    [(Outcome.OK, True), (Outcome.REFUSED, True), (Outcome.RESET, True), (Outcome.TIMEOUT, False)],
)
def test_a_refusal_comes_from_the_other_end(
    outcome: Outcome,
    arrived: bool,  # noqa: FBT001 -- a row of the table
) -> None:
    """So packets pass both ways, and the node can be reached."""
    tried = attempts(
        tasks={API_2.id: result(outcome)},
        echoes={},
        agents={NODE2.id: result(outcome)},
        nodes={},
    )

    assert tried.reaches(API_2.id) is arrived
    assert tried.misses_node(NODE2.id) is not arrived


def test_nobody_is_missed_who_was_not_tried() -> None:
    """A node whose address is unknown may well be there."""
    assert not attempts(agents={}, nodes={}).misses_node(NODE2.id)
    assert nothing_from_node2().reaches(API_1.id)
    assert not nothing_from_node2().reaches(API_2.id)


async def test_a_namespace_that_is_gone_is_no_fault_of_the_network() -> None:
    """Every attempt from there could not be made; those from the node were."""
    made = await attempt(journey(), GONE, GONE, GONE, lookup=Lookup(SWARM), agent_port=9, name=None)

    assert len(made.vip) == 4
    assert set(made.tasks) == set(made.echoes) == set(made.passed_on) == {API_1.id, API_2.id}
    assert set(made.agents) == set(made.nodes) == {NODE2.id}
    outcomes = {each.outcome for each in (*made.vip, *made.tasks.values(), *made.nodes.values())}
    assert outcomes == {Outcome.VANISHED}


async def test_without_a_network_nothing_is_tried() -> None:
    """There is no address that could be."""
    made = await attempt(
        journey(destination_service=DB.id),
        GONE,
        None,
        HOST,
        lookup=Lookup(SWARM),
        agent_port=9,
        name=None,
    )

    assert (made.vip, made.tasks) == ((), {})


async def test_a_task_is_not_asked_for_by_name() -> None:
    """Its address is known, and the service's name leads elsewhere."""
    lookup = Lookup(SWARM)

    assert await resolve(journey(destination_task=API_2.id), GONE, lookup) is None
    assert await resolve(journey(destination_service=DB.id), GONE, lookup) is None
    asked = await resolve(journey(), GONE, lookup)
    assert asked is not None
    assert asked.outcome is Outcome.VANISHED


async def test_echoing_ends_when_it_is_told_to() -> None:
    """And not before, though nobody answers."""
    echoing = asyncio.create_task(keep_echoing(journey(), VIP, GONE))
    await asyncio.sleep(0.05)
    assert not echoing.done()

    echoing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await echoing
