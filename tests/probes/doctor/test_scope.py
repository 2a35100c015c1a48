"""Does what a finding names decide what it explains?"""

from dataclasses import replace

import pytest

from probes.doctor.scope import Scope, Symptom, symptom_of
from probes.findings.spec import Reach
from probes.model.probe import Target
from tests.probes.doctor.cases import failing

LOOK = symptom_of(failing("node1", "shop_api.1"))
VIP = symptom_of(failing("node1", "", target=Target.VIP, destination_node="", destination_task=""))
PLACED = {"shop_api": frozenset({"node2", "node3"})}


@pytest.mark.parametrize(
    ("scope", "look", "explained"),
    [
        (Scope(service="shop_api"), LOOK, True),
        (Scope(service="shop_web"), LOOK, True),
        (Scope(service="shop_web", towards=True), LOOK, False),
        (Scope(service="shop_db"), LOOK, False),
        (Scope(networks=frozenset({"shop_app"})), LOOK, True),
        (Scope(networks=frozenset({"shop_data"})), LOOK, False),
        (Scope(node="node1", peer="node2"), LOOK, True),
        (Scope(node="node1", peer="node3"), LOOK, False),
        (Scope(node="node1", peer="node3"), VIP, True),
        (Scope(service="shop_api", task="shop_api.2"), LOOK, False),
        (Scope(service="shop_api", endpoint="8080"), LOOK, True),
        (Scope(service="shop_api", endpoint="9090"), LOOK, False),
        (Scope(looks=frozenset({"vip"})), LOOK, False),
        (Scope(looks=frozenset({"vip"})), VIP, True),
        (Scope(reach=Reach.NODE, node="node2", rank=1), LOOK, True),
        (Scope(reach=Reach.NODE, node="node3", rank=1), LOOK, False),
        (Scope(reach=Reach.NODE, node="node3", rank=1), VIP, True),
        (Scope(reach=Reach.NODE, node="node4", rank=1), VIP, False),
        (Scope(reach=Reach.TRAFFIC, node="node1"), LOOK, True),
        (Scope(reach=Reach.TRAFFIC, node="node3"), LOOK, False),
        (Scope(reach=Reach.BALANCED, node="node1"), LOOK, False),
        (Scope(reach=Reach.BALANCED, node="node1"), VIP, True),
        (Scope(reach=Reach.BALANCED, node="node2"), VIP, False),
        (Scope(reach=Reach.NOTHING, node="node1"), LOOK, False),
    ],
)
def test_a_look_is_explained_by_what_it_goes_through(
    scope: Scope, look: Symptom, *, explained: bool
) -> None:
    """Whatever is named must be the look's, as far as that is known."""
    assert scope.covers_look(look, PLACED) is explained


FOUND = Symptom(
    said="",
    since=0.0,
    code="dns_missing",
    nodes=frozenset({"node1"}),
    network="shop_app",
    services=frozenset({"shop_api"}),
    destination="shop_api",
)


@pytest.mark.parametrize(
    ("scope", "explained"),
    [
        (Scope(node="node1", networks=frozenset({"shop_app"})), True),
        (Scope(node="node2", networks=frozenset({"shop_app"})), False),
        (Scope(service="shop_api"), True),
        # Of two that name as much, neither is nearer to the root.
        (Scope(node="node1", networks=frozenset({"shop_app"}), service="shop_api"), False),
        (Scope(reach=Reach.NODE, node="node1", rank=2), True),
        (Scope(reach=Reach.TRAFFIC, node="node1"), False),
    ],
)
def test_a_finding_follows_from_what_names_less(scope: Scope, *, explained: bool) -> None:
    """And from a whole node's trouble, if it is about that node."""
    assert scope.covers_finding(FOUND, PLACED) is explained


def test_of_two_whole_nodes_troubles_the_lower_rank_explains_the_other() -> None:
    """And never the other way round."""
    down = Scope(reach=Reach.NODE, node="node1", rank=1)
    cut_off = Scope(reach=Reach.NODE, node="node1", rank=3)

    assert down.covers_finding(replace(FOUND, rank=3), PLACED)
    assert not cut_off.covers_finding(replace(FOUND, rank=1), PLACED)
