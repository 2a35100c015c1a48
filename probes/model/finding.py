"""What disagrees with what should be: one finding, named, with its subject and its evidence."""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters."""

    CRITICAL = "critical"  # somebody's traffic is lost
    WARNING = "warning"  # it will be, or is for some
    INFO = "info"  # worth knowing


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """What a finding is about, by the names that people use; "" where it does not apply."""

    network: str = ""
    service: str = ""
    #: Such as "shop_api.2".
    task: str = ""
    #: The other node that it concerns, if any; the node that looks is told by who says it.
    peer: str = ""
    #: The very row or thing: an address, a MAC, a port, a sysctl's name.
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One comparison: what should be there, and what is."""

    what: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A named disagreement between what should be and what was observed."""

    #: A code of `probes.findings`.
    code: str
    subject: Subject
    evidence: tuple[Evidence, ...]
    #: Values for the fields of the catalogue's remedy that the subject does not give.
    values: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFinding:
    """A finding that lasted, as it is shown to people."""

    finding: Finding
    #: Unix seconds of the first comparison that found it.
    since: float
    severity: Severity
    meaning: str
    #: A command to paste.
    remedy: str
    references: tuple[str, ...]
