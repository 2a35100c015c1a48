"""What have looks in common, and how is a trouble made of those that are alike?"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from probes.doctor.scope import Scope, Symptom
from probes.doctor.trouble import Trouble
from probes.findings.spec import word
from probes.model.finding import Severity
from probes.model.probe import Target

_Key = TypeVar("_Key", bound=Hashable)
_SHOWN = 3


def looks_at(looks: Iterable[Symptom], target: Target) -> list[Symptom]:
    """Take the looks that are aimed at one kind of target."""
    return [look for look in looks if look.look == target]


def grouped(
    looks: Iterable[Symptom], key: Callable[[Symptom], _Key]
) -> list[tuple[_Key, list[Symptom]]]:
    """Put looks together that have something in common, in the order of the first of each."""
    groups = defaultdict[_Key, list[Symptom]](list)
    for look in looks:
        groups[key(look)].append(look)
    return list(groups.items())


def explain_command(look: Symptom, destination: str) -> str:
    """Write the command that walks the way of a look."""
    source = min(look.services - {look.destination}, default=look.destination)
    port = look.endpoint.partition("/")[0]
    return f"probe explain {word(source)} {word(destination)}" + (
        f":{port}" if port.isdigit() else ""
    )


def trouble_of(
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
    """Make a trouble of looks that fail for one reason."""
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
        of_looks=True,
    )


def nodes_of(looks: list[Symptom]) -> tuple[str, ...]:
    """Name the nodes that looks have to do with."""
    return tuple(sorted({node for look in looks for node in look.nodes}))


def ports(endpoints: set[str]) -> tuple[str, ...]:
    """Name what is served; an echo needs no name."""
    return tuple(f"port {endpoint}" for endpoint in sorted(endpoints) if endpoint)
