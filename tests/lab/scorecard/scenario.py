"""What is a scenario: a fault and the page it should bring, or work that should bring none?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.lab.lab import Lab
from tests.lab.scorecard.dependencies import Dependencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where scenarios are played: the lab with the shop and the shipped stack on it."""

    lab: Lab
    dependencies: Dependencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """The alert that names a fault rightly."""

    #: Any of these; the first is what is hoped for.
    alerts: tuple[str, ...]
    #: Labels that it must carry, each with the values that are right.
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    critical: bool = True

    def __str__(self) -> str:
        about = ", ".join(f"{name}={' or '.join(values)}" for name, values in self.labels.items())
        return f"{' or '.join(self.alerts)}{{{about}}}"


#: Makes a fault for as long as the block lasts, and tells whom to blame.
Fault = Callable[[Site], AbstractContextManager[Culprit]]
#: Does work that harms nobody; the scorecard watches while it goes on, and for a while after.
Work = Callable[[Site], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One line of the scorecard."""

    name: str
    #: What is done, for a person.
    words: str
    fault: Fault | None = None
    work: Work | None = None
    #: Features of the kernel, as `tests.lab.kernel` names them, that it cannot be played without.
    needs: tuple[str, ...] = ()
    #: Features beside which it cannot be played.
    lacks: tuple[str, ...] = ()


def playable(scenarios: Iterable[Scenario], lab: Lab) -> Iterator[Scenario]:
    """Choose those that this kernel can show."""
    for scenario in scenarios:
        able = all(lab.kernel.has(feature) for feature in scenario.needs)
        if able and not any(lab.kernel.has(feature) for feature in scenario.lacks):
            yield scenario
