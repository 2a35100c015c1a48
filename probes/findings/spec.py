"""What is a row of the catalogue of findings?"""

import shlex
from dataclasses import asdict, dataclass
from string import Formatter

from probes.model.finding import Evidence, Finding, Severity, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSpec:
    """One kind of finding: what it is called, what it means, and what to do about it."""

    #: Lower case with underscores, as a label's value; begins with the family's name.
    code: str
    severity: Severity
    #: How long it must last before it counts.
    hold_seconds: float
    #: One sentence for a person at night: what is wrong, and what it does to traffic.
    meaning: str
    #: What the evidence holds against what.
    evidence: str
    #: A command to paste. `{network}`, `{service}`, `{task}`, `{peer}`, `{item}`, `{node}` (the
    #: one that found it) and the finding's own values are filled in, quoted for a shell.
    remedy: str
    #: Such as "moby#52661", or "kernel vxlan_snoop()".
    references: tuple[str, ...] = ()
    #: Whether it waits until what it concerns has come to rest; not where the change is the fault.
    patient: bool = True

    def found(self, subject: Subject, *evidence: Evidence, **values: str) -> Finding:
        """Make a finding of this kind."""
        return Finding(
            code=self.code,
            subject=subject,
            evidence=evidence,
            values=tuple(sorted(values.items())),
        )

    @property
    def remedy_for_anybody(self) -> str:
        """Write the command with its fields' names instead of values."""
        names = {name for _, name, _, _ in Formatter().parse(self.remedy) if name}
        return self.remedy.format(**{name: name.upper() for name in names})

    def remedy_of(self, finding: Finding, node: str) -> str:
        """Write the command for one finding, found on *node*."""
        values = {**asdict(finding.subject), **dict(finding.values), "node": node}
        return self.remedy.format(**{name: _word(value) for name, value in values.items()})


def _word(value: str) -> str:
    """Make one word of a shell's of it; a line break would end the comment that it may stand in."""
    return shlex.quote("".join(char if char.isprintable() else "?" for char in value))
