"""Do the halves of a way make one, that ends where it is broken?"""

from dataclasses import replace
from typing import Any

import pytest

from probes.explain.attempts import Attempts
from probes.explain.walk import (
    Beyond,
    address_of,
    backend_to_follow,
    balancer_address,
    sender_to,
    standstill,
    unasked,
    walk,
)
from probes.findings import overlay
from probes.model.finding import Evidence, Subject
from probes.model.path import Hop, Mark
from probes.model.reading import DeviceAddress
from probes.model.result import Outcome
from probes.model.vantage import VantageKind
from probes.plan.lookup import Lookup
from tests.probes.audit.readings import end_reading, overlay_reading
from tests.probes.explain.ways import (
    BALANCER,
    SWARM,
    VIP,
    at,
    attempts,
    journey,
    near,
    nothing_from_node2,
    result,
)
from tests.swarms import API_1, API_2, APP, DB, WEB_1, on, with_task

LOST = result(Outcome.TIMEOUT, detail="no answer")
ARRIVED = Hop(name="arrival", place="host on node2", mark=Mark.OK, saw="VXLAN arrives")
BALANCING = end_reading(VantageKind.LOAD_BALANCER, "/netns/lb_app", APP.id, 15, on(APP, 9))
WITH_VIP = replace(
    BALANCING,
    addresses=(
        DeviceAddress(address=VIP, prefix_length=32, device_index=16),
        *BALANCING.addresses,
    ),
)


def test_all_that_is_well_is_told_to_the_answer() -> None:
    """And the way works."""
    found = walk(near(), Beyond(backend=API_2, left=1, hops=(ARRIVED,)))

    assert (found.works, found.cause, found.remedy) == (True, "", "")
    assert (found.source, found.destination) == ("shop_web.1 on node1", "shop_api:80")
    assert [hop.name for hop in found.hops] == [
        "source",
        "network",
        "name",
        "interface",
        "bridge port",
        "load balancer",
        "overlay",
        "forwarding entry",
        "underlay",
        "departure",
        "arrival",
        "answer",
    ]


def test_nothing_follows_the_first_broken_hop() -> None:
    """What comes behind it was not reached."""
    broken = replace(ARRIVED, mark=Mark.BROKEN, why="It does not arrive.", remedy="tcpdump")
    hops = (broken, replace(ARRIVED, name="overlay"))
    found = walk(near(tried=nothing_from_node2()), Beyond(backend=API_2, hops=hops))

    assert found.hops[-1] == found.broken == broken
    assert (found.works, found.cause, found.remedy) == (False, "It does not arrive.", "tcpdump")


@pytest.mark.parametrize(
    ("tried", "place", "why"),
    [
        (
            nothing_from_node2(),
            "shop_api.2 on node2",
            "shop_api.2 does not answer, although every hop",
        ),
        (
            attempts(passed_on={API_2.id: LOST}, vip=(LOST,)),
            "lb shop_app on node1",
            "shop_api.2 answers shop_web.1 itself, and not the load balancer of node1",
        ),
        (
            attempts(vip=(result(), LOST)),
            "lb shop_app on node1",
            "The tasks of shop_api answer, and 1 of 2 connections to their VIP 10.0.1.20 do not",
        ),
    ],
)
def test_an_answer_that_does_not_come_is_told_with_what_did(
    tried: Attempts, place: str, why: str
) -> None:
    """Where no hop on the way says more."""
    found = walk(near(tried=tried), Beyond(backend=API_2, hops=(ARRIVED,)))

    assert found.broken is not None
    assert (found.broken.name, found.broken.place) == ("answer", place)
    assert why in found.cause
    assert found.remedy


MTU = overlay.MTU_UNEVEN.found(
    Subject(network="shop_app", item="vxlan0"),
    Evidence(what="mtu", expected="1450", actual="1400"),
    netns="/netns/1-app",
    mtu="1450",
)


def test_what_was_only_odd_explains_an_answer_that_does_not_come() -> None:
    """Nothing else on the way does."""
    odd = walk(near(MTU), Beyond(backend=API_2))
    broken = walk(near(MTU, tried=nothing_from_node2()), Beyond(backend=API_2, hops=(ARRIVED,)))

    assert odd.works
    assert odd.cause.startswith("It works, but: On node1 (network shop_app, vxlan0): Tasks here")
    assert broken.broken is not None
    assert broken.broken == broken.hops[-1]
    assert broken.broken.code == "overlay_mtu_uneven"


def test_the_remedy_is_that_of_the_broken_hop() -> None:
    """Not that of one before it which is odd, and has a command of its own."""
    broken = replace(ARRIVED, mark=Mark.BROKEN, why="It does not arrive.", remedy="tcpdump")
    found = walk(near(MTU, tried=nothing_from_node2()), Beyond(backend=API_2, hops=(broken,)))

    assert [hop.mark for hop in found.hops].count(Mark.DOUBTFUL) == 1
    assert (found.cause, found.remedy) == ("It does not arrive.", "tcpdump")


def test_what_was_not_seen_is_said() -> None:
    """Then nobody knows where it stops."""
    unseen = replace(ARRIVED, name="other half", mark=Mark.UNKNOWN, saw="its agent: no answer")
    found = walk(near(tried=nothing_from_node2()), Beyond(backend=API_2, hops=(unseen,)))

    assert (found.works, found.broken) == (False, None)
    assert found.cause == (
        "Where it stops cannot be said, since this could not be looked at: other half."
    )


@pytest.mark.parametrize(
    ("tried", "task"),
    [
        (attempts(), API_2),
        (attempts(tasks={API_1.id: LOST, API_2.id: result()}), API_1),
        (nothing_from_node2(), API_2),
        (attempts(passed_on={API_1.id: LOST}), API_1),
        # Whoever does not answer at all comes before one that the load balancer misses.
        (attempts(passed_on={API_1.id: LOST}, echoes={API_2.id: LOST}), API_2),
    ],
)
def test_the_way_to_a_task_that_does_not_answer_is_followed(tried: Attempts, task: Any) -> None:
    """Else one to another node, which shows more."""
    assert backend_to_follow(near(tried=tried)) == task


def test_nobody_is_followed_where_nobody_runs() -> None:
    """Nor where there is no network."""
    assert backend_to_follow(near(over=journey(replace(SWARM, tasks=(WEB_1,))))) is None
    assert address_of(near(over=journey(destination_service=DB.id)), API_2) is None


def test_the_load_balancer_sends_where_it_alone_gets_no_answer() -> None:
    """Its address is the one on its device that is no VIP."""
    situated = at("n1", overlay_reading(APP), WITH_VIP)
    missed = attempts(passed_on={API_2.id: LOST})

    assert balancer_address(near(situated=situated)) == BALANCER
    assert sender_to(near(situated=situated, tried=missed), API_2) == BALANCER
    assert sender_to(near(situated=situated), API_2) == on(APP, 11).address
    assert sender_to(near(situated=situated, tried=nothing_from_node2()), API_2) == (
        on(APP, 11).address
    )
    assert sender_to(near(tried=missed), API_2) == on(APP, 11).address


def test_who_cannot_set_out_is_told_at_once() -> None:
    """Nothing is tried then."""
    lookup = Lookup(SWARM)
    ended = replace(WEB_1, state="failed")

    assert standstill(journey(), lookup) is None
    stuck = standstill(journey(with_task(SWARM, ended)), lookup)
    assert stuck is not None
    assert stuck.cause == "shop_web.1 does not run, so nothing can leave it."
    apart = standstill(journey(destination_service=DB.id), lookup)
    assert apart is not None
    assert [hop.name for hop in apart.hops] == ["source", "network"]


def test_a_source_whose_agent_is_silent_is_unseen() -> None:
    """Unless its node is down, by the Swarm: then nobody needs to ask it."""
    lookup, why = Lookup(SWARM), "agent on 198.18.0.11: refused"
    whole = journey()
    assert whole.source_node is not None
    down = replace(whole, source_node=replace(whole.source_node, state="down"))

    unseen, broken = unasked(whole, lookup, why), unasked(down, lookup, why)

    assert (unseen.works, unseen.broken, unseen.hops[0].saw) == (False, None, why)
    assert broken.cause == "The node node1, where shop_web.1 was last, is down."
    assert broken.remedy == "docker node ps node1"
