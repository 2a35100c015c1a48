"""How does a value read, and which colour does it have?"""

import math
import re
import time
from collections.abc import Mapping, Sequence

from dashboards.grafana import Json

_COLOURS = {
    "blue": "#5794f2",
    "green": "#73bf69",
    "orange": "#ff9830",
    "red": "#f2495c",
    "transparent": "#eeeeee",
}
_SCALES = (
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
)
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"))
_SUFFIXES = {"Bps": "B/s", "bytes": "B", "cps": "c/s", "ops": "/s", "pps": "p/s"}


def text(value: float, unit: str) -> str:
    """Write a value as Grafana would, more or less."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf"
    match unit:
        case "percentunit":
            return f"{value * 100:.4g} %"
        case "s":
            return _span(value)
        case "dateTimeFromNow":
            return f"{_span(time.time() - value / 1000)} ago"
        case "none":
            return f"{value:.6g}"
        case _:
            return f"{_scaled(value)} {_SUFFIXES.get(unit, '')}".strip()


def _span(value: float) -> str:
    size, unit = next((item for item in _SPANS if abs(value) >= item[0]), (1e-6, "us"))
    return f"{value / size:.3g} {unit}"


def _scaled(value: float) -> str:
    size, prefix = next((item for item in _SCALES if abs(value) >= item[0]), (1, ""))
    return f"{value / size:.4g}{prefix}"


def mapped(value: float | str, mappings: Sequence[Json]) -> tuple[str, str] | None:
    """Give the word and the colour that stand for a value, if any do."""
    key = f"{value:g}" if isinstance(value, float) else value
    for mapping in mappings:
        if key in mapping["options"]:
            found = mapping["options"][key]
            return found["text"], _COLOURS[found["color"]]
    return None


def colour(value: float, steps: Sequence[Json]) -> str:
    """Give the colour of the highest step that a value reaches."""
    reached = [step for step in steps if step["value"] is None or value >= step["value"]]
    return _COLOURS[reached[-1]["color"]]


def legend(form: str, labels: Mapping[str, str]) -> str:
    """Name a series as its legend says."""
    if form == "__auto":
        return ", ".join(labels.values())
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), form).strip()
