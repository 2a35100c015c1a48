"""What do the checks say about single rows? The audit's word is the only one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from probes.audit.check import Answer
from probes.model.finding import Finding


def by_item(answers: Iterable[Answer]) -> Mapping[tuple[str, str], list[Finding]]:
    """Sort findings by their network and the item that they are about, such as an address."""
    found = defaultdict[tuple[str, str], list[Finding]](list)
    for answer in answers:
        if isinstance(answer, Finding):
            found[answer.subject.network, answer.subject.item].append(answer)
    return found


def by_service(answers: Iterable[Answer]) -> Mapping[tuple[str, str], str]:
    """Name what is wrong by (network, service)."""
    found = defaultdict[tuple[str, str], list[Finding]](list)
    for answer in answers:
        if isinstance(answer, Finding):
            found[answer.subject.network, answer.subject.service].append(answer)
    return {key: codes(findings) for key, findings in found.items()}


def codes(findings: Iterable[Finding]) -> str:
    """Name findings, each once."""
    return ", ".join(sorted({item.code for item in findings}))
