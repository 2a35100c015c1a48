"""How does a row of the catalogue become a metric family?"""

from collections.abc import Iterable, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from exporter.catalog import MetricSpec, MetricType
from exporter.histogram import Histogram

#: Label values in the order of the spec's labels, and the value.
Sample = tuple[Sequence[str], float]


def family(spec: MetricSpec, samples: Iterable[Sample]) -> Metric:
    """Build a counter's or a gauge's family."""
    kind = CounterMetricFamily if spec.type is MetricType.COUNTER else GaugeMetricFamily
    built = kind(spec.name, spec.help, labels=spec.labels)
    for labels, value in samples:
        built.add_metric(labels, value)
    return built


def histogram_family(
    spec: MetricSpec,
    samples: Iterable[tuple[Sequence[str], Histogram]],
) -> Metric:
    """Build a histogram's family."""
    built = HistogramMetricFamily(spec.name, spec.help, labels=spec.labels)
    for labels, histogram in samples:
        built.add_metric(labels, histogram.cumulative(), histogram.sum_seconds)
    return built
