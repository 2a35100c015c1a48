"""Is what keeps packets inside the source's task named?"""

from dataclasses import replace
from typing import Any

import pytest

from probes.explain.near import destination, out_of_the_task, source
from probes.model.path import Mark
from probes.model.reading import Neighbour
from probes.model.result import Outcome
from probes.model.topology import Task, Topology
from tests.probes.audit.readings import link
from tests.probes.explain.ways import (
    BALANCED,
    INSIDE,
    SWARM,
    attempts,
    journey,
    mac,
    near,
    nothing_from_node2,
    result,
)
from tests.swarms import API_1, API_2, APP, DB, WEB_1, on, with_service, with_task


def test_a_source_is_looked_at_first() -> None:
    """It runs; it does not, with its error; or nobody could look into it."""
    ended = replace(WEB_1, state="rejected", error="No such image")

    assert source(journey()).mark is Mark.OK
    broken = source(journey(with_task(SWARM, ended)))
    assert (broken.mark, broken.saw) == (Mark.BROKEN, "rejected, wanted running: No such image")
    unseen = source(journey(), why_not="no permission")
    assert (unseen.mark, unseen.saw) == (Mark.UNKNOWN, "no permission")


def _without(*gone: Task) -> Topology:
    tasks = tuple(task for task in SWARM.tasks if task not in gone)
    return replace(SWARM, tasks=tasks)


@pytest.mark.parametrize(
    ("topology", "asked", "hop", "why", "remedy"),
    [
        (
            SWARM,
            {"destination_service": DB.id},
            "network",
            "shop_web and shop_db share no overlay network",
            "docker service update --network-add NETWORK shop_web",
        ),
        (
            with_service(_without(API_1, API_2), replace(BALANCED, replicas=0)),
            {},
            "destination",
            "shop_api is scaled to 0, so nobody can answer.",
            "docker service scale shop_api=1",
        ),
        (
            _without(API_1, API_2),
            {},
            "destination",
            "No task of shop_api runs",
            "docker service ps --no-trunc shop_api",
        ),
        (
            with_task(SWARM, replace(API_2, state="failed")),
            {"destination_task": API_2.id},
            "destination",
            "The task that was asked for, of shop_api, does not run",
            "docker service ps --no-trunc shop_api",
        ),
    ],
)
def test_without_a_network_or_a_task_nothing_can_answer(
    topology: Topology, asked: dict[str, Any], hop: str, why: str, remedy: str
) -> None:
    """Each with what brings it about."""
    told = destination(journey(topology, **asked))

    assert (told.mark, told.name) == (Mark.BROKEN, hop)
    assert why in told.why
    assert remedy in told.remedy


@pytest.mark.parametrize(
    ("outcome", "why", "remedy"),
    [
        (Outcome.TIMEOUT, "does not answer, so no name leads anywhere", "shop_web"),
        (Outcome.REFUSED, "does not answer", "shop_web"),
        (Outcome.NXDOMAIN, "knows no address of shop_api", "shop_api"),
        (Outcome.NO_DATA, "knows no address of shop_api", "shop_api"),
        (Outcome.WRONG_ANSWER, "that are not the Swarm's", "shop_api"),
    ],
)
def test_a_name_is_wrong_unknown_or_not_told(outcome: Outcome, why: str, remedy: str) -> None:
    """Each has another remedy."""
    name = next(out_of_the_task(near(tried=attempts(name=result(outcome, detail="so")))))

    assert (name.name, name.mark, name.saw) == ("name", Mark.BROKEN, f"{outcome}: so")
    assert why in name.why
    assert name.remedy == f"docker service update --force {remedy}"


def _interface(**changes: Any) -> Any:
    """Look at the interface of a source whose packets do not come to node2."""
    tried = nothing_from_node2(tasks={API_2.id: result(Outcome.TIMEOUT)}, echoes={})
    hops = list(out_of_the_task(near(tried=tried, inside=replace(INSIDE, **changes))))
    return next(hop for hop in hops if hop.name == "interface")


STRANGE = Neighbour(
    address=on(APP, 22).address, device="eth0", mac="02:42:0a:00:01:63", state="reachable"
)


@pytest.mark.parametrize(
    ("changes", "saw"),
    [
        ({"addresses": ()}, "10.0.1.11 is on no device"),
        ({"links": (link(14, "eth0", enabled=False, up=False),)}, "eth0 is down"),
        ({"routes": ()}, "no route to 10.0.1.20 over eth0"),
        ({"routes": INSIDE.routes[1:]}, "no route to 10.0.1.20 over eth0"),
        ({"neighbours": (STRANGE,)}, "10.0.1.22 lladdr 02:42:0a:00:01:63 reachable, not"),
    ],
)
def test_what_the_task_itself_lacks_is_named(changes: dict[str, Any], saw: str) -> None:
    """Its address, its device, its route, or the right MAC."""
    hop = _interface(**changes)

    assert hop.mark is Mark.BROKEN
    assert saw in hop.saw
    assert hop.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # Without a carrier, it is the port at the other end that is down.
        {"links": (link(14, "eth0", up=False),)},
        {"neighbours": (replace(STRANGE, mac=mac(22)), replace(STRANGE, mac=None))},
    ],
)
def test_a_task_that_is_not_at_fault_is_well(changes: dict[str, Any]) -> None:
    """Whatever is wrong further on."""
    assert _interface(**changes).mark is Mark.OK


def test_a_namespace_that_could_not_be_read_is_unknown() -> None:
    """It may be well or not."""
    hops = list(out_of_the_task(replace(near(inside=None), why_not="no permission")))

    assert [(hop.name, hop.mark) for hop in hops] == [
        ("name", Mark.OK),
        ("interface", Mark.UNKNOWN),
        ("bridge port", Mark.OK),
    ]
