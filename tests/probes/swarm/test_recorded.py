"""Do Engines of all ages say the same of the same shop? Recorded from real ones in the lab."""

import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from probes.intent.labels import read_labels
from probes.model.topology import Port, Topology
from probes.plan.budget import Budget
from probes.plan.candidates import Pace
from probes.plan.plan import PlanSettings, plan
from probes.swarm.local import parse_local_task
from probes.swarm.membership import Membership, parse_membership
from probes.swarm.parse import parse_topology

RECORDED = Path(__file__).parents[2] / "data" / "engine"


@pytest.fixture(name="engine", params=["20.10", "26.1", "28.5"])
def _engine(request: pytest.FixtureRequest) -> Path:
    folder: Path = RECORDED / request.param
    return folder


def _read(engine: Path, name: str) -> Any:
    return json.loads((engine / f"{name}.json").read_text())


def _topology(engine: Path) -> Topology:
    swarm_scoped = [item for item in _read(engine, "networks") if item["Scope"] == "swarm"]
    return parse_topology(
        info=_read(engine, "info-manager"),
        nodes=_read(engine, "nodes"),
        networks=swarm_scoped,
        services=_read(engine, "services"),
        tasks=_read(engine, "tasks"),
        read_at=1.0,
    )


def test_nodes(engine: Path) -> None:
    """Names, addresses and roles; the version is the recorded one."""
    nodes = sorted(_topology(engine).nodes, key=lambda node: node.name)

    assert [(node.name, str(node.address), node.manager) for node in nodes] == [
        ("node1", "198.18.0.11", True),
        ("node2", "198.18.0.12", False),
        ("node3", "198.18.0.13", False),
    ]
    assert {(node.state, node.availability) for node in nodes} == {("ready", "active")}
    assert [node.leader for node in nodes] == [True, False, False]
    assert all(node.engine_version.startswith(engine.name) for node in nodes)


def test_networks(engine: Path) -> None:
    """Each overlay has one subnet, one VNI and its options."""
    networks = {network.name: network for network in _topology(engine).networks}

    assert set(networks) == {"ingress", "shop_edge", "shop_app", "shop_data"}
    assert networks["ingress"].ingress
    assert networks["shop_data"].internal
    assert not networks["shop_app"].encrypted
    for network in networks.values():
        assert network.driver == "overlay"
        assert len(network.vnis) == len(network.subnets) == len(network.gateways) == 1
        assert network.vnis[0] >= 4096
        assert network.gateways[0] in network.subnets[0]


def test_services(engine: Path) -> None:
    """Modes, VIPs, ports, networks, aliases and labels."""
    topology = _topology(engine)
    services = {service.name: service for service in topology.services}
    networks = {network.id: network.name for network in topology.networks}

    assert set(services) == {
        f"shop_{name}" for name in ("gateway", "web", "api", "worker", "orders-db", "cache")
    }
    web, api, gateway = services["shop_web"], services["shop_api"], services["shop_gateway"]
    assert (web.mode, web.replicas, web.endpoint_mode, web.stack) == (
        "replicated",
        3,
        "vip",
        "shop",
    )
    assert {networks[vip.network_id] for vip in web.vips} == {"shop_edge", "shop_app"}
    assert (api.endpoint_mode, api.vips) == ("dnsrr", ())
    assert gateway.ports == (Port(protocol="tcp", target=8080, published=8080, mode="ingress"),)
    assert {networks[item.network_id]: item.aliases for item in api.attachments} == {
        "shop_app": ("api",),
        "shop_data": ("api",),
    }
    assert ("swarmscope.interval", "5s") in api.labels
    assert all(service.updated_at > 1_700_000_000 for service in topology.services)
    assert {(item.max_replicas_per_node, item.constraints) for item in topology.services} == {
        (None, ()),
    }
    assert read_labels(topology.services).complaints == ()


def test_tasks(engine: Path) -> None:
    """Every one runs, has a slot, and an address in each of its networks' subnets."""
    topology = _topology(engine)
    subnets = {network.id: network.subnets[0] for network in topology.networks}

    assert len(topology.tasks) == 11
    for task in topology.tasks:
        assert task.running
        assert not task.in_transition
        assert task.slot
        assert task.container_id
        assert task.addresses
        for item in task.addresses:
            assert item.address in subnets[item.network_id]
        assert 1_700_000_000 < task.created_at < task.updated_at < task.created_at + 600
    assert topology.failures == ()


def test_local_tasks(engine: Path) -> None:
    """A container says which task it is, what its image exposes, and where its namespace is."""
    inspected = _read(engine, "container")

    local = parse_local_task(inspected, "/netns")

    assert local is not None
    assert local.task_id in {task.id for task in _topology(engine).tasks}
    assert local.netns == f"/netns/{inspected['NetworkSettings']['SandboxKey'].rpartition('/')[2]}"
    exposed = inspected["Config"].get("ExposedPorts") or {}
    assert {f"{port}/tcp" for port in local.exposed} == {
        key for key in exposed if key.endswith("/tcp")
    }


def test_other_containers_are_nobodys_tasks(engine: Path) -> None:
    """A container that a person started, or one that has ended, is not looked from."""
    inspected = _read(engine, "container")
    ended = {**inspected, "State": {"Running": False}}
    foreign = {**inspected, "Config": {**inspected["Config"], "Labels": {}}}

    assert parse_local_task(ended, "/netns") is None
    assert parse_local_task(foreign, "/netns") is None


def test_a_container_on_the_nodes_network_has_no_namespace_of_its_own(engine: Path) -> None:
    """Docker calls its sandbox "default"."""
    inspected = _read(engine, "container")
    shared = {**inspected["NetworkSettings"], "SandboxKey": "/var/run/docker/netns/default"}

    local = parse_local_task({**inspected, "NetworkSettings": shared}, "/netns")

    assert local is not None
    assert local.netns is None


def test_membership(engine: Path) -> None:
    """A manager and a worker each know their place, and the managers' addresses."""
    manager = parse_membership(_read(engine, "info-manager"))
    worker = parse_membership(_read(engine, "info-worker"))

    assert isinstance(manager, Membership)
    assert isinstance(worker, Membership)
    assert (manager.manager, worker.manager) == (True, False)
    assert manager.address == IPv4Address("198.18.0.11")
    assert worker.managers == (IPv4Address("198.18.0.11"),)
    assert worker.node_id in {node.id for node in _topology(engine).nodes}


def test_an_engine_outside_a_swarm_says_its_state() -> None:
    """What `GET /info` holds before `docker swarm init`."""
    assert parse_membership({"Swarm": {"NodeID": "", "LocalNodeState": "inactive"}}) == "inactive"
    assert parse_membership({}) == "inactive"


def test_a_plan_comes_of_it(engine: Path) -> None:
    """From parsed documents alone: the path that the agent goes at each change."""
    topology = _topology(engine)
    local = parse_local_task(_read(engine, "container"), "/netns")
    assert local is not None
    [node_id] = {task.node_id for task in topology.tasks if task.id == local.task_id}
    settings = PlanSettings(
        pace=Pace(interval_seconds=10, timeout_seconds=2, slow_seconds=0.5),
        budget=Budget(probes_per_second=100, series=10_000),
        agent_service="",
        agent_port=9877,
    )

    planned = plan(topology, read_labels(topology.services), node_id, [local], settings)

    # Published ports are looked at from the node itself.
    assert {probe.id.source_service for probe in planned.probes} == {"", local.service_name}
    assert {"dns", "icmp", "tcp"} <= {probe.id.probe for probe in planned.probes}


def test_odd_documents() -> None:
    """A node without an address, IPv6 addresses, history, a missing gateway: none is an error."""
    task = {
        "ID": "t1",
        "DesiredState": "running",
        "Status": {"State": "running"},
        "NetworksAttachments": [
            {"Network": {"ID": "n1"}, "Addresses": ["10.0.9.3/24", "fd00::3/64", "nonsense"]},
        ],
    }
    placed = {"Placement": {"Constraints": ["node.role==worker"], "MaxReplicas": 2}}
    unset = "0001-01-01T00:00:00Z"
    topology = parse_topology(
        info={},
        nodes=[{"ID": "x", "Status": {"State": "down", "Addr": "0.0.0.0"}}],  # noqa: S104 -- no socket
        networks=[
            {
                "Id": "n1",
                "Name": "six",
                "Driver": "overlay",
                "IPAM": {"Config": [{"Subnet": "10.0.9.0/24"}, {"Subnet": "fd00::/64"}]},
                "Options": {"encrypted": ""},
            },
        ],
        services=[
            {"ID": "s1", "Spec": {"Name": "web", "TaskTemplate": placed}, "UpdatedAt": unset},
        ],
        tasks=[
            task,
            {"ID": "t0", "DesiredState": "shutdown", "Status": {"State": "failed"}},
            {"ID": "t2", "DesiredState": "shutdown", "Status": {"State": "running"}},
        ],
        read_at=1.0,
    )

    assert topology.nodes[0].address is None
    [network] = topology.networks
    assert network.subnets == (IPv4Network("10.0.9.0/24"),)
    assert network.encrypted
    assert [item.id for item in topology.tasks] == ["t1", "t2"]
    assert [str(item.address) for item in topology.tasks[0].addresses] == ["10.0.9.3"]
    assert topology.tasks[1].in_transition
    assert (topology.tasks[0].created_at, topology.tasks[0].updated_at) == (0, 0)
    [service] = topology.services
    assert service.updated_at == 0
    assert service.max_replicas_per_node == 2
    assert service.constraints == ("node.role==worker",)
    assert topology.data_path_port == 4789
