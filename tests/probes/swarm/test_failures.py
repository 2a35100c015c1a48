"""What is told of tasks that Swarm has replaced?"""

import json

import pytest

from probes.model.failure import FailureReason, reason_of
from probes.model.topology import Task, TaskFailure, Topology
from probes.swarm.parse import parse_topology
from probes.wire import dump_topology, load_topology


def _raw(number: int, state: str, error: str, service: str = "s1") -> dict[str, object]:
    return {
        "ID": f"t{number}",
        "ServiceID": service,
        "DesiredState": "shutdown",
        "Status": {"State": state, "Err": error, "Timestamp": f"1970-01-01T00:00:{number:02}Z"},
    }


def _topology(*tasks: dict[str, object]) -> Topology:
    return parse_topology(info={}, nodes=[], networks=[], services=[], tasks=tasks, read_at=1.0)


def test_one_row_for_each_service_and_reason() -> None:
    """How many, when the first and the latest, and what the latest said."""
    topology = _topology(
        _raw(12, "failed", "task: non-zero exit (2)"),
        _raw(11, "failed", "task: non-zero exit (1)"),
        _raw(13, "rejected", "No such image: nowhere:1"),
        _raw(14, "shutdown", ""),
        _raw(15, "failed", "task: non-zero exit (1)", service="s0"),
    )

    assert topology.tasks == ()
    assert topology.failures == (
        TaskFailure(
            service_id="s0",
            reason=FailureReason.EXIT,
            count=1,
            error="task: non-zero exit (1)",
            first_at=15,
            last_at=15,
        ),
        TaskFailure(
            service_id="s1",
            reason=FailureReason.EXIT,
            count=2,
            repeated=2,
            error="task: non-zero exit (2)",
            first_at=11,
            last_at=12,
        ),
        TaskFailure(
            service_id="s1",
            reason=FailureReason.IMAGE,
            count=1,
            error="No such image: nowhere:1",
            first_at=13,
            last_at=13,
        ),
    )
    assert load_topology(dump_topology(topology)) == topology


def test_the_slot_that_failed_most_is_counted() -> None:
    """An Engine's restart ends a task of every slot; a broken one fails again and again."""
    once = [_raw(number, "failed", "x") | {"Slot": number} for number in (1, 2, 3)]
    again = _raw(4, "failed", "x") | {"Slot": 3}

    [failure] = _topology(*once, again).failures

    assert (failure.count, failure.repeated) == (4, 2)


def test_an_endless_error_is_cut() -> None:
    """A report of the Swarm has no room for pages."""
    [failure] = _topology(_raw(1, "failed", "x" * 5000)).failures

    assert failure.error == "x" * 300


def test_a_task_that_is_still_wanted_is_no_history() -> None:
    """It failed, and Swarm has not replaced it yet: it stays among the tasks."""
    failed = {**_raw(1, "failed", "task: non-zero exit (1)"), "DesiredState": "running"}

    topology = _topology(failed)

    assert topology.failures == ()
    assert [task.state for task in topology.tasks] == ["failed"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("No such image: nowhere:1@sha256:abc", FailureReason.IMAGE),
        ("task: non-zero exit (137)", FailureReason.EXIT),
        ("task: non-zero exit (137): dockerexec: unhealthy container", FailureReason.HEALTH),
        ("no suitable node (insufficient resources on 3 nodes)", FailureReason.PLACEMENT),
        ("no suitable node (host-mode port already in use on 3 nodes)", FailureReason.PORT),
        ("failed to allocate gateway (10.0.1.1): Address already in use", FailureReason.ADDRESS),
        ("could not find an available IP while allocating VIP", FailureReason.ADDRESS),
        (
            "network sandbox join failed: error creating vxlan interface: file exists",
            FailureReason.VXLAN,
        ),
        ("network shop_app not found", FailureReason.NETWORK),
        (
            "attaching to network failed, make sure your network options are correct",
            FailureReason.NETWORK,
        ),
        (
            "invalid mount config for type bind: bind source path does not exist",
            FailureReason.MOUNT,
        ),
        ("secret reference abc does not exist", FailureReason.SECRET),
        (
            'OCI runtime create failed: exec: "serve": executable file not found in $PATH',
            FailureReason.COMMAND,
        ),
        ("a fault of tomorrow's Engine", FailureReason.OTHER),
        ("", FailureReason.OTHER),
    ],
)
def test_reasons(error: str, reason: FailureReason) -> None:
    """What names the cause comes before what names the moment."""
    assert reason_of(error) is reason


def test_a_topology_of_an_older_agent_is_understood() -> None:
    """During an update one agent's documents lack what another's know."""
    task = {"id": "t1", "service_id": "s1", "node_id": "n1", "slot": 1}
    older = {"tasks": [{**task, "state": "running", "desired_state": "running"}]}

    topology = load_topology(json.dumps(older).encode())

    assert topology.failures == ()
    assert topology.tasks == (
        Task(
            id="t1",
            service_id="s1",
            node_id="n1",
            slot=1,
            state="running",
            desired_state="running",
        ),
    )
