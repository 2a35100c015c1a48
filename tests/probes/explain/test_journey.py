"""Is a way found for what was asked, over the right network?"""

from dataclasses import replace
from typing import Any

import pytest

from probes.explain.journey import NoSuchJourneyError
from tests.probes.explain.ways import BALANCED, SWARM, VIP, journey
from tests.swarms import (
    API_1,
    API_2,
    APP,
    DATA,
    DB,
    DB_1,
    WEB_1,
    on,
    service,
    with_service,
    with_task,
)


def test_a_way_leads_to_the_vip_of_the_shared_network() -> None:
    """With the tasks behind it in the order of their names."""
    found = journey()

    assert (found.network, found.vip, found.address) == (APP, VIP, on(APP, 11).address)
    assert [task.id for task in found.backends] == [API_1.id, API_2.id]
    assert found.place == "shop_web.1 on node1"


def test_a_way_to_a_task_has_no_vip() -> None:
    """That task alone is behind it, and only while it runs."""
    to_task = journey(destination_task=API_2.id)
    ended = journey(with_task(SWARM, replace(API_2, state="failed")), destination_task=API_2.id)

    assert (to_task.vip, to_task.backends) == (None, (API_2,))
    assert ended.backends == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source_task": "t-nobody"}, "no task 't-nobody'"),
        ({"source_task": ""}, "no task ''"),
        ({"destination_service": "../secrets"}, "no service '../secrets'"),
        ({"destination_task": "t-nobody"}, "no task 't-nobody' of shop_api"),
        ({"destination_task": DB_1.id}, "of shop_api"),
    ],
)
def test_what_the_swarm_does_not_know_is_named(changes: dict[str, Any], message: str) -> None:
    """Rather than explained."""
    with pytest.raises(NoSuchJourneyError, match=message):
        journey(**changes)


def test_the_network_of_the_resolved_address_is_taken() -> None:
    """Docker answers from any of the networks that both are on."""
    both = replace(service("shop_web", APP, DATA, vip=10), id=WEB_1.service_id)
    vips = (on(APP, 20), on(DATA, 20))
    topology = with_service(
        with_service(SWARM, both), replace(BALANCED, endpoint_mode="vip", vips=vips)
    )
    found = journey(topology)

    assert [network.name for network in found.shared] == ["shop_app", "shop_data"]
    assert found.network == APP
    assert found.over([on(DATA, 20).address]).network == DATA
    assert found.over([on(DATA, 21).address, on(DATA, 22).address]).network == DATA
    assert found.over([]).network == APP
    assert found.over([on(APP, 99).address]).network == APP


def test_services_that_share_no_network_have_none() -> None:
    """And so nothing that depends on it."""
    found = journey(destination_service=DB.id)

    assert (found.network, found.vip, found.address) == (None, None, None)


def test_a_source_without_a_node_is_still_named() -> None:
    """A pending task has none yet."""
    pending = replace(WEB_1, node_id="", state="pending")

    assert journey(with_task(SWARM, pending)).place == "shop_web.1 on no node yet"
