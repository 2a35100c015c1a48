"""Are services that do not run as they should told, once, with the reason?"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from probes.audit.services import CHECKS
from probes.model.failure import FailureReason
from probes.model.topology import Task, TaskFailure, Topology
from tests.probes.audit.situations import NOW, found, situation
from tests.swarms import APP, NODE1, NODE2, NODE3, service, task

LEADER = replace(NODE1, leader=True, reachability="reachable")
WEB = replace(service("shop_web", APP, vip=2), replicas=2)
WEB_1, WEB_2 = task(WEB, 1, NODE1, 3), task(WEB, 2, NODE2, 4)
SWARM = Topology(
    nodes=(LEADER, NODE2, NODE3),
    networks=(APP,),
    services=(WEB,),
    tasks=(WEB_1, WEB_2),
    read_at=NOW,
)


def waiting(of: Task, state: str, seconds: float, error: str = "") -> Task:
    """Make a task that has been in a state before running for so long."""
    return replace(of, state=state, created_at=NOW - seconds, error=error)


def failed(count: int, seconds_ago: float, repeated: int = 5) -> TaskFailure:
    return TaskFailure(
        service_id=WEB.id,
        reason=FailureReason.IMAGE,
        count=count,
        repeated=repeated,
        error="No such image: nowhere:1",
        first_at=NOW - seconds_ago - 60,
        last_at=NOW - seconds_ago,
    )


def codes(topology: Topology, node_id: str = "n1") -> list[tuple[str, str]]:
    findings = found(CHECKS, situation(topology, node_id=node_id))
    return [(item.code, item.subject.item or item.subject.peer) for item in findings]


def test_services_that_run_are_no_finding() -> None:
    """As many as wanted, on several nodes."""
    assert codes(SWARM) == []


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda s: replace(s, tasks=()), ("service_down", "")),
        (lambda s: replace(s, tasks=(WEB_1,)), ("service_degraded", "")),
        (
            lambda s: replace(s, tasks=(WEB_1, waiting(WEB_2, "pending", 90, "no suitable node"))),
            ("service_degraded", ""),
        ),
        (
            lambda s: replace(s, tasks=(WEB_1, WEB_2, waiting(task(WEB, 2, NODE3, 5), "new", 90))),
            ("service_stuck", "other"),
        ),
        (
            lambda s: replace(
                s,
                tasks=(
                    WEB_1,
                    WEB_2,
                    waiting(task(WEB, 2, NODE3, 5), "pending", 90, "no suitable node (...)"),
                ),
            ),
            ("service_stuck", "placement"),
        ),
        (lambda s: replace(s, failures=(failed(5, 30),)), ("service_failing", "image")),
        (
            lambda s: replace(s, tasks=(WEB_1, replace(WEB_2, node_id=NODE1.id))),
            ("service_on_one_node", "node1"),
        ),
    ],
)
def test_each_fault_is_one_finding(
    break_it: Callable[[Topology], Topology],
    expected: tuple[str, str],
) -> None:
    """What follows from it is not told beside it, and only the leader's node tells it."""
    broken = break_it(SWARM)

    assert codes(broken) == [expected]
    assert codes(broken, node_id="n2") == []


@pytest.mark.parametrize(
    "topology",
    [
        replace(SWARM, services=(replace(WEB, replicas=0),), tasks=()),
        # Meant to run once: whether it ended well is not known, and it may have.
        replace(SWARM, services=(replace(WEB, restart_condition="none"),), tasks=()),
        replace(SWARM, services=(replace(WEB, mode="replicated-job"),), tasks=()),
        # One task after the other is replaced.
        replace(
            SWARM,
            services=(replace(WEB, update_state="updating"),),
            tasks=(WEB_1, waiting(WEB_2, "starting", 5)),
        ),
        # Pulling an image takes its time.
        replace(SWARM, tasks=(WEB_1, WEB_2, waiting(task(WEB, 2, NODE3, 5), "preparing", 90))),
        # Nobody knows how long it has been waiting.
        replace(SWARM, tasks=(WEB_1, WEB_2, replace(task(WEB, 2, NODE3, 5), state="new"))),
        # The next one after a failure, held back by the restart's delay.
        replace(
            SWARM,
            tasks=(WEB_1, WEB_2, replace(waiting(WEB_2, "ready", 90), desired_state="ready")),
        ),
        # An Engine was restarted, which ends each of its tasks once.
        replace(SWARM, failures=(failed(5, 30, repeated=1),)),
        replace(SWARM, failures=(failed(5, 3600),)),
        # It may be meant to be there, or there is nowhere else to be.
        replace(
            SWARM,
            services=(replace(WEB, constraints=("node.role==manager",)),),
            tasks=(WEB_1, replace(WEB_2, node_id=NODE1.id)),
        ),
        replace(
            SWARM,
            nodes=(LEADER, replace(NODE2, availability="drain"), replace(NODE3, state="down")),
            tasks=(WEB_1, replace(WEB_2, node_id=NODE1.id)),
        ),
    ],
)
def test_what_may_be_meant_is_no_finding(topology: Topology) -> None:
    """Scaled to nothing, jobs, updates, image pulls, restarts, constraints."""
    assert codes(topology) == []


GLOBAL = replace(WEB, mode="global", replicas=None)
EVERYWHERE = tuple(
    replace(task(GLOBAL, 0, at, 10 + number), slot=None)
    for number, at in enumerate((NODE1, NODE2, NODE3))
)


def test_a_global_service_is_wanted_on_every_node_that_takes_tasks() -> None:
    """Not on one that is drained or down."""
    whole = replace(SWARM, services=(GLOBAL,), tasks=EVERYWHERE)
    without = replace(whole, tasks=EVERYWHERE[:2])

    assert codes(whole) == []
    assert codes(without) == [("service_degraded", "")]
    for away in (replace(NODE3, availability="drain"), replace(NODE3, state="down")):
        assert codes(replace(without, nodes=(LEADER, NODE2, away))) == []


def test_where_constraints_lead_is_told_by_the_tasks_alone() -> None:
    """Nodes' labels are not known here, so a node without a task may be meant to have none."""
    only = replace(GLOBAL, constraints=("node.labels.disk==ssd",))
    topology = replace(SWARM, services=(only,), tasks=EVERYWHERE[:2])
    waits = replace(EVERYWHERE[1], state="pending", created_at=NOW - 90)

    assert codes(topology) == []
    assert codes(replace(topology, tasks=(EVERYWHERE[0], waits))) == [("service_degraded", "")]


def test_a_service_that_rests_between_its_turns_is_not_down() -> None:
    """A long restart delay makes it run every so often; after a failure the same is a lack."""
    rests = replace(WEB_1, state="ready", desired_state="ready")
    topology = replace(SWARM, services=(replace(WEB, replicas=1),), tasks=(rests,))

    assert codes(topology) == []
    assert codes(replace(topology, failures=(failed(1, 30),))) == [("service_down", "")]


def test_the_evidence_says_why() -> None:
    """Numbers first, then each task that waits, then what failed lately, each with its class."""
    error = 'network sandbox join failed: error creating vxlan interface: file exists "x"'
    lost = waiting(WEB_2, "preparing", 90, error)
    topology = replace(
        SWARM,
        services=(replace(WEB, update_state="paused"),),
        tasks=(WEB_1, lost),
        failures=(failed(5, 30),),
    )

    (finding,) = found(CHECKS, situation(topology))

    rows = [(row.what, row.expected, row.actual) for row in finding.evidence]
    assert rows == [
        ("running tasks", "2", "1"),
        ("update", "completed", "paused"),
        ("shop_web.2", "running", f"preparing on node2, made 90 s ago (vxlan): {error}"),
        ("failed tasks", "none", "5, the last 30 s ago (image): No such image: nowhere:1"),
    ]


def test_a_full_network_tells_itself_why_tasks_stay_new() -> None:
    """The service is not told beside it."""
    tiny = replace(APP, subnets=(IPv4Network("10.0.1.0/30"),))
    topology = replace(SWARM, tasks=(WEB_1, waiting(WEB_2, "new", 90)))

    assert codes(topology) == [("service_degraded", "")]
    assert codes(replace(topology, networks=(tiny,))) == []


DOWN = replace(SWARM, tasks=(waiting(WEB_1, "preparing", 90), waiting(WEB_2, "new", 5)))


def test_a_service_that_comes_up_for_the_first_time_is_waited_for() -> None:
    """Its images are on their way; once something of it has failed it is down."""
    assert codes(DOWN) == []
    assert codes(replace(DOWN, failures=(failed(1, 5, repeated=1),))) == [("service_down", "")]


def test_a_service_that_does_not_come_up_is_down() -> None:
    """One of its tasks has been waiting for a place for too long."""
    stuck = replace(DOWN, tasks=(DOWN.tasks[0], waiting(WEB_2, "pending", 90)))

    assert codes(stuck) == [("service_down", "")]


def test_a_task_that_fails_at_each_start_does_not_count_when_it_was_just_started() -> None:
    """A few seconds later it has proven itself."""
    tasks = [replace(item, updated_at=NOW - 2) for item in (WEB_1, WEB_2)]
    failing = replace(SWARM, tasks=tuple(tasks), failures=(failed(1, 5, repeated=1),))
    proven = replace(failing, tasks=tuple(replace(item, updated_at=NOW - 6) for item in tasks))

    assert codes(replace(failing, failures=())) == []
    assert codes(failing) == [("service_down", "")]
    assert codes(proven) == []
