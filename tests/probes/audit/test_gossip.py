"""Does the audit of gossip name who is cut off, and what has not arrived?"""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from probes.audit.digest import digest_of
from probes.audit.gossip import CHECKS
from probes.audit.situation import Departed, Situation
from probes.model.gossip import GossipService, GossipTask, NetworkView
from probes.model.probe import Kind, Probe, ProbeId, Target, TcpLook
from probes.model.reading import CouldNotLook, FdbEntry, NamespaceReading, NodeReading
from probes.model.result import Outcome, Result
from probes.model.topology import Node, NodeReport, Task, Topology, ViewDigest
from probes.model.vantage import HOST, Vantage, VantageKind
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import APP, DATA, node, on, service, task

NODES = (replace(node(1), leader=True), node(2), node(3))
WEB = service("shop_web", APP, DATA, vip=2)
LONG_AGO = NOW - 3600


def _task(slot: int, at: Node) -> Task:
    return replace(task(WEB, slot, at, 10 + slot), updated_at=LONG_AGO)


TASKS = tuple(_task(number, at) for number, at in enumerate(NODES, start=1))
ADDRESSES = tuple(at.address for at in NODES if at.address)


def _view(
    network: Any = APP,
    tasks: Iterable[int] = (1, 2, 3),
    peers: Iterable[IPv4Address] = ADDRESSES,
    read_at: float = NOW - 10,
) -> NetworkView:
    listed = tuple(
        GossipTask(
            name=f"shop_web.{slot}.xyz",
            address=on(network, 10 + slot).address,
            vtep=IPv4Address(f"198.18.0.1{slot}"),
        )
        for slot in tasks
    )
    vip = on(network, 2).address
    return NetworkView(
        network_id=network.id,
        peers=tuple(peers),
        services=(GossipService(name="shop_web", vip=vip, mark=256, tasks=listed),),
        read_at=read_at,
    )


def _reports(*views: tuple[NetworkView, ...]) -> tuple[NodeReport, ...]:
    return tuple(
        NodeReport(node_id=f"n{number}", views=tuple(digest_of(view) for view in own))
        for number, own in enumerate(views, start=1)
    )


BOTH = (_view(APP), _view(DATA))
SWARM = Topology(
    nodes=NODES,
    networks=(APP, DATA),
    services=(WEB,),
    tasks=TASKS,
    reports=_reports(BOTH, BOTH, BOTH),
    read_at=NOW,
)


def seen(
    views: tuple[NetworkView, ...] = BOTH,
    topology: Topology = SWARM,
    node_id: str = "n1",
    **more: Any,
) -> Situation:
    """Stand on a node whose Engine believes *views*."""
    return situation(topology, node_id, views=views, **more)


def codes(at: Situation) -> list[str]:
    """List what is found, by code."""
    return [finding.code for finding in found(CHECKS, at)]


def test_converged_gossip_has_no_finding() -> None:
    """Each node knows each other, and each task."""
    assert [codes(seen(node_id=node_id)) for node_id in ("n1", "n2", "n3")] == [[], [], []]


# --- peers ---


def _without(*numbers: int) -> tuple[IPv4Address, ...]:
    return tuple(
        address for number, address in enumerate(ADDRESSES, start=1) if number not in numbers
    )


def _split(networks: Iterable[Any]) -> Topology:
    """Cut node3 off the gossip of some networks."""
    cut = tuple(networks)

    def of(network: Any, peers: tuple[IPv4Address, ...]) -> NetworkView:
        return _view(network, peers=peers if network in cut else ADDRESSES)

    main = tuple(of(network, _without(3)) for network in (APP, DATA))
    lost = tuple(of(network, _without(1, 2)) for network in (APP, DATA))
    return replace(SWARM, reports=_reports(main, main, lost))


def test_a_node_that_is_cut_off_from_gossip_is_named_once() -> None:
    """By the one that speaks for the Swarm, for all networks together, and by nobody else."""
    topology = _split((APP, DATA))

    (finding,) = found(CHECKS, seen(topology=topology))

    assert finding.code == "gossip_peer_missing"
    assert (finding.subject.peer, finding.subject.network) == ("node3", "")
    assert len(finding.evidence) == 2 * 4
    assert codes(seen(topology=topology, node_id="n2")) == []


def test_a_node_that_is_missing_on_one_network_is_named_with_it() -> None:
    """The others are well."""
    (finding,) = found(CHECKS, seen(topology=_split((DATA,))))

    assert finding.code == "gossip_peer_missing"
    assert (finding.subject.peer, finding.subject.network) == ("node3", "shop_data")


def test_a_node_that_has_no_task_on_a_network_is_not_missed_there() -> None:
    """It takes no part in its gossip."""
    main = (_view(APP, peers=_without(3)), _view(DATA, peers=_without(3)))
    topology = replace(SWARM, tasks=TASKS[:2], reports=_reports(main, main, ()))
    two = (_view(APP, (1, 2), _without(3)), _view(DATA, (1, 2), _without(3)))

    assert codes(seen(two, topology)) == []


def test_a_node_that_is_down_is_not_missed_by_gossip() -> None:
    """That it is down is said by the control plane's finding."""
    down = replace(NODES[2], state="down")
    topology = replace(_split((APP, DATA)), nodes=(*NODES[:2], down))
    views = (_view(APP, (1, 2), _without(3)), _view(DATA, (1, 2), _without(3)))

    assert codes(seen(views, topology)) == []


# --- tasks ---


def test_a_task_that_gossip_did_not_bring_is_missed() -> None:
    """On the network where it is missing, with its names."""
    (finding,) = found(CHECKS, seen((_view(APP, (1, 2)), BOTH[1])))

    assert finding.code == "gossip_task_missing"
    subject = finding.subject
    assert (subject.network, subject.service, subject.task) == (
        "shop_app",
        "shop_web",
        "shop_web.3",
    )
    assert (subject.peer, subject.item) == ("node3", str(on(APP, 13).address))
    assert finding.evidence[0].actual == "not listed"


def test_several_tasks_of_a_service_are_one_finding() -> None:
    """A service that nobody here knows is one fault."""
    (finding,) = found(CHECKS, seen((_view(APP, ()), BOTH[1])))

    assert (finding.code, finding.subject.service) == ("gossip_task_missing", "shop_web")
    assert finding.subject.task == ""
    assert len(finding.evidence) == 3


def test_what_changed_after_the_view_was_read_is_not_missed() -> None:
    """The view is of a time before it, or of a moment when gossip was still on its way."""
    fresh = replace(TASKS[2], updated_at=NOW - 30)
    topology = replace(SWARM, tasks=(*TASKS[:2], fresh))

    assert codes(seen((_view(APP, (1, 2)), BOTH[1]), topology)) == []


def test_a_task_of_a_node_that_is_not_among_the_peers_is_not_missed() -> None:
    """That the node is missing explains it."""
    views = (_view(APP, (1, 2), _without(3)), BOTH[1])

    assert codes(seen(views)) == []


def test_a_task_that_is_gone_and_still_listed_is_stale() -> None:
    """Until gossip had time to tell of its end."""
    views = (_view(APP, (1, 2, 3, 7)), BOTH[1])
    place = (APP.id, on(APP, 17).address)

    (finding,) = found(CHECKS, seen(views))
    assert finding.code == "gossip_task_stale"
    assert finding.subject.item == str(on(APP, 17).address)
    assert finding.evidence[0].actual.startswith("shop_web.7.xyz at 10.0.1.17")

    just_gone = Departed(name="shop_web.7", node_id="n2", at=NOW - 20)
    assert codes(seen(views, departed={place: just_gone})) == []
    long_gone = replace(just_gone, at=NOW - 200)
    assert codes(seen(views, departed={place: long_gone})) == ["gossip_task_stale"]


def test_an_old_view_leaves_the_question_open() -> None:
    """Its Engine has not answered for minutes."""
    at = seen((_view(APP, (), read_at=NOW - 600), BOTH[1]))

    answers = [answer for check in CHECKS for answer in check.run(at)]

    assert answers == [CouldNotLook(where="gossip shop_app", why="last read 600 s ago")]


# --- whole views ---


def _digest(of: NetworkView, digest: str) -> ViewDigest:
    return replace(digest_of(of), digest=digest)


def _told(*digests: str) -> Topology:
    reports = (
        NodeReport(node_id=f"n{number}", views=(_digest(BOTH[0], digest), digest_of(BOTH[1])))
        for number, digest in enumerate(digests, start=1)
    )
    return replace(SWARM, reports=tuple(reports))


def test_the_node_that_believes_otherwise_says_so_of_itself() -> None:
    """The majority says nothing."""
    topology = _told("aa", "aa", "bb")

    found_by = {
        node_id: codes(seen(topology=topology, node_id=node_id)) for node_id in ("n1", "n2")
    }
    (finding,) = found(CHECKS, seen(topology=topology, node_id="n3"))

    assert found_by == {"n1": [], "n2": []}
    assert (finding.code, finding.subject.network) == ("gossip_view_differs", "shop_app")
    assert "as node1, node2" in finding.evidence[0].expected


def test_a_leader_that_believes_otherwise_is_outvoted() -> None:
    """It is one node as any other."""
    topology = _told("bb", "aa", "aa")

    assert [codes(seen(topology=topology, node_id=node_id)) for node_id in ("n1", "n2", "n3")] == [
        ["gossip_view_differs"],
        [],
        [],
    ]


def test_in_a_tie_the_leader_is_believed() -> None:
    """One node of two says so, and not the other."""
    topology = replace(_told("aa", "bb"), nodes=NODES[:2], tasks=TASKS[:2])
    two = tuple(_view(network, (1, 2), _without(3)) for network in (APP, DATA))

    assert codes(seen(two, topology, "n1")) == []
    assert codes(seen(two, topology, "n2")) == ["gossip_view_differs"]


def test_views_are_not_compared_while_tasks_come_and_go() -> None:
    """They may have been read around a change."""
    topology = _told("aa", "aa", "bb")
    crashing = replace(TASKS[2], updated_at=NOW - 90)
    starting = replace(TASKS[2], state="starting")

    for changed in (crashing, starting):
        moving = replace(topology, tasks=(*TASKS[:2], changed))
        assert codes(seen(topology=moving, node_id="n3")) == []
    departed = {(APP.id, on(APP, 99).address): Departed(name="x", node_id="n1", at=NOW - 90)}
    assert codes(seen(topology=topology, node_id="n3", departed=departed)) == []


def test_a_view_that_lacks_a_task_is_told_by_the_task() -> None:
    """Not once more by its digest."""
    lacking = (_view(APP, (1, 2)), BOTH[1])
    topology = replace(SWARM, reports=_reports(BOTH, BOTH, lacking))

    assert codes(seen(lacking, topology, "n3")) == ["gossip_task_missing"]


# --- nodes that are gone ---


DOWN = replace(NODES[2], state="down")
WITHOUT_THIRD = replace(SWARM, nodes=(*NODES[:2], DOWN), tasks=TASKS[:2])
TWO = (_view(APP, (1, 2)), _view(DATA, (1, 2)))


def _agent(outcome: Outcome) -> Result:
    probe_id = ProbeId(
        probe=Kind.TCP,
        target=Target.NODE,
        network="host",
        source_service="agent",
        source_node="node1",
        destination_service="agent",
        destination_node="node3",
        endpoint="9877",
    )
    probe = Probe(
        id=probe_id,
        look=TcpLook(address=ADDRESSES[2], port=9877),
        vantage=HOST,
        interval_seconds=10,
        timeout_seconds=2,
    )
    return Result(probe=probe, outcome=outcome, detail="", started_at=NOW, seconds=0)


def test_a_node_that_is_down_and_still_a_peer_is_left_over() -> None:
    """One finding for all networks; none while its agent answers, since then it lives."""
    (finding,) = found(CHECKS, seen(TWO, WITHOUT_THIRD, results=(_agent(Outcome.TIMEOUT),)))

    assert (finding.code, finding.subject.peer) == ("gossip_node_left_over", "node3")
    assert len(finding.evidence) == 2
    assert codes(seen(TWO, WITHOUT_THIRD, results=(_agent(Outcome.OK),))) == []


def test_a_peer_that_is_no_node_is_left_over() -> None:
    """It was removed from the Swarm, and gossips on."""
    stranger = IPv4Address("198.18.0.99")
    views = (_view(APP, peers=(*ADDRESSES, stranger)), BOTH[1])

    (finding,) = found(CHECKS, seen(views))

    assert (finding.code, finding.subject.peer) == ("gossip_node_left_over", "")
    assert finding.subject.item == str(stranger)


def test_rows_that_lead_to_a_node_that_is_down_are_left_over() -> None:
    """An unknown VTEP is the forwarding entries' finding."""
    rows = tuple(
        FdbEntry(
            mac="02:42:0a:00:01:0d",
            device="vxlan0",
            vtep=IPv4Address(f"198.18.0.{last}"),
            permanent=True,
            bridge=False,
        )
        for last in (12, 13, 99)
    )
    overlay = NamespaceReading(
        vantage=Vantage(kind=VantageKind.OVERLAY, name="shop_app", netns="/netns/1-app"),
        network_id=APP.id,
        fdb=rows,
    )
    views = tuple(replace(view, peers=_without(3)) for view in TWO)

    (finding,) = found(
        CHECKS, seen(views, WITHOUT_THIRD, reading=NodeReading(namespaces=(overlay,)))
    )

    assert (finding.code, finding.subject.peer) == ("gossip_node_left_over", "node3")
    assert finding.evidence[0].what == "VTEPs of shop_app"
