"""What is a trouble? Something wrong that has a name: a cause, until another one explains it."""

from dataclasses import dataclass

from probes.doctor.scope import Placement, Scope, Symptom
from probes.model.finding import Severity

_MESH = "ingress_port_dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Named by a finding, or by what many failing looks have in common."""

    #: A finding's, or the name of what looks have in common.
    code: str
    severity: Severity
    #: One sentence: what is wrong, and what it does to traffic.
    what: str
    #: Such as ("node3", "network shop_app").
    where: tuple[str, ...]
    #: Unix seconds.
    since: float
    evidence: tuple[str, ...]
    #: Commands to paste.
    remedies: tuple[str, ...]
    #: The `probe` command that tells more.
    next: str
    references: tuple[str, ...] = ()
    #: What it has to do with; several for one code that several nodes tell.
    scopes: tuple[Scope, ...]
    #: Beginnings of findings' codes that follow from it, wherever they are.
    explains: tuple[str, ...] = ()
    #: What was never there, rather than what broke.
    lack: bool = False
    #: Itself, part by part, as others may explain it; empty where nothing could.
    symptoms: tuple[Symptom, ...] = ()
    #: Whether it was made of looks; then it explains no finding, but of published ports.
    of_looks: bool = False

    def covers_look(self, look: Symptom, placement: Placement) -> bool:
        """Tell whether it explains that a look fails."""
        return any(scope.covers_look(look, placement) for scope in self.scopes)

    def covers_finding(self, symptom: Symptom, placement: Placement) -> bool:
        """Tell whether a finding, or a pattern of looks, follows from it."""
        if symptom.code == self.code:
            return False
        if self.explains and symptom.code.startswith(self.explains):
            return True
        if self.severity is not Severity.CRITICAL:
            return False
        if self.of_looks:
            mesh = symptom.code.startswith(_MESH)
            return mesh and any(scope.covers_mesh(symptom) for scope in self.scopes)
        return any(scope.covers_finding(symptom, placement) for scope in self.scopes)
