"""What may a service's names resolve to, asked from a task that shares networks with it?

Docker answers from the first of the asker's networks that knows the name (moby libnetwork
`Sandbox.ResolveName`), so there is one expected answer per shared network, and any will do.
"""

from collections.abc import Iterable

from probes.model.probe import ExpectedAnswer
from probes.model.topology import Service
from probes.plan.lookup import Lookup, address_on, vip_on


def of_service_name(
    service: Service,
    networks: Iterable[str],
    lookup: Lookup,
) -> tuple[ExpectedAnswer, ...]:
    """Expect the VIP, or the tasks of a service that has none (`endpoint_mode: dnsrr`)."""
    if service.endpoint_mode != "vip":
        return of_tasks_name(service, networks, lookup)
    vips = (vip_on(service, network_id) for network_id in networks)
    return tuple(ExpectedAnswer(required=frozenset({vip})) for vip in vips if vip)


def of_tasks_name(
    service: Service,
    networks: Iterable[str],
    lookup: Lookup,
) -> tuple[ExpectedAnswer, ...]:
    """Expect every running task's address; those on their way up or down may be there too."""
    answers = []
    for network_id in networks:
        tasks = [(task, address_on(task, network_id)) for task in lookup.tasks_of(service)]
        required = frozenset(address for task, address in tasks if address and task.running)
        allowed = frozenset(address for task, address in tasks if address and task.in_transition)
        if required:
            answers.append(ExpectedAnswer(required=required, allowed=allowed - required))
    return tuple(answers)
