"""What does one round of all checks find?"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from probes.audit import (
    addresses,
    balancer,
    control,
    declared,
    dns,
    encryption,
    fdb,
    gossip,
    host,
    ingress,
    overlay,
    services,
)
from probes.audit.check import Check
from probes.audit.situation import Situation
from probes.model.finding import Finding
from probes.model.reading import CouldNotLook

logger = logging.getLogger(__name__)

#: Every check there is, one line a family.
CHECKS: tuple[Check, ...] = (
    *fdb.CHECKS,
    *overlay.CHECKS,
    *encryption.CHECKS,
    *dns.CHECKS,
    *services.CHECKS,
    *addresses.CHECKS,
    *balancer.CHECKS,
    *host.CHECKS,
    *ingress.CHECKS,
    *gossip.CHECKS,
    *control.CHECKS,
    *declared.CHECKS,
)

#: A topology older than this says nothing of what should be there now.
STALE_TOPOLOGY_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A check that could not look, or not everywhere, and why."""

    check: str
    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What the checks answered."""

    findings: tuple[Finding, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    #: Codes that could not be looked for everywhere: their absence proves nothing.
    blind: frozenset[str] = frozenset()


def audit(situation: Situation, checks: Iterable[Check] = CHECKS) -> Round:
    """Ask every check; one that breaks is told of, and the others go on."""
    findings: list[Finding] = []
    unanswered: list[Unanswered] = []
    blind: set[str] = set()
    age = situation.now - situation.topology.read_at
    for check in checks:
        if check.needs_topology and age > STALE_TOPOLOGY_SECONDS:
            answers: list[Finding | CouldNotLook] = [
                CouldNotLook(where="topology", why=f"it was last read {age:.0f} s ago"),
            ]
        else:
            answers = _ask(check, situation)
        open_questions = [item for item in answers if isinstance(item, CouldNotLook)]
        findings.extend(item for item in answers if isinstance(item, Finding))
        if open_questions:
            blind.update(spec.code for spec in check.finds)
        unanswered.extend(
            Unanswered(check=check.name, where=item.where, why=item.why) for item in open_questions
        )
    return Round(findings=tuple(findings), unanswered=tuple(unanswered), blind=frozenset(blind))


def _ask(check: Check, situation: Situation) -> list[Finding | CouldNotLook]:
    try:
        return list(check.run(situation))
    except Exception as exc:  # a bug in one check must not end the others
        logger.exception("the check %s broke", check.name)
        return [CouldNotLook(where=check.name, why=f"it broke: {exc!r}")]
