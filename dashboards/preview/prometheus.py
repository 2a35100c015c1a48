"""What does a Prometheus answer?"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TIMEOUT_SECONDS = 30
#: A user's proxy cannot know the addresses of a lab, or of a Swarm.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class PrometheusError(Exception):
    """It cannot be asked, or refuses the query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series; of an instant query, with one value."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def last(self) -> float:
        """Give the newest value."""
        return self.values[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """Where it is, and the time that is looked at, in unix seconds."""

    url: str
    start: float
    end: float

    def instant(self, expr: str) -> list[Series]:
        """Ask for the end of the time."""
        found = self._ask("query", query=expr, time=self.end)
        return [_series(item["metric"], [item["value"]]) for item in found]

    def over_time(self, expr: str, step_seconds: float) -> list[Series]:
        """Ask for the whole time."""
        found = self._ask(
            "query_range", query=expr, start=self.start, end=self.end, step=step_seconds
        )
        return [_series(item["metric"], item["values"]) for item in found]

    def _ask(self, what: str, **parameters: object) -> list[Any]:
        scheme = urllib.parse.urlsplit(self.url).scheme
        if scheme not in {"http", "https"}:
            raise PrometheusError(f"{self.url}: not the URL of a Prometheus")
        body = urllib.parse.urlencode(parameters).encode()
        url = f"{self.url.rstrip('/')}/api/v1/{what}"
        try:
            with _DIRECT.open(url, data=body, timeout=_TIMEOUT_SECONDS) as answer:
                result: list[Any] = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as exc:
            with exc:
                said = exc.read().decode(errors="replace").strip()
            raise PrometheusError(f"{url}: status {exc.code}: {said}") from exc
        except (OSError, ValueError, KeyError) as exc:
            raise PrometheusError(f"{url}: {exc}") from exc
        return result


def _series(labels: Mapping[str, str], samples: list[tuple[float, str]]) -> Series:
    return Series(
        labels=labels,
        times=tuple(float(time) for time, _ in samples),
        values=tuple(float(value) for _, value in samples),
    )
