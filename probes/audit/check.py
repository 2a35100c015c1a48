"""What is a check? One question about a Situation, with the kinds of finding that may answer it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from probes.audit.situation import Situation
from probes.findings.spec import FindingSpec
from probes.model.finding import Finding
from probes.model.reading import CouldNotLook

#: A CouldNotLook says that part of the question stays open.
Answer = Finding | CouldNotLook


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One family member: a pure function, and what it may find."""

    name: str
    finds: tuple[FindingSpec, ...]
    run: Callable[[Situation], Iterable[Answer]]
    #: Whether it holds things against the topology; then an old one leaves it without an answer.
    needs_topology: bool = True
