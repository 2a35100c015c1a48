"""Is what happens between the bridge and the other node told, and told of the right part?"""

from dataclasses import replace

import pytest

from probes.explain import across
from probes.findings import balancer, fdb, host, overlay
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, Subject
from probes.model.path import Mark
from probes.model.reading import CouldNotLook
from probes.model.result import Outcome
from tests.probes.audit.readings import overlay_reading
from tests.probes.explain.ways import (
    SWARM,
    at,
    attempts,
    near,
    neighbour,
    nothing_from_node2,
    result,
    row,
)
from tests.swarms import API_1, API_2, APP, NODE2, on

UNTRIED = attempts(vip=())
ROW = Evidence(what="row", expected="this", actual="that")


def test_a_load_balancer_is_told_with_its_backends() -> None:
    """And with how many connections came about."""
    tried = attempts(vip=(result(), result(Outcome.TIMEOUT)))
    hop = across.balancer(near(tried=tried), APP)

    assert (hop.mark, hop.place) == (Mark.OK, "lb shop_app on node1")
    assert hop.saw == "10.0.1.20 to 10.0.1.21, 10.0.1.22; 1 of 2 connections"


@pytest.mark.parametrize(
    ("spec", "subject", "mark"),
    [
        (balancer.MARK_MISSING, Subject(network="shop_app", service="shop_api"), Mark.BROKEN),
        (balancer.MARK_MISSING, Subject(network="shop_app", service="shop_web"), Mark.OK),
        (balancer.MARK_MISSING, Subject(network="shop_data", service="shop_api"), Mark.OK),
        (balancer.SNAT_MISSING, Subject(network="shop_app"), Mark.BROKEN),
        (balancer.VIP_STALE, Subject(network="shop_app", item="10.0.1.77"), Mark.OK),
        (host.NO_IPVS, Subject(item="ip_vs"), Mark.BROKEN),
        (host.FORWARDING_OFF, Subject(item="net.ipv4.ip_forward"), Mark.OK),
    ],
)
def test_only_what_concerns_the_vip_breaks_it(
    spec: FindingSpec, subject: Subject, mark: Mark
) -> None:
    """Other services' parts of the same load balancer, and other networks', do not."""
    values = {"netns": "lb_app000000", "mark": "256", "balancer": "10.0.1.9"}

    assert (
        across.balancer(near(spec.found(subject, ROW, **values), tried=UNTRIED), APP).mark is mark
    )


@pytest.mark.parametrize(
    ("what", "mark"),
    [
        ("sysctl in /run/docker/netns/lb_app000000", Mark.BROKEN),
        ("sysctl in /run/docker/netns/lb_data00000", Mark.OK),
    ],
)
def test_forwarding_off_concerns_the_networks_own_load_balancer(what: str, mark: Mark) -> None:
    """One finding of the node lists them all."""
    found = host.BALANCER_FORWARDING_OFF.found(
        Subject(item="net.ipv4.ip_forward"), replace(ROW, what=what)
    )

    assert across.balancer(near(found, tried=UNTRIED), APP).mark is mark


LOST = fdb.MISSING.found(
    Subject(
        network="shop_app",
        service="shop_api",
        task="shop_api.2",
        peer="node2",
        item=str(on(APP, 22).address),
    ),
    ROW,
)
DOWN = overlay.VXLAN_DOWN.found(
    Subject(network="shop_app", item="vxlan0"), ROW, netns="/netns/1-app", bridge="br0"
)


def test_rows_and_devices_concern_the_task_that_is_followed() -> None:
    """One on this node needs no VXLAN device."""
    here = near(LOST, DOWN, tried=nothing_from_node2())

    remote = {hop.name: hop.mark for hop in across.over_the_overlay(here, APP, API_2)}
    local = {hop.name: hop.mark for hop in across.over_the_overlay(here, APP, API_1)}

    assert remote == {"overlay": Mark.BROKEN, "forwarding entry": Mark.BROKEN}
    assert local == {"forwarding entry": Mark.OK}


@pytest.mark.parametrize(("peer", "mark"), [("node2", Mark.BROKEN), ("node3", Mark.OK)])
def test_rows_that_lack_for_a_whole_node_lack_for_its_task(peer: str, mark: Mark) -> None:
    """One finding stands for all of them."""
    found = fdb.PEER_MISSING.found(Subject(network="shop_app", peer=peer, item="198.18.0.12"), ROW)
    here = near(found, tried=nothing_from_node2())

    hops = {hop.name: hop.mark for hop in across.over_the_overlay(here, APP, API_2)}

    assert hops["forwarding entry"] is mark


def test_of_a_node_that_is_gone_the_rows_are_too() -> None:
    """That is no cause, but what came of it."""
    lost = {NODE2.id: result(Outcome.TIMEOUT)}
    tried = nothing_from_node2(agents=lost, nodes=lost)
    here = near(LOST, tried=tried)

    (row,) = (h for h in across.over_the_overlay(here, APP, API_2) if h.name == "forwarding entry")
    underlay = across.to_the_node(here, API_2)

    assert row.mark is Mark.DOUBTFUL
    assert (underlay.mark, underlay.place) == (Mark.BROKEN, "node1 to node2")
    assert underlay.why == "node2 cannot be reached from node1, not even beside the overlay."
    assert underlay.remedy == "ping -c 3 198.18.0.12  # on node1"


def test_a_row_is_told_as_it_is() -> None:
    """With the node that it leads to."""
    address = on(APP, 22).address
    reading = replace(overlay_reading(APP), fdb=(row(22, NODE2.address),))
    chosen = replace(reading, neighbours=(replace(neighbour(22), mac="02:00:00:00:00:01"),))

    assert across.row_of(at("n1", reading), APP, address) == "behind 198.18.0.12"
    assert across.row_of(at("n1", chosen), APP, address) == "behind no entry"
    assert "no overlay here" in across.row_of(at("n1"), APP, address)


@pytest.mark.parametrize(
    ("agent", "node", "mark"),
    [
        (Outcome.OK, Outcome.OK, Mark.OK),
        (Outcome.REFUSED, Outcome.OK, Mark.OK),
        (Outcome.OK, Outcome.TIMEOUT, Mark.OK),
        (Outcome.TIMEOUT, Outcome.OK, Mark.OK),
        (Outcome.UNREACHABLE, Outcome.UNREACHABLE, Mark.BROKEN),
    ],
)
def test_a_node_is_there_when_anything_of_it_answers(
    agent: Outcome, node: Outcome, mark: Mark
) -> None:
    """Without an agent, or told to answer no echoes."""
    tried = nothing_from_node2(agents={NODE2.id: result(agent)}, nodes={NODE2.id: result(node)})

    assert across.to_the_node(near(tried=tried), API_2).mark is mark


def test_a_node_that_the_swarm_calls_down_is_down() -> None:
    """Whatever could be tried of it."""
    nodes = tuple(replace(node, state="down") if node == NODE2 else node for node in SWARM.nodes)
    situated = at("n1", topology=replace(SWARM, nodes=nodes))

    hop = across.to_the_node(near(tried=nothing_from_node2(), situated=situated), API_2)

    assert (hop.mark, hop.why) == (Mark.BROKEN, "The node node2 is down.")


def test_what_does_not_leave_is_dropped_here() -> None:
    """Unless it arrives all the same, or nobody could look."""
    lost = near(tried=nothing_from_node2())

    assert across.departure(lost, APP, API_2, 3).mark is Mark.OK
    assert across.departure(near(), APP, API_2, 0).mark is Mark.OK
    unseen = across.departure(lost, APP, API_2, CouldNotLook(where="host", why="no right"))
    assert (unseen.mark, unseen.saw) == (Mark.UNKNOWN, "no right")
    dropped = across.departure(lost, APP, API_2, 0)
    assert (dropped.mark, dropped.place) == (Mark.BROKEN, "host on node1")
    assert "What shop_web.1 sends to shop_api.2 is dropped on node1 on its way out" in dropped.why
