"""Does everything after --from stand for the right node and place, or is it an error that helps?"""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from probes.looks.errors import ElsewhereError, UsageError
from probes.looks.names import Directory
from probes.looks.sources import (
    NEAREST,
    ON_HOST,
    is_for_agents,
    nearest,
    stand_anywhere,
    stand_here,
)
from tests.swarms import API_1, API_2, APP, DB_1, SHOP, WEB_1, local, with_task

CONTAINER = "0123456789abcdef"
IN_STACK = (("com.docker.stack.namespace", "shop"),)
SWARM = replace(
    with_task(SHOP, replace(API_2, container_id=CONTAINER)),
    services=tuple(replace(item, labels=IN_STACK) for item in SHOP.services),
)
DIRECTORY = Directory(SWARM)
HERE = (local(WEB_1), local(API_1))


@pytest.mark.parametrize("text", ["all", "all:web", "node2:web"])
def test_some_forms_are_for_agents(text: str) -> None:
    """Without that anything has to be known."""
    assert is_for_agents(text)
    assert not is_for_agents("web")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("web", HERE[0]),
        ("shop_api.1", HERE[1]),
        ("shop_app", APP),
        (HERE[0].container_name, HERE[0]),
    ],
)
def test_a_name_stands_for_a_task_or_an_overlay_here(name: str, source: object) -> None:
    """A service's first task of this node, one task, a container, or an overlay."""
    assert stand_here(name, DIRECTORY, HERE) == source


@pytest.mark.parametrize("name", ["db", "api.2", "node2", CONTAINER[:12]])
def test_what_is_elsewhere_is_told_apart(name: str) -> None:
    """Somebody else can look from there."""
    with pytest.raises(ElsewhereError):
        stand_here(name, DIRECTORY, HERE)


@pytest.mark.parametrize(
    ("name", "near"), [("wbe", "web"), ("nod2", "node2"), ("shop_ap", "shop_ap")]
)
def test_a_name_that_nothing_has_is_an_error(name: str, near: str) -> None:
    """With what may have been meant, be it a node."""
    with pytest.raises(UsageError, match=f"{name}.*did you mean {near}") as caught:
        stand_here(name, DIRECTORY, HERE)

    assert not isinstance(caught.value, ElsewhereError)


@pytest.mark.parametrize(
    ("text", "nodes", "source"),
    [
        ("all", ["node1", "node2", "node3"], NEAREST),
        ("all:host", ["node1", "node2", "node3"], ON_HOST),
        ("all:api", ["node1", "node2"], "api"),
        ("all:shop_app", ["node1", "node2", "node3"], "shop_app"),
        ("node3", ["node3"], ON_HOST),
        ("node2:api", ["node2"], "api"),
        ("node2:host", ["node2"], ON_HOST),
        ("api", ["node2"], "api"),
        ("db", ["node3"], "db"),
        ("api.1", ["node1"], "api.1"),
        (CONTAINER, ["node2"], CONTAINER),
        ("shop_app", ["node2"], "shop_app"),
    ],
)
def test_where_to_stand_is_read_as_nodes_and_a_place_on_each(
    text: str, nodes: list[str], source: str
) -> None:
    """Asked on node2, which is preferred where it is one of several."""
    stand = stand_anywhere(text, DIRECTORY, "node2")

    assert ([node.name for node in stand.nodes], stand.source) == (nodes, source)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("node9:api", "there is no node 'node9': there are node1, node2, node3"),
        ("node1:", "names no place"),
        ("apo", "network 'apo'; did you mean api?"),
        ("all:apo", "network 'apo'; did you mean api?"),
        ("api.3", "network 'api.3'; did you mean api"),
    ],
)
def test_a_place_that_is_nowhere_is_an_error(text: str, message: str) -> None:
    """By its name, with what there is."""
    with pytest.raises(UsageError, match=message):
        stand_anywhere(text, DIRECTORY, "node2")


def test_a_service_without_running_tasks_is_no_place() -> None:
    """Nobody looks from a task that ended."""
    directory = Directory(with_task(SWARM, replace(DB_1, state="failed")))

    with pytest.raises(UsageError, match="no task of db runs anywhere"):
        stand_anywhere("db", directory, "node1")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("api", HERE[0]),
        ("tasks.api", HERE[0]),
        ("api.2", HERE[0]),
        ("web", HERE[1]),
        ("db", HERE[1]),
        ("10.0.2.31", HERE[1]),
        ("192.0.2.1", None),
        ("example.org", None),
    ],
)
def test_the_nearest_place_shares_a_network_with_the_target(target: str, expected: object) -> None:
    """Another service's task where there is one; the host for what is on no overlay."""
    assert nearest(target, DIRECTORY, HERE) == expected


def test_nothing_is_near_where_no_task_is_on_the_targets_network() -> None:
    """Then nothing can be said from there."""
    with pytest.raises(UsageError, match="no task here is on shop_data, as db is"):
        nearest("db", DIRECTORY, HERE[:1])


def test_from_an_overlay_a_service_is_one_of_its_tasks() -> None:
    """What balances cannot be balanced itself."""
    place = DIRECTORY.place("api", APP)

    assert (place.address, place.task) == (IPv4Address("10.0.1.21"), "shop_api.1")
