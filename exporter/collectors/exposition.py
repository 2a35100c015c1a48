"""How does everything become one page, even when a part of it fails?"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from exporter import catalog
from exporter.collectors.families import Sample, family

logger = logging.getLogger(__name__)

Part = Callable[[], Iterable[Metric]]


class _Parts(Collector):
    """Collects each part on its own: one that fails is missing and says so."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        success: list[Sample] = []
        durations: list[Sample] = []
        for name, part in self._parts.items():
            began = perf_counter()
            worked = True
            try:
                yield from list(part())
            except Exception:  # whatever is wrong with one part, the others are still wanted
                logger.exception("collector %s failed", name)
                worked = False
            success.append(((name,), float(worked)))
            durations.append(((name,), perf_counter() - began))
        yield family(catalog.COLLECTOR_SUCCESS, success)
        yield family(catalog.COLLECTOR_DURATION, durations)


def render(parts: Mapping[str, Part], accept: str) -> tuple[bytes, str]:
    """Write the page in the format that *accept* asks for; returns it and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Parts(parts))
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type
