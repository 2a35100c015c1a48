from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from probes.looks.errors import UsageError
from probes.looks.names import Directory, Place, find_container
from probes.model.probe import ExpectedAnswer, Target
from probes.model.topology import Service, Topology
from tests.swarms import (
    API,
    API_1,
    API_2,
    APP,
    DB,
    DB_1,
    NODE2,
    SHOP,
    WEB,
    WEB_1,
    local,
    service,
    task,
    with_task,
)

LOCAL = (local(WEB_1), local(API_1))
FROM_WEB, FROM_API = LOCAL


def _in_stack(of: Service, stack: str) -> Service:
    return replace(of, labels=(("com.docker.stack.namespace", stack),))


def _shop(*more: Service) -> Topology:
    services = tuple(_in_stack(item, "shop") for item in SHOP.services)
    return replace(SHOP, services=(*services, *more))


DIRECTORY = Directory(_shop())
#: Another stack's, on the other network.
OTHER_API = _in_stack(service("blog_api", replace(APP, id="blog"), vip=30), "blog")


@pytest.mark.parametrize(
    ("name", "address", "task_name"),
    [
        ("shop_api", "10.0.1.20", ""),
        ("api", "10.0.1.20", ""),
        ("api.2", "10.0.1.22", "shop_api.2"),
        ("shop_api.1", "10.0.1.21", "shop_api.1"),
        ("tasks.api", "10.0.1.21", "shop_api.1"),
    ],
)
def test_a_name_stands_for_an_address(name: str, address: str, task_name: str) -> None:
    """A service for its VIP, a task for its own address, several tasks for the first."""
    place = DIRECTORY.place(name, FROM_WEB)

    assert place.address == IPv4Address(address)
    assert (place.service, place.task, place.network) == ("shop_api", task_name, "shop_app")


def test_a_service_without_a_vip_stands_for_its_first_task() -> None:
    """As its name does, for most programs."""
    place = DIRECTORY.place("db", FROM_API)

    assert place == Place(
        address=IPv4Address("10.0.2.31"),
        target=Target.TASK,
        network="shop_data",
        service="shop_db",
        task="shop_db.1",
        node="node3",
    )


def test_the_first_task_is_one_that_runs() -> None:
    """A task on its way up or down is second choice."""
    coming = task(DB, 0, NODE2, 30, state="starting")
    directory = Directory(with_task(_shop(), coming))

    assert directory.place("db", FROM_API).task == "shop_db.1"


def test_the_host_and_strangers_have_no_way_to_an_overlay() -> None:
    """It says who is where, rather than time out."""
    with pytest.raises(UsageError, match="api is on shop_app, shop_data, and the host is not"):
        DIRECTORY.place("api", None)
    with pytest.raises(UsageError, match=r"db is on shop_data, and the container .* is not"):
        DIRECTORY.place("db", FROM_WEB)


def test_a_service_without_tasks_has_no_address() -> None:
    """When it has no VIP either."""
    directory = Directory(replace(_shop(), tasks=(API_1,)))

    with pytest.raises(UsageError, match="no task of db has an address on shop_data"):
        directory.place("db", FROM_API)


def test_a_short_name_is_the_neighbours() -> None:
    """Docker's resolver answers from the networks that it shares with whoever asks."""
    directory = Directory(_shop(OTHER_API))

    assert directory.place("api", FROM_WEB).service == "shop_api"
    with pytest.raises(UsageError, match="'api' may be any of blog_api, shop_api: write the full"):
        directory.place("api", None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("api", (ExpectedAnswer(required=frozenset({IPv4Address("10.0.1.20")})),)),
        (
            "tasks.shop_api",
            (
                ExpectedAnswer(
                    required=frozenset({IPv4Address("10.0.1.21"), IPv4Address("10.0.1.22")}),
                ),
            ),
        ),
        ("db", ()),
        ("example.org", ()),
    ],
)
def test_the_swarm_says_what_a_name_resolves_to(
    name: str,
    expected: tuple[ExpectedAnswer, ...],
) -> None:
    """Where it knows: of services on a network of the asker's."""
    assert DIRECTORY.expected(name, FROM_WEB) == expected


def test_one_looks_from_a_local_task() -> None:
    """A service's first on this node, or the very one."""
    assert DIRECTORY.source("web", LOCAL) == FROM_WEB
    assert DIRECTORY.source("shop_api", LOCAL) == FROM_API
    assert DIRECTORY.source("api.1", LOCAL) == FROM_API


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("api.2", "no task of api.2 runs on this node, but on node2"),
        ("db", "no task of db runs on this node, but on node3"),
        ("wbe", "there is no service, task or container 'wbe'; did you mean web?"),
        ("1234567890", "there is no service, task or container '1234567890'"),
    ],
)
def test_a_place_that_is_not_here_is_told(name: str, message: str) -> None:
    """With the node that it is on, or what may have been meant."""
    with pytest.raises(UsageError) as caught:
        DIRECTORY.source(name, LOCAL)

    assert str(caught.value) == message


def test_a_service_that_runs_nowhere_is_told() -> None:
    """Nothing is suggested then."""
    directory = Directory(replace(_shop(), tasks=(API_1, API_2, DB_1)))

    with pytest.raises(UsageError, match="no task of web runs on this node, or anywhere"):
        directory.source("web", LOCAL)


def test_a_container_goes_by_its_name_or_its_id() -> None:
    """By as much of the id as Docker shows, at least."""
    item = replace(FROM_WEB, container_id="0123456789abcdef", container_name="shop_web.1.xyz")

    assert find_container("shop_web.1.xyz", [FROM_API, item]) == item
    assert find_container("0123456789ab", [FROM_API, item]) == item
    assert find_container("0123456789a", [FROM_API, item]) is None


def test_what_the_swarm_does_not_know_is_the_resolvers() -> None:
    """Services, their tasks, and nothing else."""
    known = ("api", "shop_api", "tasks.api", "api.1", WEB.name, API.name)

    assert all(DIRECTORY.knows(name) for name in known)
    assert not any(DIRECTORY.knows(name) for name in ("example.org", "api.9", "tasks.", "blog_api"))
