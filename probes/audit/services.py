"""Does as much of each service run as should, and does it keep running?

A fact of the Swarm's, found by one node alone. Why tasks do not run is told with what follows from
it, not beside it; where no address is left for them, the network's own finding tells it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from probes.audit.check import Check
from probes.audit.own_service import own_service
from probes.audit.situation import Situation
from probes.audit.speaker import speaks_for_swarm
from probes.audit.usage import address_usage
from probes.findings import services as findings
from probes.model.failure import FailureReason, reason_of
from probes.model.finding import Evidence, Finding, Subject
from probes.model.topology import ENDED_STATES, Service, Task, TaskFailure

#: A task that Swarm can place is handed to its node within seconds.
_PLACED_WITHIN_SECONDS = 60.0
#: On its node it may have to wait for a large image, and for its first health checks.
_STARTED_WITHIN_SECONDS = 600.0
_UNPLACED_STATES = frozenset({"new", "pending", "assigned", "accepted"})
_UPDATING = frozenset({"updating", "rollback_started"})
_PAUSED = frozenset({"paused", "rollback_paused"})
#: A restart of an Engine ends each of its tasks once; one slot's third failure is its own.
_ENOUGH_FAILURES = 3
_PROVEN_AFTER_SECONDS = 5.0
#: Failures that go back further say nothing of what is now.
_LATELY_SECONDS = 600.0
_MOST_ROWS = 5
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staffing:
    """How many tasks of a service should run and do, and those that should and do not."""

    wanted: int
    running: int
    lacking: tuple[Task, ...]


def check_running(situation: Situation) -> Iterator[Finding]:
    """Count the tasks of each service; where all run, tell of those that wait or keep failing."""
    if not speaks_for_swarm(situation):
        return
    own = own_service(situation)
    full = {usage.network_id for usage in address_usage(situation) if usage.exhausted}
    for service in situation.topology.services:
        staffing = _staffing(service, situation)
        if staffing.running < staffing.wanted:
            if service == own:
                continue  # each agent that is missing is told of by name
            waits = _wait_for_address(service, staffing.lacking, full)
            if not waits and not _is_coming_up(service, staffing, situation):
                yield _lacking(service, staffing, situation)
        else:
            yield from _stuck(service, full, situation)
            yield from _failing(service, situation)


def _staffing(service: Service, situation: Situation) -> _Staffing:
    """Hold the live tasks of a service against their number; a job's end is no lack."""
    places = defaultdict[object, list[Task]](list)
    for task in situation.lookup.tasks_of(service):
        if task.desired_state not in ENDED_STATES and task.state != "complete":
            places[task.slot or task.node_id].append(task)
    wanted = _wanted(service, places, situation)
    lacking = {
        place: tasks
        for place, tasks in places.items()
        if not any(
            (task.running and not _has_yet_to_prove_itself(service, task, situation))
            or _is_taking_over(service, task, situation)
            or _is_resting(service, task, situation)
            for task in tasks
        )
    }
    return _Staffing(
        wanted=wanted,
        running=min(wanted, len(places) - len(lacking)),
        lacking=tuple(task for tasks in lacking.values() for task in tasks),
    )


def _wanted(service: Service, places: Collection[object], situation: Situation) -> int:
    """Count the slots or, of a global service, the nodes that should have a running task.

    Where not every ended task is replaced, what has no task any more may have ended as it was
    meant to. Which nodes fulfil constraints is not known: of those the tasks tell.
    """
    if service.mode == "replicated":
        replicas = service.replicas or 0
        return replicas if service.restart_condition == "any" else min(replicas, len(places))
    if service.mode == "global":
        able = {
            node.id
            for node in situation.topology.nodes
            if (node.state, node.availability) == ("ready", "active")
        }
        everywhere = not service.constraints and service.restart_condition == "any"
        return len(able.union(places)) if everywhere else len(places)
    return 0


def _has_yet_to_prove_itself(service: Service, task: Task, situation: Situation) -> bool:
    """Tell whether a task, others of which failed lately, has run for no more than a moment.

    One that fails at once is running whenever Swarm has just started it.
    """
    for_seconds = situation.now - task.updated_at
    return for_seconds < _PROVEN_AFTER_SECONDS and any(_failed_lately(service, situation))


def _is_taking_over(service: Service, task: Task, situation: Situation) -> bool:
    """Tell whether an update has just stopped one task, and this one takes its place."""
    young = _age(task, situation) < _PLACED_WITHIN_SECONDS
    return service.update_state in _UPDATING and task.in_transition and young


def _is_coming_up(service: Service, staffing: _Staffing, situation: Situation) -> bool:
    """Tell whether none of a service's tasks runs yet, and all are on their way for the first time.

    A service of which something failed is not waited for: it is down, however often Swarm tries.
    """
    return (
        not staffing.running
        and bool(staffing.lacking)
        and not any(_failed_lately(service, situation))
        and all(_is_on_its_way(task, situation) for task in staffing.lacking)
    )


def _is_on_its_way(task: Task, situation: Situation) -> bool:
    return task.in_transition and _age(task, situation) < _limit(task)


def _limit(task: Task) -> float:
    """Give the time, in seconds, within which a task should have left its state."""
    return _PLACED_WITHIN_SECONDS if task.state in _UNPLACED_STATES else _STARTED_WITHIN_SECONDS


def _is_resting(service: Service, task: Task, situation: Situation) -> bool:
    """Tell whether a task waits for its next turn, after one that ended well.

    So do services that are run every so often by a long `restart_policy.delay`.
    """
    return task.desired_state == "ready" and not list(_failed_lately(service, situation))


def _failed_lately(service: Service, situation: Situation) -> Iterator[TaskFailure]:
    for item in situation.topology.failures:
        if item.service_id == service.id and situation.now - item.last_at < _LATELY_SECONDS:
            yield item


def _wait_for_address(service: Service, lacking: Collection[Task], full: Collection[str]) -> bool:
    """Tell whether it is a full subnet that keeps tasks from running: that has its own finding."""
    joined = {attachment.network_id for attachment in service.attachments}
    return bool(lacking) and not joined.isdisjoint(full) and {t.state for t in lacking} == {"new"}


def _lacking(service: Service, staffing: _Staffing, situation: Situation) -> Finding:
    spec = findings.DEGRADED if staffing.running else findings.DOWN
    rows = [
        Evidence(what="running tasks", expected=str(staffing.wanted), actual=str(staffing.running)),
    ]
    if service.update_state in _PAUSED:
        rows.append(Evidence(what="update", expected="completed", actual=service.update_state))
    shown = staffing.lacking[:_MOST_ROWS]
    rows += [_waiting(task, situation) for task in shown]
    rows += [
        Evidence(
            what="failed tasks",
            expected="none",
            actual=f"{item.count}, the last {situation.now - item.last_at:.0f} s ago"
            f" ({item.reason}): {item.error[:_MOST_CHARACTERS]}",
        )
        for item in _failed_lately(service, situation)
    ]
    return spec.found(Subject(service=service.name), *rows)


def _waiting(task: Task, situation: Situation) -> Evidence:
    node = situation.lookup.nodes.get(task.node_id)
    where = f" on {node.name}" if node else ""
    words = f"{task.state}{where}, made {_age(task, situation):.0f} s ago"
    if task.error:
        words += f" ({reason_of(task.error)}): {task.error[:_MOST_CHARACTERS]}"
    return Evidence(what=situation.lookup.name_of(task), expected="running", actual=words)


def _age(task: Task, situation: Situation) -> float:
    """Tell how long ago a task was made, in seconds; 0 while that is unknown."""
    return situation.now - task.created_at if task.created_at else 0.0


def _stuck(service: Service, full: Collection[str], situation: Situation) -> Iterator[Finding]:
    """Find tasks that should run and do not get there, beside those that do: one for a reason."""
    waiting = defaultdict[FailureReason, list[Task]](list)
    for task in situation.lookup.tasks_of(service):
        wanted = task.desired_state == "running" and task.in_transition
        if wanted and _age(task, situation) > _limit(task):
            waiting[reason_of(task.error)].append(task)
    for reason, tasks in sorted(waiting.items()):
        if not _wait_for_address(service, tasks, full):
            rows = [_waiting(task, situation) for task in tasks[:_MOST_ROWS]]
            yield findings.STUCK.found(Subject(service=service.name, item=reason), *rows)


def _failing(service: Service, situation: Situation) -> Iterator[Finding]:
    for item in _failed_lately(service, situation):
        if item.repeated >= _ENOUGH_FAILURES:
            evidence = Evidence(
                what="failed tasks of one slot",
                expected="none",
                actual=f"{item.repeated}, the last {situation.now - item.last_at:.0f} s ago:"
                f" {item.error[:_MOST_CHARACTERS]}",
            )
            yield findings.FAILING.found(Subject(service=service.name, item=item.reason), evidence)


def check_spread(situation: Situation) -> Iterator[Finding]:
    """Find services that would be gone with one node; where constraints are, it may be meant."""
    if not speaks_for_swarm(situation):
        return
    able = [
        node.name
        for node in situation.topology.nodes
        if (node.state, node.availability) == ("ready", "active")
    ]
    for service in situation.topology.services:
        tasks = [task for task in situation.lookup.tasks_of(service) if task.running]
        nodes = {task.node_id for task in tasks}
        if service.mode != "replicated" or service.constraints:
            continue
        if len(nodes) != 1 or len(tasks) == 1:
            continue
        node = situation.lookup.nodes.get(nodes.pop())
        if node is None or set(able) <= {node.name}:
            continue
        evidence = Evidence(
            what=f"nodes of {len(tasks)} tasks",
            expected=f"several of {', '.join(sorted(able))}",
            actual=node.name,
        )
        subject = Subject(service=service.name, peer=node.name)
        yield findings.ON_ONE_NODE.found(subject, evidence)


CHECKS = (
    Check(
        name="services",
        finds=(findings.DOWN, findings.DEGRADED, findings.STUCK, findings.FAILING),
        run=check_running,
    ),
    Check(name="spread", finds=(findings.ON_ONE_NODE,), run=check_spread),
)
