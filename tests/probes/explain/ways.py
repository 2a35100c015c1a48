"""What is known of a way when all is well? From web on node1 to the API on both nodes."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from probes.audit.round import Round
from probes.audit.situation import Situation
from probes.explain.attempts import Attempts
from probes.explain.far import Far
from probes.explain.hops import Judge
from probes.explain.journey import Journey, Question, journey_of
from probes.explain.near import Near
from probes.kernel.arrival import Arrivals
from probes.kernel.listening import Listener
from probes.model.finding import Finding
from probes.model.probe import IcmpLook, Kind, Probe, ProbeId, Target
from probes.model.reading import (
    DeviceAddress,
    FdbEntry,
    NamespaceReading,
    Neighbour,
    NodeReading,
    Route,
)
from probes.model.result import Answer, Observation, Outcome, Result
from probes.model.topology import NodeReport, Topology
from probes.model.vantage import HOST, Vantage, VantageKind
from probes.plan.lookup import Lookup
from tests.probes.audit.readings import link, overlay_reading
from tests.probes.audit.situations import NOW, situation
from tests.swarms import API, API_1, API_2, APP, NODE1, NODE2, SHOP, WEB_1, on, with_service

#: The API with a VIP on both of its networks.
VIP = on(APP, 20).address
BALANCED = replace(API, endpoint_mode="vip", vips=(on(APP, 20),))
BALANCER = on(APP, 9).address
SWARM: Topology = replace(
    with_service(SHOP, BALANCED),
    reports=(NodeReport(node_id="n1", balancers=(on(APP, 9),)),),
    read_at=NOW,
)
TASK_NETNS = Vantage(kind=VantageKind.TASK, name="shop_web.1", netns="/run/docker/netns/web")
INSIDE = NamespaceReading(
    vantage=TASK_NETNS,
    network_id="",
    links=(link(1, "lo", ""), link(14, "eth0")),
    addresses=(DeviceAddress(address=on(APP, 11).address, prefix_length=24, device_index=14),),
    routes=(
        Route(destination=APP.subnets[0], device_index=14, gateway=None, source=None, table=254),
        Route(
            destination=IPv4Network("0.0.0.0/0"),
            device_index=16,
            gateway=None,
            source=None,
            table=254,
        ),
    ),
)


def mac(last_byte: int) -> str:
    return f"02:42:0a:00:01:{last_byte:02x}"


def row(last_byte: int, vtep: IPv4Address | None) -> FdbEntry:
    return FdbEntry(mac=mac(last_byte), device="vxlan0", vtep=vtep, permanent=True, bridge=False)


def neighbour(last_byte: int) -> Neighbour:
    address = on(APP, last_byte).address
    return Neighbour(address=address, device="vxlan0", mac=mac(last_byte), state="permanent")


#: What node2 knows of node1's ends: the source's, and the load balancer's.
BACK = replace(
    overlay_reading(APP),
    fdb=(row(11, NODE1.address), row(9, NODE1.address)),
    neighbours=(neighbour(11), neighbour(9)),
)


def question(**changes: Any) -> Question:
    asked = Question(source_task=WEB_1.id, destination_service=API.id, port=80)
    return replace(asked, **changes)


def journey(topology: Topology = SWARM, **changes: Any) -> Journey:
    return journey_of(question(**changes), Lookup(topology))


def result(outcome: Outcome = Outcome.OK, *told: IPv4Address, detail: str = "") -> Result:
    """Make a look that ended so; the look itself is nobody's concern."""
    probe = Probe(
        id=ProbeId(
            probe=Kind.ICMP,
            target=Target.STATIC,
            network="",
            source_service="",
            source_node="",
            destination_service="",
        ),
        look=IcmpLook(address=VIP),
        vantage=HOST,
        interval_seconds=1,
        timeout_seconds=1,
    )
    return Result(
        probe=probe,
        outcome=outcome,
        detail=detail,
        started_at=NOW,
        seconds=0.001,
        observed=Observation(answer=Answer(addresses=told) if told else None),
    )


def attempts(**changes: Any) -> Attempts:
    """Try everything with success, unless changed."""
    both = {API_1.id: result(), API_2.id: result()}
    found = Attempts(
        name=result(Outcome.OK, VIP),
        vip=(result(), result()),
        tasks=both,
        echoes=both,
        passed_on=both,
        agents={NODE2.id: result()},
        nodes={NODE2.id: result()},
    )
    return replace(found, **changes)


def nothing_from_node2(**changes: Any) -> Attempts:
    """Hear nothing from the API's task on node2, over any way but the underlay."""
    tried = {API_1.id: result(), API_2.id: result(Outcome.TIMEOUT)}
    lost = {"tasks": tried, "echoes": tried, "passed_on": tried}
    return attempts(**{**lost, "vip": (result(), result(Outcome.TIMEOUT)), **changes})


def at(node_id: str, *namespaces: NamespaceReading, topology: Topology = SWARM) -> Situation:
    reading = NodeReading(read_at=NOW, namespaces=namespaces, ipvs=True)
    return situation(topology, node_id, reading=reading)


def judge(found: Iterable[Finding] = (), node: str = "node1", **more: Any) -> Judge:
    return Judge(found=Round(findings=tuple(found), **more), node=node)


def near(
    *found: Finding,
    tried: Attempts | None = None,
    inside: NamespaceReading | None = INSIDE,
    over: Journey | None = None,
    situated: Situation | None = None,
) -> Near:
    """Stand on node1."""
    return Near(
        journey=over or journey(),
        situation=situated or at("n1", overlay_reading(APP)),
        judge=judge(found),
        attempts=tried or attempts(),
        inside=inside,
    )


def far(*found: Finding, **changes: Any) -> Far:
    """Stand on node2, where the API's second task is, and nothing of it answers."""
    inside = replace(
        INSIDE,
        addresses=(DeviceAddress(address=on(APP, 22).address, prefix_length=24, device_index=14),),
    )
    told = Far(
        journey=journey(),
        network=APP,
        backend=API_2,
        situation=at("n2", BACK),
        judge=judge(found, "node2"),
        works=False,
        sender=on(APP, 11).address,
        arrivals=Arrivals(outer=3, inner=3),
        inside=inside,
        listeners=(Listener(address=IPv4Address(0), port=80),),
    )
    return replace(told, **changes)
