"""How is PromQL written, so that no metric and no label can be misspelt?

Beside the catalogue, because alerts and dashboards both write it; the agent does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.catalog import MetricSpec, MetricType

#: What Prometheus adds to each series of an agent; the cluster only where several meet.
_TARGET_LABELS = frozenset({"node", "instance", "job", "cluster"})


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label must be, by an operator of PromQL's."""

    operator: str
    value: str


def one_of(*values: str) -> Matcher:
    """Match any of *values*, which are words."""
    return Matcher("=~", "|".join(values)) if len(values) > 1 else Matcher("=", values[0])


def none_of(*values: str) -> Matcher:
    """Match everything but *values*, which are words; `none_of("")` matches any value."""
    return Matcher("!~", "|".join(values)) if len(values) > 1 else Matcher("!=", values[0])


def select(metric: MetricSpec, suffix: str = "", /, **labels: str | Matcher) -> str:
    """Select series of a metric by labels that it has."""
    known = {*metric.labels, *_TARGET_LABELS}
    if metric.type is MetricType.HISTOGRAM:
        known |= {"le"}
    unknown = sorted(labels.keys() - known)
    if unknown:
        raise ValueError(f"{metric} has no label {', '.join(unknown)}")
    return vector(f"{metric}{suffix}", **labels)


def vector(name: str, **labels: str | Matcher) -> str:
    """Select series of a metric that is not ours, such as Prometheus' own."""
    matchers = ((label, _matcher(value)) for label, value in labels.items())
    inside = ",".join(f'{label}{item.operator}"{item.value}"' for label, item in matchers)
    return f"{name}{{{inside}}}" if inside else name


def _matcher(value: str | Matcher) -> Matcher:
    return value if isinstance(value, Matcher) else Matcher("=", value)


def by(operation: str, labels: Iterable[str], expr: object) -> str:
    """Aggregate over everything but *labels*."""
    names = ", ".join(labels)
    return f"{operation} by ({names}) ({expr})" if names else f"{operation}({expr})"


def copied(expr: object, source: str, target: str) -> str:
    """Give each series the value of its label *source* as label *target*, too."""
    return f'label_replace({expr}, "{target}", "$1", "{source}", "(.+)")'


def renamed(operation: str, expr: object, **names: str) -> str:
    """Aggregate by the labels on the right, which are called as on the left afterwards."""
    result = by(operation, names.values(), expr)
    for target, source in names.items():
        if target != source:
            result = copied(result, source, target)
    # Each series is alone by now: this takes the old labels away, and keeps the value of a count.
    return by("max", names, result)


def unless(expr: object, on: Iterable[str], *others: object) -> str:
    """Take away what *others* explain; they agree with it in the labels *on*."""
    names = ", ".join(on)
    return " ".join((str(expr), *(f"unless on ({names}) ({other})" for other in others)))


def either(*exprs: object) -> str:
    """Give what any of *exprs* gives."""
    return " or ".join(f"({expr})" for expr in exprs) if len(exprs) > 1 else str(exprs[0])


def seconds(value: float) -> str:
    """Write a duration as Prometheus does."""
    for unit, size in (("h", 3600), ("m", 60)):
        if value and value % size == 0:
            return f"{value // size:.0f}{unit}"
    return f"{value:g}s" if value == int(value) else f"{value * 1000:.0f}ms"
