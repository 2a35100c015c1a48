"""Which value has which colour, and which word?

Colours begin at the limits of `exporter.limits`: what is red here is what alerts tell of.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Steps = Sequence[Mapping[str, Any]]
Mappings = Sequence[Mapping[str, Any]]

#: A figure is shown as a figure.
AS_IT_IS: Mappings = ()

#: Nothing here is good or bad by itself.
NEUTRAL: Steps = [{"color": "blue", "value": None}]
GOOD: Steps = [{"color": "green", "value": None}]


def bad_from(limit: float, worse: float | None = None) -> Steps:
    """Colour what should stay below a limit; red from *worse* on, or from the limit on."""
    steps: Steps = [{"color": "green", "value": None}]
    if worse is None:
        return [*steps, {"color": "red", "value": limit}]
    return [*steps, {"color": "orange", "value": limit}, {"color": "red", "value": worse}]


def warn_from(limit: float) -> Steps:
    """Colour what deserves a look, but pages nobody."""
    return [{"color": "green", "value": None}, {"color": "orange", "value": limit}]


def bad_below(limit: float, warn: float | None = None) -> Steps:
    """Colour what should stay above a limit; orange between it and *warn*."""
    steps: Steps = [{"color": "red", "value": None}]
    if warn is None:
        return [*steps, {"color": "green", "value": limit}]
    return [*steps, {"color": "orange", "value": limit}, {"color": "green", "value": warn}]


def words(**texts: tuple[str, str]) -> Mappings:
    """Show values as words: its name behind an underscore -> (word, colour)."""
    return [
        {
            "type": "value",
            "options": {
                value.removeprefix("_"): {"text": text, "color": colour, "index": index}
                for index, (value, (text, colour)) in enumerate(texts.items())
            },
        }
    ]


#: What a probe's last run came to.
WORKS = words(_0=("fails", "red"), _1=("works", "green"))
YES = words(_0=("no", "red"), _1=("yes", "green"))
HOLDS = words(_0=("-", "transparent"), _1=("in use", "green"))
SEVERITIES = words(
    critical=("critical", "red"),
    warning=("warning", "orange"),
    info=("info", "blue"),
)
