"""What is read of a network's verbose description? Recorded from real Engines in the lab."""

import json
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from probes.model.gossip import GossipTask, NetworkView
from probes.swarm.gossip import parse_network_view

RECORDED = Path(__file__).parents[2] / "data" / "engine"
NODES = tuple(IPv4Address(f"198.18.0.1{number}") for number in (1, 2, 3))


def recorded(engine: str, name: str) -> Any:
    """Read a recorded document."""
    return json.loads((RECORDED / engine / f"{name}.json").read_text())


def tasks_of(engine: str) -> set[str]:
    """Give the ids of all containers of Swarm's tasks."""
    tasks = recorded(engine, "tasks")
    return {task["Status"]["ContainerStatus"]["ContainerID"] for task in tasks}


def _view(engine: str, name: str) -> NetworkView:
    view = parse_network_view(recorded(engine, name), tasks_of(engine), 7.0)
    assert view is not None
    return view


@pytest.mark.parametrize("engine", ["20.10", "26.1", "28.5"])
@pytest.mark.parametrize("node", ["manager", "worker"])
def test_peers_services_and_the_balancer(engine: str, node: str) -> None:
    """Every Engine tells them; a dnsrr service has no VIP, and its mark all the same."""
    document = recorded(engine, f"network-verbose-{node}")
    [network] = [item for item in recorded(engine, "networks") if item["Name"] == "shop_app"]

    view = _view(engine, f"network-verbose-{node}")

    assert view.network_id == network["Id"]
    assert view.peers == NODES
    services = {service.name: service for service in view.services}
    assert list(services) == ["shop_api", "shop_web", "shop_worker"]
    assert services["shop_api"].vip is None
    assert services["shop_web"].vip is not None
    assert all(service.mark >= 256 for service in view.services)
    assert len(services["shop_web"].tasks) == 3
    [entry] = [item for key, item in document["Containers"].items() if key == "lb-shop_app"]
    assert f"{view.balancer}/24" == entry["IPv4Address"]
    assert view.containers == ()
    assert view.read_at == 7.0


def test_where_the_endpoints_are() -> None:
    """Each task has its name, its address and the VTEP of its node."""
    view = _view("20.10", "network-verbose-manager")

    [api] = [service for service in view.services if service.name == "shop_api"]
    assert api.tasks == (
        GossipTask(
            name="shop_api.1.z7mgmfaavydhw37214xm9gd1b",
            address=IPv4Address("10.0.2.6"),
            vtep=IPv4Address("198.18.0.12"),
        ),
        GossipTask(
            name="shop_api.2.q7cbol2o5mkaxgmj4gw9t8qfb",
            address=IPv4Address("10.0.2.7"),
            vtep=IPv4Address("198.18.0.13"),
        ),
    )


def test_the_drivers_table_may_lag_behind() -> None:
    """An endpoint that the overlay driver has not heard of yet has no VTEP: `Info` is null."""
    view = _view("28.5", "network-verbose-worker")

    [web] = [service for service in view.services if service.name == "shop_web"]
    assert [task.vtep for task in web.tasks] == [None, None, NODES[2]]


@pytest.mark.parametrize(
    ("engine", "node", "last_byte"),
    [
        ("20.10", "manager", 2),
        ("20.10", "worker", 4),
        ("28.5", "manager", 2),
        ("28.5", "worker", 3),
    ],
)
def test_the_ingress_has_a_balancer_of_another_name(
    engine: str,
    node: str,
    last_byte: int,
) -> None:
    """Named after no network of the stack, on nodes with and without a task there."""
    view = _view(engine, f"ingress-verbose-{node}")

    assert view.balancer == IPv4Address(f"10.0.0.{last_byte}")
    assert [service.name for service in view.services if service.mark] == ["shop_gateway"]


def test_an_old_engine_gossips_the_ingress_balancers() -> None:
    """All nodes', under no service's name; Engine 28 keeps them to itself."""
    old, new = (_view(engine, "ingress-verbose-worker") for engine in ("20.10", "28.5"))

    nameless = old.services[0]
    assert (nameless.name, nameless.vip, nameless.mark) == ("", None, 0)
    assert [task.vtep for task in nameless.tasks] == list(NODES)
    assert [service.name for service in new.services] == ["shop_gateway"]


@pytest.mark.parametrize("engine", ["20.10", "28.5"])
def test_a_container_that_a_person_started(engine: str) -> None:
    """It has an address on an attachable network, and is no task's."""
    view = _view(engine, "attachable-verbose-worker")

    assert view.peers == (NODES[2],)
    assert view.containers == (IPv4Address("10.0.4.2"),)
    assert view.balancer == IPv4Address("10.0.4.3")
    assert view.services[0].tasks[0].name == "visitor"


@pytest.mark.parametrize("engine", ["20.10", "28.5"])
def test_a_network_that_is_not_on_this_node(engine: str) -> None:
    """A manager describes it all the same, but has no peers to tell of."""
    document = recorded(engine, "attachable-verbose-manager")

    assert parse_network_view(document, (), 7.0) is None


def test_nulls_and_nonsense() -> None:
    """What is null or no address is passed over; an endpoint without a container is nobody's."""
    document = {
        "Id": "n1",
        "Name": "odd",
        "Peers": [{"IP": "198.18.0.11"}, {"IP": ""}],
        "Containers": {
            "ep-1234": {"IPv4Address": "10.0.9.2/24"},
            "c1": {"IPv4Address": ""},
            "c2": {"IPv4Address": None},
        },
        "Services": {
            "none": {"VIP": None, "LocalLBIndex": None, "Tasks": None},
            "one": {"Tasks": [{"EndpointIP": "?"}, {"EndpointIP": "10.0.9.3", "Info": None}]},
        },
    }

    view = parse_network_view(document, (), 7.0)

    assert view is not None
    assert (view.peers, view.balancer, view.containers) == ((NODES[0],), None, ())
    assert [(service.name, service.vip, service.mark) for service in view.services] == [
        ("none", None, 0),
        ("one", None, 0),
    ]
    assert [len(service.tasks) for service in view.services] == [0, 1]
