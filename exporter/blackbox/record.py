"""What does one probe leave behind: its log, and its gauges?"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from exporter.catalog import MetricSpec

#: Of text that a stranger chose, so much goes into one line; and of lines, so many are kept.
_LONGEST_VALUE = 500
_MOST_LINES = 1000

Samples = Mapping[MetricSpec, Mapping[tuple[str, ...], float]]


class Record:
    """Lines in the order of events, and gauges by their labels."""

    def __init__(self, **context: object) -> None:
        self._context = context
        self._lines: list[str] = []
        self._samples: dict[MetricSpec, dict[tuple[str, ...], float]] = {}

    def info(self, message: str, **facts: object) -> None:
        """Say what happened."""
        self._log("info", message, facts)

    def error(self, message: str, **facts: object) -> None:
        """Say what went wrong."""
        self._log("error", message, facts)

    def set(self, spec: MetricSpec, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._samples.setdefault(spec, {})[labels] = float(value)

    def add(self, spec: MetricSpec, value: float, *labels: str) -> None:
        """Add to a gauge."""
        before = self._samples.get(spec, {}).get(labels, 0.0)
        self.set(spec, before + value, *labels)

    @property
    def samples(self) -> Samples:
        """Every gauge that was set."""
        return self._samples

    def log_text(self) -> str:
        """Write the log, a line each, as logfmt."""
        return "".join(f"{line}\n" for line in self._lines)

    def _log(self, level: str, message: str, facts: Mapping[str, object]) -> None:
        if len(self._lines) >= _MOST_LINES:
            return
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        said = {"ts": now, **self._context, "level": level, "msg": message, **facts}
        self._lines.append(" ".join(f"{key}={_quoted(value)}" for key, value in said.items()))


def _quoted(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    if len(text) > _LONGEST_VALUE:
        text = f"{text[:_LONGEST_VALUE]}..."
    plain = text.isascii() and text.isprintable() and not set(text) & set(' ="\\') and text
    return text if plain else json.dumps(text)
