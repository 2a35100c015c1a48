"""What became of the tasks that Swarm has replaced, and keeps for people to read?"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from probes.model.failure import FailureReason, reason_of
from probes.model.topology import Task, TaskFailure

_FAILED_STATES = frozenset({"failed", "rejected"})
#: Longer words are an Engine's whole stack of causes; the first ones name it.
_MOST_CHARACTERS = 300


def sum_up(history: Iterable[Task]) -> tuple[TaskFailure, ...]:
    """Count the failed and rejected ones: one row for each service and reason, in their order."""
    rows = defaultdict[tuple[str, FailureReason], list[Task]](list)
    for task in history:
        if task.state in _FAILED_STATES:
            rows[task.service_id, reason_of(task.error)].append(task)
    return tuple(_row(key, tasks) for key, tasks in sorted(rows.items()))


def _row(key: tuple[str, FailureReason], tasks: list[Task]) -> TaskFailure:
    service_id, reason = key
    latest = max(tasks, key=lambda task: (task.updated_at, task.id))
    return TaskFailure(
        service_id=service_id,
        reason=reason,
        count=len(tasks),
        repeated=max(Counter(task.slot or task.node_id for task in tasks).values()),
        error=latest.error[:_MOST_CHARACTERS],
        first_at=min(task.updated_at for task in tasks),
        last_at=latest.updated_at,
    )
