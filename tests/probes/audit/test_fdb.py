"""Does the audit of forwarding entries tell its faults apart?"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.audit.fdb import CHECKS, address_of, mac_of
from probes.audit.situation import Departed, Situation
from probes.model.reading import CouldNotLook, FdbEntry, NamespaceReading, Neighbour, NodeReading
from probes.model.topology import NodeReport, Topology
from probes.model.vantage import Vantage, VantageKind
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import APP, node, on, service, task

WEB = service("shop_web", APP, vip=2)
HERE, THERE, ELSEWHERE = node(1), node(2), node(3)
OWN = task(WEB, 1, HERE, 3)
REMOTE = task(WEB, 2, THERE, 4)
OWN_ADDRESS, REMOTE_ADDRESS = on(APP, 3).address, on(APP, 4).address
BALANCER = on(APP, 9)

SWARM = Topology(
    nodes=(HERE, THERE, ELSEWHERE),
    networks=(APP,),
    services=(WEB,),
    tasks=(OWN, REMOTE),
    reports=(NodeReport(node_id=THERE.id, balancers=(BALANCER,)),),
    read_at=NOW,
)


def row(address: IPv4Address, vtep: int, *, permanent: bool = True) -> FdbEntry:
    """Make a row of vxlan0 that sends an address's frames to a node."""
    return FdbEntry(
        mac=mac_of(address),
        device="vxlan0",
        vtep=IPv4Address(f"198.18.0.1{vtep}"),
        permanent=permanent,
        bridge=False,
    )


def known(address: IPv4Address) -> Neighbour:
    """Make the permanent neighbour that Docker writes."""
    return Neighbour(address=address, device="vxlan0", mac=mac_of(address), state="permanent")


HEALTHY = NamespaceReading(
    vantage=Vantage(kind=VantageKind.OVERLAY, name="shop_app", netns="/netns/1-app"),
    network_id=APP.id,
    fdb=(row(REMOTE_ADDRESS, 2), row(BALANCER.address, 2)),
    neighbours=(known(REMOTE_ADDRESS), known(BALANCER.address)),
)


def seen(reading: NamespaceReading, topology: Topology = SWARM, **more: Any) -> Situation:
    """Stand on node1, where the overlay is as *reading* says."""
    return situation(topology, reading=NodeReading(namespaces=(reading,)), **more)


def test_an_overlay_as_it_should_be_has_no_finding() -> None:
    """Each remote endpoint has its rows, and the own one has none."""
    assert found(CHECKS, seen(HEALTHY)) == []


@pytest.mark.parametrize(
    ("break_it", "code", "peer", "address"),
    [
        (lambda r: replace(r, fdb=r.fdb[1:]), "fdb_missing", "node2", REMOTE_ADDRESS),
        (
            lambda r: replace(r, fdb=(row(REMOTE_ADDRESS, 2, permanent=False), r.fdb[1])),
            "fdb_learned_only",
            "node2",
            REMOTE_ADDRESS,
        ),
        (
            lambda r: replace(r, fdb=(row(REMOTE_ADDRESS, 3), r.fdb[1])),
            "fdb_wrong_vtep",
            "node2",
            REMOTE_ADDRESS,
        ),
        (
            lambda r: replace(r, fdb=(row(REMOTE_ADDRESS, 9), r.fdb[1])),
            "fdb_wrong_vtep",
            "node2",
            REMOTE_ADDRESS,
        ),
        (
            lambda r: replace(r, neighbours=r.neighbours[1:]),
            "neighbour_missing",
            "node2",
            REMOTE_ADDRESS,
        ),
        (
            lambda r: replace(r, fdb=(*r.fdb, row(on(APP, 77).address, 3))),
            "fdb_stale",
            "node3",
            on(APP, 77).address,
        ),
        (
            lambda r: replace(r, neighbours=(*r.neighbours, known(on(APP, 77).address))),
            "fdb_stale",
            "",
            on(APP, 77).address,
        ),
        (
            lambda r: replace(r, fdb=(*r.fdb, row(OWN_ADDRESS, 2))),
            "fdb_self_reference",
            "",
            OWN_ADDRESS,
        ),
        (
            lambda r: replace(
                r,
                fdb=(
                    *r.fdb,
                    FdbEntry(
                        mac=mac_of(REMOTE_ADDRESS),
                        device="veth3",
                        vtep=None,
                        permanent=False,
                        bridge=True,
                    ),
                ),
            ),
            "fdb_wrong_port",
            "node2",
            REMOTE_ADDRESS,
        ),
        (
            lambda r: replace(r, fdb=(*r.fdb, row(on(APP, 77).address, 9))),
            "fdb_unknown_vtep",
            "",
            IPv4Address("198.18.0.19"),
        ),
    ],
)
def test_each_fault_is_one_finding(
    break_it: Callable[[NamespaceReading], NamespaceReading],
    code: str,
    peer: str,
    address: IPv4Address,
) -> None:
    """One thing broken, one finding, with the peer and the address."""
    findings = found(CHECKS, seen(break_it(HEALTHY)))

    assert [(item.code, item.subject.peer, item.subject.item) for item in findings] == [
        (code, peer, str(address)),
    ]
    assert findings[0].subject.network == "shop_app"
    assert all(evidence.expected != evidence.actual for evidence in findings[0].evidence)


def test_a_row_of_a_task_that_may_still_come_or_go_is_no_finding() -> None:
    """Neither its presence nor its absence says anything."""
    starting = replace(REMOTE, state="starting")
    topology = replace(SWARM, tasks=(OWN, starting))

    assert found(CHECKS, seen(HEALTHY, topology)) == []
    assert found(CHECKS, seen(replace(HEALTHY, fdb=(), neighbours=()), topology)) == []


def test_the_address_that_a_node_uses_for_data_counts() -> None:
    """A node joined with --data-path-addr has another VTEP than the address Swarm tells."""
    moved = NodeReport(node_id=THERE.id, balancers=(BALANCER,), vtep=IPv4Address("198.18.0.13"))
    reading = replace(HEALTHY, fdb=(row(REMOTE_ADDRESS, 3), row(BALANCER.address, 3)))
    topology = replace(SWARM, nodes=(HERE, THERE), reports=(moved,))

    assert found(CHECKS, seen(reading, topology)) == []


def test_a_silent_node_leaves_the_question_open() -> None:
    """Its load balancer's address is known to nobody else, so a row for it may be right."""
    topology = replace(SWARM, reports=())

    answers = [answer for check in CHECKS for answer in check.run(seen(HEALTHY, topology))]

    assert [type(answer) for answer in answers] == [CouldNotLook]
    assert "node2" in str(answers[0])


def test_the_evidence_names_who_had_the_address() -> None:
    """A stale row says whose it was, and since when."""
    gone = Departed(name="shop_web.7", node_id=ELSEWHERE.id, at=NOW - 90)
    reading = replace(HEALTHY, fdb=(*HEALTHY.fdb, row(on(APP, 77).address, 3)))

    (finding,) = found(CHECKS, seen(reading, departed={(APP.id, on(APP, 77).address): gone}))

    assert finding.evidence[0].expected == "nobody: shop_web.7 ended 90 s ago on node3"


def test_a_mac_that_somebody_chose_is_taken_from_the_neighbour() -> None:
    """The address then does not tell the MAC."""
    mac = "aa:bb:cc:00:00:01"
    reading = replace(
        HEALTHY,
        fdb=(replace(HEALTHY.fdb[0], mac=mac), HEALTHY.fdb[1]),
        neighbours=(replace(HEALTHY.neighbours[0], mac=mac), HEALTHY.neighbours[1]),
    )

    assert found(CHECKS, seen(reading)) == []


def test_macs_and_addresses_are_each_others() -> None:
    """As Docker makes them; any other MAC tells no address."""
    assert mac_of(IPv4Address("10.0.1.5")) == "02:42:0a:00:01:05"
    assert address_of("02:42:0a:00:01:05") == IPv4Address("10.0.1.5")
    assert address_of("aa:bb:cc:00:00:01") is None


def test_a_node_that_nothing_leads_to_is_one_finding() -> None:
    """However many tasks it has; it names the node and not each of them."""
    second = task(WEB, 3, THERE, 5)
    topology = replace(SWARM, tasks=(OWN, REMOTE, second))
    reading = replace(HEALTHY, fdb=HEALTHY.fdb[1:], neighbours=HEALTHY.neighbours[1:])

    (finding,) = found(CHECKS, seen(reading, topology))

    assert (finding.code, finding.subject.peer) == ("fdb_peer_missing", "node2")
    assert "shop_web.2 (10.0.1.4), shop_web.3 (10.0.1.5)" in finding.evidence[0].expected


def test_tasks_of_a_node_that_is_down_need_no_rows() -> None:
    """Engines forget a dead node's endpoints before Swarm has replaced its tasks."""
    topology = replace(SWARM, nodes=(HERE, replace(THERE, state="down"), ELSEWHERE))
    reading = replace(HEALTHY, fdb=(), neighbours=())

    assert found(CHECKS, seen(reading, topology)) == []
