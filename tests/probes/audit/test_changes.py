"""Does what has just changed get time to settle, and no more than that?"""

from dataclasses import replace

from probes.audit.changes import GRACE_SECONDS, LONGEST_GRACE_SECONDS, Changes, follow
from probes.model.finding import Subject
from probes.model.topology import Topology
from tests.swarms import API_2, APP, NODE2, SHOP, WEB, WEB_1, on, with_service, with_task

WEB_HERE = Subject(network="shop_app", service="shop_web")
API_THERE = Subject(network="shop_app", service="shop_api", peer="node2")
APP_ITSELF = Subject(network="shop_app")
DATA_ITSELF = Subject(network="shop_data")
#: Long enough after the first look that everything has settled.
CALM = 1000.0


def calm() -> Changes:
    return follow(Changes(), SHOP, 0.0)


def after(changes: Changes, topology: Topology, now: float = CALM) -> Changes:
    return follow(changes, topology, now)


def test_at_first_nobody_knows_since_when_it_is_so() -> None:
    """Everything counts as just changed, for one grace."""
    changes = calm()

    assert changes.unsettled(WEB_HERE, "node1", 1.0)
    assert changes.unsettled(DATA_ITSELF, "node1", 1.0)
    assert not changes.unsettled(WEB_HERE, "node1", GRACE_SECONDS)


def test_a_service_that_changes_unsettles_itself_and_its_networks() -> None:
    """Its neighbours on the network stay as they are."""
    scaled = with_service(SHOP, replace(WEB, replicas=5))

    changes = after(calm(), scaled)

    assert changes.unsettled(WEB_HERE, "node1", CALM)
    assert changes.unsettled(APP_ITSELF, "node1", CALM)
    assert not changes.unsettled(API_THERE, "node1", CALM)
    assert not changes.unsettled(DATA_ITSELF, "node1", CALM)
    assert not changes.unsettled(WEB_HERE, "node1", CALM + GRACE_SECONDS)


def test_a_task_on_its_way_keeps_its_service_unsettled_but_not_for_ever() -> None:
    """A task that never comes up is looked at in the end."""
    starting = with_task(SHOP, replace(API_2, state="starting"))
    changes, now = calm(), CALM
    while now < CALM + LONGEST_GRACE_SECONDS:
        changes = after(changes, starting, now)
        assert changes.unsettled(API_THERE, "node1", now)
        now += 10.0

    assert not after(changes, starting, now).unsettled(API_THERE, "node1", now)


def test_a_task_that_is_stuck_keeps_nobody_waiting() -> None:
    """It came into its state a while ago, and nothing has moved since."""
    waiting = replace(API_2, state="pending", updated_at=CALM)
    fresh = replace(with_task(SHOP, waiting), read_at=CALM + 40)
    old = replace(fresh, read_at=CALM + 100)
    changes = after(calm(), fresh)

    assert after(changes, fresh, CALM + 40).unsettled(API_THERE, "node1", CALM + 45)
    assert not after(changes, old, CALM + 100).unsettled(API_THERE, "node1", CALM + 100)


def test_a_node_that_changes_unsettles_what_concerns_it() -> None:
    """Both what it sees itself and what others see of it."""
    nodes = tuple(replace(n, state="down") if n == NODE2 else n for n in SHOP.nodes)

    changes = after(calm(), replace(SHOP, nodes=nodes))

    assert changes.unsettled(API_THERE, "node1", CALM)
    assert changes.unsettled(WEB_HERE, "node2", CALM)
    assert not changes.unsettled(WEB_HERE, "node1", CALM)


def test_who_had_an_address_is_remembered_until_somebody_has_it_again() -> None:
    """By network and address, with the time at which it was missed."""
    place = (APP.id, on(APP, 11).address)
    gone = replace(SHOP, tasks=tuple(task for task in SHOP.tasks if task != WEB_1))

    changes = after(calm(), gone)

    assert changes.departed[place].name == "shop_web.1"
    assert changes.departed[place].at == CALM
    assert place not in after(changes, SHOP, CALM + 1).departed


def test_an_unchanged_topology_costs_nothing() -> None:
    """The very same object is not compared again."""
    changes = calm()

    assert follow(changes, SHOP, CALM) is changes
