"""Are full subnets, addresses with two owners and missing virtual IPs told, once?"""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from probes.audit.addresses import CHECKS
from probes.audit.check import Check
from probes.audit.usage import AddressUsage, address_usage
from probes.model.finding import Finding
from probes.model.topology import NodeReport, Task, Topology
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import APP, DATA, NODE1, NODE2, NODE3, on, service, task

#: What is looked for on every node has a test of its own.
OF_THE_SWARM: tuple[Check, ...] = tuple(check for check in CHECKS if check.name != "overlaps")

LEADER = replace(NODE1, leader=True, reachability="reachable")
NETWORK = replace(APP, gateways=(on(APP, 1).address,))
WEB = service("shop_web", APP, vip=2)
TASKS = (task(WEB, 1, NODE1, 3), task(WEB, 2, NODE2, 4))
REPORTS = (
    NodeReport(node_id=NODE1.id, balancers=(on(APP, 8),)),
    NodeReport(node_id=NODE2.id, balancers=(on(APP, 9),), containers=(on(APP, 10),)),
    NodeReport(node_id=NODE3.id),
)
SWARM = Topology(
    nodes=(LEADER, NODE2, NODE3),
    networks=(NETWORK,),
    services=(WEB,),
    tasks=TASKS,
    reports=REPORTS,
    read_at=NOW,
)


def codes(topology: Topology, node_id: str = "n1") -> list[str]:
    return [item.code for item in findings(topology, node_id)]


def findings(topology: Topology, node_id: str = "n1", **seen: Any) -> list[Finding]:
    return found(OF_THE_SWARM, situation(topology, node_id=node_id, **seen))


def usage(topology: Topology) -> AddressUsage:
    (counted,) = address_usage(situation(topology))
    return counted


def sized(prefix: int, tasks: tuple[Task, ...] = TASKS) -> Topology:
    """Make the subnet of another size."""
    network = replace(NETWORK, subnets=(IPv4Network(f"10.0.1.0/{prefix}"),))
    return replace(SWARM, networks=(network,), tasks=tasks)


def test_a_network_as_it_should_be_has_no_finding() -> None:
    """Room enough, one owner for each address, a virtual IP."""
    assert findings(SWARM) == []


def test_every_endpoint_takes_an_address() -> None:
    """Gateway, virtual IPs, tasks, a load balancer for each node, and plain containers."""
    counted = usage(SWARM)

    assert (counted.gateways, counted.vips, counted.tasks) == (1, 1, 2)
    assert (counted.balancers, counted.containers) == (2, 1)
    assert (counted.total, counted.used, counted.free) == (254, 7, 247)


def test_a_silent_node_has_a_load_balancer_all_the_same() -> None:
    """Where its tasks are; the ingress network is on every node."""
    assert usage(replace(SWARM, reports=())).balancers == 2
    ingress = replace(SWARM, networks=(replace(NETWORK, ingress=True),), reports=REPORTS[:1])
    assert usage(ingress).balancers == 3


def test_several_subnets_are_added_up() -> None:
    """Swarm takes from the next when one is full."""
    two = replace(NETWORK, subnets=(IPv4Network("10.0.1.0/29"), IPv4Network("10.9.0.0/28")))

    assert usage(replace(SWARM, networks=(two,))).total == 6 + 14


@pytest.mark.parametrize(
    ("prefix", "more", "expected", "free"),
    [
        (28, 0, [], "7"),
        (28, 5, [], "2"),
        (28, 6, ["address_nearly_exhausted"], "1"),
        (28, 7, ["address_exhausted"], "0"),
        (24, 221, [], "26"),
        (24, 222, ["address_nearly_exhausted"], "25"),
    ],
)
def test_what_is_left_decides(prefix: int, more: int, expected: list[str], free: str) -> None:
    """A tenth, or one address of a small subnet; no more than one finding."""
    crowd = tuple(task(WEB, 10 + number, NODE1, 11 + number) for number in range(more))
    topology = sized(prefix, (*TASKS, *crowd))

    told = findings(topology)

    assert [item.code for item in told] == expected
    assert [item.evidence[1].actual for item in told] == [free] * len(told)
    assert usage(topology).free == int(free)
    assert codes(topology, "n2") == []


def test_the_remedy_proposes_a_larger_subnet_that_nobody_has() -> None:
    """Neither a network of the Swarm's nor a node."""
    taken = NodeReport(node_id=NODE3.id, local_subnets=(IPv4Network("10.0.0.0/24"),))
    crowd = tuple(task(WEB, 10 + number, NODE1, 11 + number) for number in range(7))
    topology = replace(sized(28, (*TASKS, *crowd)), reports=(*REPORTS[:2], taken))

    (finding,) = findings(topology)

    assert dict(finding.values) == {"subnet": "10.0.2.0/24"}


# The allocator gives no address twice on purpose, so duplicates are made of values here: a real
# one comes of an Engine's bug (moby#33795, moby#40989).


@pytest.mark.parametrize(
    ("topology", "code", "service_name", "peer"),
    [
        (
            replace(SWARM, tasks=(*TASKS, task(WEB, 3, NODE3, 4))),
            "address_duplicate",
            "shop_web",
            "",
        ),
        (
            replace(SWARM, services=(WEB, service("shop_api", APP, vip=3))),
            "address_duplicate",
            "shop_web",
            "",
        ),
        (
            replace(SWARM, services=(WEB, service("shop_api", APP, vip=1))),
            "address_duplicate",
            "shop_api",
            "",
        ),
        (
            replace(
                SWARM,
                reports=(*REPORTS[:2], NodeReport(node_id=NODE3.id, balancers=(on(APP, 4),))),
            ),
            "address_balancer_duplicate",
            "shop_web",
            "node3",
        ),
        (
            replace(
                SWARM,
                reports=(*REPORTS[:2], NodeReport(node_id=NODE3.id, containers=(on(APP, 8),))),
            ),
            "address_balancer_duplicate",
            "",
            "node1",
        ),
    ],
)
def test_an_address_has_one_owner(
    topology: Topology,
    code: str,
    service_name: str,
    peer: str,
) -> None:
    """A task's, a virtual IP's, the gateway's; or a load balancer's or a container's."""
    (finding,) = findings(topology)

    subject = finding.subject
    assert (finding.code, subject.network) == (code, "shop_app")
    assert (subject.service, subject.peer) == (service_name, peer)
    assert len(finding.evidence[0].actual.split(", ")) == 2
    assert codes(topology, "n2") == []


def test_an_address_that_an_ended_task_had_is_free() -> None:
    """Swarm may give it away again."""
    ended = replace(task(WEB, 3, NODE3, 4), state="failed", desired_state="shutdown")

    assert findings(replace(SWARM, tasks=(*TASKS, ended))) == []


def test_one_address_on_two_networks_is_no_duplicate() -> None:
    """Each overlay has addresses of its own."""
    same = replace(DATA, subnets=APP.subnets)
    topology = replace(
        SWARM,
        networks=(NETWORK, same),
        reports=(*REPORTS[:2], NodeReport(node_id=NODE3.id, balancers=(on(same, 4),))),
    )

    assert findings(topology) == []


def test_a_service_without_its_virtual_ip_is_told() -> None:
    """On the network where it has none; not one whose clients spread their requests themselves."""
    both = replace(service("shop_api", APP, DATA, vip=20), vips=(on(APP, 20),))
    topology = replace(SWARM, networks=(NETWORK, DATA), services=(WEB, both))

    (finding,) = findings(topology)

    assert (finding.code, finding.subject.network) == ("address_no_vip", "shop_data")
    assert finding.subject.service == "shop_api"
    for fine in (
        replace(both, endpoint_mode="dnsrr", vips=()),
        replace(both, mode="replicated-job", vips=()),
    ):
        assert findings(replace(topology, services=(WEB, fine))) == []


def test_a_full_network_explains_why_a_service_has_no_virtual_ip() -> None:
    """It is told alone."""
    crowd = tuple(task(WEB, 10 + number, NODE1, 11 + number) for number in range(7))
    without = replace(service("shop_api", APP, vip=20), vips=())
    topology = replace(sized(28, (*TASKS, *crowd)), services=(WEB, without))

    assert codes(topology) == ["address_exhausted"]


def test_a_name_of_several_networks_is_told() -> None:
    """Once, with the ids of all."""
    twin = replace(DATA, name=APP.name)

    (finding,) = findings(replace(SWARM, networks=(NETWORK, twin)))

    assert (finding.code, finding.subject.network) == ("address_duplicate_name", "shop_app")
    assert finding.evidence[0].actual == f"{APP.id}, {DATA.id}"
