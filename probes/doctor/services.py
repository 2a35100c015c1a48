"""Which task, service or target does not answer? By the looks that nothing else explains."""

from collections.abc import Iterable, Iterator

from probes.doctor.alike import explain_command, grouped, looks_at, nodes_of, ports, trouble_of
from probes.doctor.case import Case
from probes.doctor.scope import Scope, Symptom
from probes.doctor.trouble import Trouble
from probes.findings.spec import word
from probes.model.probe import Target

#: What is dead between two nodes alone is a matter of these two.
_WHOLE_NETWORK_PAIRS = 2


def networks(looks: Iterable[Symptom], case: Case) -> Iterator[Trouble]:
    """Tell of networks on which no task reaches one on another node, while others work."""
    working = {
        item.network for told in case.told for item in told.reached if told.node != item.node
    }
    crossing = [
        look for look in looks_at(looks, Target.TASK) if len(look.nodes) > 1 and look.network
    ]
    for network, found in grouped(crossing, lambda look: look.network):
        pairs = {look.nodes for look in found}
        if network in working or not working or len(pairs) < _WHOLE_NETWORK_PAIRS:
            continue
        yield trouble_of(
            "network_broken",
            "One overlay network works between no two nodes, while others do.",
            (f"network {network}",),
            Scope(networks=frozenset({network})),
            found,
            remedy=f"docker network inspect --verbose {word(network)}",
            next_command="probe audit --all",
            runbook="SwarmNetworkBroken",
        )


def tasks(looks: Iterable[Symptom], case: Case) -> Iterator[Trouble]:
    """Tell of what tasks serve and nobody reaches: one task of several, or all of a service's."""
    reached = {(item.task, item.endpoint) for told in case.told for item in told.reached}
    served = {(item.service, item.endpoint) for told in case.told for item in told.reached}
    dead = [
        look for look in looks_at(looks, Target.TASK) if (look.task, look.endpoint) not in reached
    ]
    for service, of_service in grouped(dead, lambda look: look.destination):
        endpoints = {look.endpoint for look in of_service}
        if not any((service, endpoint) in served for endpoint in endpoints):
            yield trouble_of(
                "service_unreachable",
                "A service runs, and nobody gets an answer from it" + _by_refusal(of_service),
                (f"service {service}", *ports(endpoints)),
                Scope(service=service, towards=True),
                of_service,
                remedy=_looked_into(service),
                next_command=explain_command(of_service[0], service),
                runbook="SwarmServiceUnreachable",
            )
            continue
        for task, of_task in grouped(of_service, lambda look: look.task):
            yield trouble_of(
                "task_unreachable",
                "One task of a service does not answer, while others of it do"
                + _by_refusal(of_task),
                (f"task {task}", *_nodes(of_task), *ports({look.endpoint for look in of_task})),
                Scope(service=service, task=task, towards=True),
                of_task,
                remedy=_looked_into(service),
                next_command=explain_command(of_task[0], task),
                runbook="SwarmTaskUnreachable",
            )


def _looked_into(service: str) -> str:
    name = word(service)
    return f"docker service ps --no-trunc {name}; docker service logs --tail 20 {name}"


def _by_refusal(looks: list[Symptom]) -> str:
    refused = all(": refused" in look.said for look in looks)
    return ": nothing listens on the port." if refused else "."


def _nodes(looks: list[Symptom]) -> tuple[str, ...]:
    return tuple(sorted({look.destination_node for look in looks}))


def underlay(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of nodes that others do not reach on the underlay, while somebody does."""
    for node, found in grouped(looks_at(looks, Target.NODE), lambda look: look.destination_node):
        sources = sorted({other for look in found for other in look.nodes - {node}})
        yield trouble_of(
            "underlay_blocked",
            "A node's agent is not reached from others on the nodes' own network: a firewall, or "
            "a way that is gone.",
            (node, *(f"from {source}" for source in sources)),
            Scope(node=node, looks=frozenset({str(Target.NODE)})),
            found,
            remedy=f"nft list ruleset; iptables -S INPUT  # on {word(node)}",
            next_command=f"probe audit --node {word(node)}",
            runbook="SwarmAgentMissing",
        )


def configured(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of targets of the configuration that do not answer."""
    for target, found in grouped(looks_at(looks, Target.STATIC), lambda look: look.destination):
        yield trouble_of(
            "target_down",
            "A target of the agents' configuration does not answer.",
            (f"target {target}", *nodes_of(found)),
            Scope(service=target, towards=True, looks=frozenset({str(Target.STATIC)})),
            found,
            remedy=f"probe tcp ADDRESS:PORT  # or as {word(target)} is configured",
            next_command="probe audit --all",
            runbook="SwarmTargetDown",
        )


def paths(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of what fails from one node to one service, and has nothing in common with the rest."""
    for (service, source), found in grouped(looks, _path):
        yield trouble_of(
            "path_broken",
            "A service cannot be reached from a node, and no known fault explains it.",
            (f"service {service}", f"from {source}"),
            Scope(service=service, node=source, towards=True),
            found,
            remedy=_looked_into(service),
            next_command=explain_command(found[0], found[0].task or service),
            runbook="SwarmPathBroken",
        )


def _path(look: Symptom) -> tuple[str, str]:
    return look.destination, min(look.nodes - {look.destination_node}, default="")
