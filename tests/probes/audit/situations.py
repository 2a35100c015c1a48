"""What does a check see? Situations for tests of single families, made of a small Swarm."""

from collections.abc import Iterable
from typing import Any

from probes.audit.check import Check
from probes.audit.situation import Seen, Situation, situate
from probes.intent.labels import read_labels
from probes.model.finding import Finding
from probes.model.reading import CouldNotLook
from probes.model.topology import Topology

NOW = 1_000_000.0


def situation(topology: Topology, node_id: str = "n1", **seen: Any) -> Situation:
    """Stand on a node of *topology*, having *seen* what `Seen` lists."""
    made = situate(topology, read_labels(topology.services), node_id, Seen(**seen), NOW)
    assert made is not None
    return made


def found(checks: Iterable[Check], at: Situation) -> list[Finding]:
    """Ask the checks; a question that stays open fails the test."""
    answers = [answer for check in checks for answer in check.run(at)]
    assert [item for item in answers if isinstance(item, CouldNotLook)] == []
    return [item for item in answers if isinstance(item, Finding)]
