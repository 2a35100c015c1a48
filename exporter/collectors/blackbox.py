"""What did one probe of a blackbox_exporter's module find?"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from exporter.blackbox.record import Samples
from exporter.collectors.families import family


class _Gauges(Collector):
    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        for spec in sorted(self._samples, key=lambda spec: spec.name):
            yield family(spec, self._samples[spec].items())


def render(samples: Samples) -> str:
    """Write the gauges in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(samples))
    return generate_latest(registry).decode()
