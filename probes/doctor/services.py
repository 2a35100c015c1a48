"""Which task, service, name or port does not answer? By the looks that nothing else explains."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from probes.doctor.case import Case
from probes.doctor.scope import Scope, Symptom
from probes.doctor.trouble import Trouble
from probes.model.finding import Severity
from probes.model.probe import Target

_Key = TypeVar("_Key", bound=Hashable)
#: What is dead between two nodes alone is a matter of these two.
_WHOLE_NETWORK_PAIRS = 2
#: Of looks that are alike.
_SHOWN = 3


def networks(looks: Iterable[Symptom], case: Case) -> Iterator[Trouble]:
    """Tell of networks on which no task reaches one on another node, while others work."""
    working = {
        item.network for told in case.told for item in told.reached if told.node != item.node
    }
    crossing = [look for look in _at(looks, Target.TASK) if len(look.nodes) > 1 and look.network]
    for network, found in _grouped(crossing, lambda look: look.network):
        pairs = {look.nodes for look in found}
        if network in working or not working or len(pairs) < _WHOLE_NETWORK_PAIRS:
            continue
        yield _trouble(
            "network_broken",
            "One overlay network works between no two nodes, while others do.",
            (f"network {network}",),
            Scope(networks=frozenset({network})),
            found,
            remedy=f"docker network inspect --verbose {network}",
            next_command="probe audit --all",
            runbook="SwarmNetworkBroken",
        )


def tasks(looks: Iterable[Symptom], case: Case) -> Iterator[Trouble]:
    """Tell of what tasks serve and nobody reaches: one task of several, or all of a service's."""
    reached = {(item.task, item.endpoint) for told in case.told for item in told.reached}
    served = {(item.service, item.endpoint) for told in case.told for item in told.reached}
    dead = [look for look in _at(looks, Target.TASK) if (look.task, look.endpoint) not in reached]
    for service, of_service in _grouped(dead, lambda look: look.destination):
        endpoints = {look.endpoint for look in of_service}
        if not any((service, endpoint) in served for endpoint in endpoints):
            yield _trouble(
                "service_unreachable",
                "A service runs, and nobody gets an answer from it" + _by_refusal(of_service),
                (f"service {service}", *_ports(endpoints)),
                Scope(service=service, towards=True),
                of_service,
                remedy=f"docker service logs --tail 20 {service}; docker service ps {service}",
                next_command=_explain(of_service[0], service),
                runbook="SwarmServiceUnreachable",
            )
            continue
        for task, of_task in _grouped(of_service, lambda look: look.task):
            yield _trouble(
                "task_unreachable",
                "One task of a service does not answer, while others of it do"
                + _by_refusal(of_task),
                (f"task {task}", *_nodes(of_task), *_ports({look.endpoint for look in of_task})),
                Scope(service=service, task=task, towards=True),
                of_task,
                remedy=f"docker service ps --no-trunc {service}; docker service logs --tail 20 "
                f"{service}",
                next_command=_explain(of_task[0], task),
                runbook="SwarmTaskUnreachable",
            )


def _by_refusal(looks: list[Symptom]) -> str:
    refused = all(": refused" in look.said for look in looks)
    return ": nothing listens on the port." if refused else "."


def _nodes(looks: list[Symptom]) -> tuple[str, ...]:
    return tuple(sorted({look.destination_node for look in looks}))


def _ports(endpoints: set[str]) -> tuple[str, ...]:
    return tuple(f"port {endpoint}" for endpoint in sorted(endpoints) if endpoint)


def names(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of names that do not lead to their services."""
    found = _at(looks, Target.NAME)
    if found:
        first = found[0]
        source = min(first.services - {first.destination}, default=first.destination)
        asked = first.endpoint or first.destination
        yield _of_several(
            "name_wrong",
            "A service's name gives no address, or a wrong one.",
            found,
            remedy="docker service update --force {service}",
            next_command=f"probe dns {asked} --from {source}  # on {min(first.nodes)}",
            runbook="SwarmDnsWrong",
        )


def balanced(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of virtual IPs and published ports that do not answer, though their tasks do."""
    virtual, published = _at(looks, Target.VIP), _at(looks, Target.PUBLISHED)
    if virtual:
        yield _of_several(
            "virtual_ip_dead",
            "A service's virtual IP does not answer, though its tasks do.",
            virtual,
            remedy="docker service update --force {service}",
            next_command=_explain(virtual[0], virtual[0].destination),
            runbook="SwarmLoadBalancerBroken",
        )
    if published:
        node = min(published[0].nodes)
        yield _of_several(
            "published_port_dead",
            "A published port does not answer, though its tasks do.",
            published,
            remedy="docker service ps {service}; iptables -t nat -S DOCKER-INGRESS  # on " + node,
            next_command=f"probe audit --node {node}",
            runbook="SwarmPublishedPortDead",
        )


def _of_several(
    code: str,
    what: str,
    looks: list[Symptom],
    *,
    remedy: str,
    next_command: str,
    runbook: str,
) -> Trouble:
    """Make one trouble of what fails alike at several services: as a rule it has one cause."""
    services = sorted({look.destination for look in looks})
    trouble = _trouble(
        code,
        what,
        (*(f"service {service}" for service in services), *_on(looks)),
        Scope(),
        looks,
        remedy=remedy.format(service=services[0]),
        next_command=next_command,
        runbook=runbook,
    )
    kinds = frozenset(look.look for look in looks)
    return replace(
        trouble,
        scopes=tuple(Scope(service=name, towards=True, looks=kinds) for name in services),
    )


def _on(looks: list[Symptom]) -> tuple[str, ...]:
    return tuple(sorted({node for look in looks for node in look.nodes}))


def underlay(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of nodes that others do not reach on the underlay, while somebody does."""
    for node, found in _grouped(_at(looks, Target.NODE), lambda look: look.destination_node):
        sources = sorted({other for look in found for other in look.nodes - {node}})
        yield _trouble(
            "underlay_blocked",
            "A node's agent is not reached from others on the nodes' own network: a firewall, or "
            "a way that is gone.",
            (node, *(f"from {source}" for source in sources)),
            Scope(node=node, looks=frozenset({str(Target.NODE)})),
            found,
            remedy=f"nft list ruleset; iptables -S INPUT  # on {node}",
            next_command=f"probe audit --node {node}",
            runbook="SwarmAgentMissing",
        )


def configured(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of targets of the configuration that do not answer."""
    for target, found in _grouped(_at(looks, Target.STATIC), lambda look: look.destination):
        yield _trouble(
            "target_down",
            "A target of the agents' configuration does not answer.",
            (f"target {target}", *_on(found)),
            Scope(service=target, towards=True, looks=frozenset({str(Target.STATIC)})),
            found,
            remedy=f"probe tcp ADDRESS:PORT  # or as {target} is configured",
            next_command="probe doctor",
            runbook="SwarmTargetDown",
        )


def paths(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of what fails from one node to one service, and has nothing in common with the rest."""
    for (service, source), found in _grouped(looks, _path):
        yield _trouble(
            "path_broken",
            "A service cannot be reached from a node, and no known fault explains it.",
            (f"service {service}", f"from {source}"),
            Scope(service=service, node=source, towards=True),
            found,
            remedy=_explain(found[0], found[0].task or service),
            next_command=_explain(found[0], found[0].task or service),
            runbook="SwarmPathBroken",
        )


def _path(look: Symptom) -> tuple[str, str]:
    return look.destination, min(look.nodes - {look.destination_node}, default="")


def _at(looks: Iterable[Symptom], target: Target) -> list[Symptom]:
    return [look for look in looks if look.look == target]


def _grouped(
    looks: Iterable[Symptom], key: Callable[[Symptom], _Key]
) -> list[tuple[_Key, list[Symptom]]]:
    groups = defaultdict[_Key, list[Symptom]](list)
    for look in looks:
        groups[key(look)].append(look)
    return list(groups.items())


def _explain(look: Symptom, destination: str) -> str:
    source = min(look.services - {look.destination}, default=look.destination)
    port = look.endpoint.partition("/")[0]
    return f"probe explain {source} {destination}" + (f":{port}" if port.isdigit() else "")


def _trouble(
    code: str,
    what: str,
    where: tuple[str, ...],
    scope: Scope,
    looks: list[Symptom],
    *,
    remedy: str,
    next_command: str,
    runbook: str,
) -> Trouble:
    return Trouble(
        code=code,
        severity=Severity.CRITICAL,
        what=what,
        where=where,
        since=min(look.since for look in looks),
        evidence=tuple(dict.fromkeys(look.said for look in looks))[:_SHOWN],
        remedies=(remedy,),
        next=next_command,
        references=(f"docs/runbooks/{runbook}.md",),
        scopes=(scope,),
        # The routing mesh gives a share of requests to what does not answer, too.
        explains=("ingress_port_dead",) if scope.service and not scope.looks else (),
        of_looks=True,
    )
