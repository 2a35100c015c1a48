"""Does the audit see what goes through a load balancer?"""

from dataclasses import replace

import pytest

from probes.audit.balancer import CHECKS
from probes.audit.situation import Situation
from probes.findings import FINDINGS
from probes.model.reading import DeviceAddress, NamespaceReading, NodeReading
from probes.model.topology import Topology
from probes.model.vantage import VantageKind
from tests.probes.audit import balancing as lb
from tests.probes.audit.balancing import HEALTHY, ONE, SWARM, THREE, TWO, VIP, WEB, backend, seen
from tests.probes.audit.situations import NOW, found
from tests.swarms import APP, on, service, task


def _after(*connections: int, before: tuple[int, ...] = (100, 100, 100)) -> Situation:
    """Stand where each task has got so many connections since the round before."""
    places = (ONE, TWO, THREE)
    then = [backend(item, connections=n) for item, n in zip(places, before, strict=False)]
    now = [backend(item, connections=n + 100) for item, n in zip(places, connections, strict=True)]
    earlier = NodeReading(
        read_at=NOW - 10, namespaces=(lb.with_backends(HEALTHY, *then),), ipvs=True
    )
    return seen(lb.with_backends(HEALTHY, *now), before=earlier)


@pytest.mark.parametrize("connections", [(100, 0, 100), (40, 220, 40)])
def test_a_task_that_gets_too_few_or_too_many_connections_is_told(
    connections: tuple[int, ...],
) -> None:
    """Round robin is even."""
    (finding,) = found(CHECKS, _after(*connections))

    assert finding.code == "balancer_uneven"
    assert f"{TWO} {connections[1]}" in finding.evidence[0].actual


@pytest.mark.parametrize(
    "at",
    [
        _after(100, 90, 80),
        _after(5, 0, 10),
        _after(100, 0, 100, before=(100, 100)),
        _after(-50, 100, 100),
        seen(lb.with_backends(HEALTHY, *(backend(i, connections=9000) for i in (ONE, TWO, THREE)))),
    ],
    ids=["even", "too few to judge", "a task is new", "counters began anew", "first round"],
)
def test_what_proves_nothing_of_the_load_is_silent(at: Situation) -> None:
    """Only many connections, between two rounds with the same tasks, prove anything."""
    assert found(CHECKS, at) == []


DB = replace(service("shop_db", APP, vip=30), labels=(("swarmscope.tcp", "5432"),))
DB_1 = task(DB, 1, lb.THERE, 31)
WITH_DB = replace(SWARM, services=(WEB, DB), tasks=(*SWARM.tasks, DB_1))


def _client(*, keepalive: str = "7200", active: int = 4, topology: Topology = WITH_DB) -> Situation:
    """Stand where a task of the web may be connected to the database through its VIP."""
    db_vip, db_1 = on(APP, 30).address, on(APP, 31).address
    held = replace(backend(db_1), active_connections=active)
    balancer = replace(
        lb.with_rules(HEALTHY, lb.marking(VIP), lb.marking(db_vip, 261), lb.SNAT),
        addresses=(
            *HEALTHY.addresses,
            DeviceAddress(address=db_vip, prefix_length=32, device_index=7),
        ),
        virtual_services=(*HEALTHY.virtual_services, lb.balanced(held, mark=261)),
    )
    web_1 = NamespaceReading(
        vantage=replace(HEALTHY.vantage, kind=VantageKind.TASK, name="shop_web.1"),
        network_id="",
        addresses=(DeviceAddress(address=ONE, prefix_length=24, device_index=7),),
        sysctls=(("net.ipv4.tcp_keepalive_time", keepalive),),
    )
    whole = NodeReading(read_at=NOW, namespaces=(balancer, web_1), ipvs=True)
    return lb.seen_whole(whole, topology, views=())


def test_connections_kept_to_a_database_that_nobody_asks_after_are_told() -> None:
    """Of the database, with the client's setting, and the client in the command."""
    (finding,) = found(CHECKS, _client())

    assert (finding.code, finding.subject.service) == ("balancer_keepalive", "shop_db")
    assert finding.evidence[0].actual == "shop_web.1: 7200 s"
    assert FINDINGS[finding.code].remedy_of(finding, "node1").endswith(" shop_web")


@pytest.mark.parametrize(
    "at",
    [
        _client(keepalive="600"),
        _client(active=0),
        _client(topology=replace(WITH_DB, services=(WEB, replace(DB, labels=())))),
    ],
    ids=["asks in time", "nothing is kept open", "no database"],
)
def test_the_kernels_default_alone_is_no_finding(at: Situation) -> None:
    """Every task of every Swarm has it."""
    assert found(CHECKS, at) == []
