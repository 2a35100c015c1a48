"""Which names, virtual IPs and published ports lead nowhere, though their tasks answer?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from probes.doctor.alike import explain_command, looks_at, nodes_of, trouble_of
from probes.doctor.scope import Scope, Symptom
from probes.doctor.trouble import Trouble
from probes.findings.spec import word
from probes.model.probe import Target


def names(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of names that do not lead to their services."""
    found = looks_at(looks, Target.NAME)
    if found:
        first = found[0]
        source = min(first.services - {first.destination}, default=first.destination)
        asked, node = first.endpoint or first.destination, min(first.nodes)
        yield _of_several(
            "name_wrong",
            "A service's name gives no address, or a wrong one.",
            found,
            remedy=_made_anew(found),
            next_command=f"probe dns {word(asked)} --from {word(source)}  # on {word(node)}",
            runbook="SwarmDnsWrong",
        )


def balanced(looks: Iterable[Symptom]) -> Iterator[Trouble]:
    """Tell of virtual IPs and published ports that do not answer, though their tasks do."""
    virtual, published = looks_at(looks, Target.VIP), looks_at(looks, Target.PUBLISHED)
    if virtual:
        yield _of_several(
            "virtual_ip_dead",
            "A service's virtual IP does not answer, though its tasks do.",
            virtual,
            remedy=_made_anew(virtual),
            next_command=explain_command(virtual[0], virtual[0].destination),
            runbook="SwarmLoadBalancerBroken",
        )
    if published:
        node, service = word(min(published[0].nodes)), word(published[0].destination)
        yield _of_several(
            "published_port_dead",
            "A published port does not answer, though its tasks do.",
            published,
            remedy=f"docker service ps {service}; iptables -t nat -S DOCKER-INGRESS  # on {node}",
            next_command=f"probe audit --node {node}",
            runbook="SwarmPublishedPortDead",
        )


def _made_anew(looks: list[Symptom]) -> str:
    return f"docker service update --force {word(looks[0].destination)}"


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
    trouble = trouble_of(
        code,
        what,
        (*(f"service {service}" for service in services), *nodes_of(looks)),
        Scope(),
        looks,
        remedy=remedy,
        next_command=next_command,
        runbook=runbook,
    )
    kinds = frozenset(look.look for look in looks)
    return replace(
        trouble,
        scopes=tuple(Scope(service=name, towards=True, looks=kinds) for name in services),
    )
