"""What do dashboards ask Prometheus? Series of the catalogue, narrowed by what was chosen."""

from collections.abc import Iterable

from exporter import limits
from exporter.catalog import (
    FINDINGS_HELD,
    OBJECTIVE,
    PROBE_DURATION,
    PROBE_FAILURES,
    PROBE_RUNS,
    PROBE_SLOW,
    PROBE_SUCCESS,
    MetricSpec,
)
from exporter.promql import Matcher, by, renamed, select, vector

#: A rate's window: at least four scrapes, and no narrower than a pixel.
WINDOW = "$__rate_interval"

# Variables, as they stand in a matcher.
BY_CLUSTER = "$cluster"
NODES = "$node"
NETWORKS = "$network"
SERVICES = "$service"

#: What a selector's labels must be.
Labels = dict[str, str | Matcher]

#: By whom a budget is used up.
_TO = ("destination_service",)

#: Ours, among Prometheus' own series of alerts.
_OUR_ALERTS = Matcher("=~", "Swarm.+")

#: Metrics of Prometheus' own that are shown, with what they say.
FOREIGN = (
    "ALERTS",
    "ALERTS_FOR_STATE",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "up",
)


def among(variable: str) -> Matcher:
    """Match what was chosen of a variable, or any when all was."""
    return Matcher("=~", variable)


def shown(metric: MetricSpec, suffix: str = "", /, **labels: str | Matcher) -> str:
    """Select series of the chosen Swarms; a value that begins with $ is a variable."""
    chosen = {"cluster": BY_CLUSTER, **labels}
    return select(metric, suffix, **{name: _matcher(value) for name, value in chosen.items()})


def foreign(name: str, **labels: str | Matcher) -> str:
    """Select series that Prometheus makes itself."""
    if name not in FOREIGN:
        raise ValueError(f"{name} is not among Prometheus' own that are known")
    chosen = {"cluster": BY_CLUSTER, **labels}
    return vector(name, **{label: _matcher(value) for label, value in chosen.items()})


def _matcher(value: str | Matcher) -> str | Matcher:
    return among(value) if isinstance(value, str) and value.startswith("$") else value


def rate(metric: MetricSpec, suffix: str = "", /, **labels: str | Matcher) -> str:
    """Give events a second."""
    return f"rate({shown(metric, suffix, **labels)}[{WINDOW}])"


def rates(names: Iterable[str], metric: MetricSpec, /, **labels: str | Matcher) -> str:
    """Add up events a second."""
    return by("sum", names, rate(metric, **labels))


def quantile(
    share: float, names: Iterable[str], metric: MetricSpec, /, **labels: str | Matcher
) -> str:
    """Give what *share* of a histogram's observations stay below."""
    buckets = by("sum", (*names, "le"), rate(metric, "_bucket", **labels))
    return f"histogram_quantile({share:g}, {buckets})"


def buckets(metric: MetricSpec, /, **labels: str | Matcher) -> str:
    """Give how many observations each bucket of a histogram took, for a heat map."""
    return by("sum", ("le",), f"increase({shown(metric, '_bucket', **labels)}[{WINDOW}])")


def success(names: Iterable[str], /, **labels: str | Matcher) -> str:
    """Give the share of probes whose last run worked."""
    return by("avg", names, shown(PROBE_SUCCESS, **labels))


def failing(names: Iterable[str], /, **labels: str | Matcher) -> str:
    """Count the probes whose last run failed; nothing where none did."""
    return by("count", names, f"{shown(PROBE_SUCCESS, **labels)} == 0")


def failed_share(names: Iterable[str], window: str = WINDOW, /, **labels: str | Matcher) -> str:
    """Give the share of runs that failed."""
    failures, runs = (
        by("sum", names, f"rate({shown(metric, **labels)}[{window}])")
        for metric in (PROBE_FAILURES, PROBE_RUNS)
    )
    return f"{failures} / {runs}"


def error_burn(window: str, /, **labels: str | Matcher) -> str:
    """Say how many times faster than allowed each destination's error budget is used up."""
    return _burn("success", limits.SUCCESS_OBJECTIVE, failed_share(_TO, window, **labels))


def latency_burn(window: str, /, **labels: str | Matcher) -> str:
    """Say how many times faster than allowed each one's budget of slow answers is used up."""
    slow = shown(PROBE_SLOW, **labels)
    answered = shown(PROBE_DURATION, "_count", **labels)
    shares = (by("sum", _TO, f"rate({series}[{window}])") for series in (slow, answered))
    return _burn("latency", limits.LATENCY_OBJECTIVE, " / ".join(shares))


def _burn(objective: str, default: float, share: str) -> str:
    """Hold a share against what its service's label allows, or else against the default."""
    declared = renamed("max", shown(OBJECTIVE, objective=objective), destination_service="service")
    promised = f"{declared} or {by('group', _TO, share)} * {default:g}"
    return f"({share}) / on (destination_service) (1 - ({promised}))"


def findings(names: Iterable[str], /, **labels: str | Matcher) -> str:
    """Count the findings that have lasted; nothing where there are none."""
    return by("sum", names, shown(FINDINGS_HELD, **labels))


def firing(**labels: str | Matcher) -> str:
    """Select the alerts of ours that fire."""
    return foreign("ALERTS", alertname=_OUR_ALERTS, alertstate="firing", **labels)


def firing_since(**labels: str | Matcher) -> str:
    """Say since when alerts of ours fire, in milliseconds, as Grafana shows moments."""
    began = foreign("ALERTS_FOR_STATE", alertname=_OUR_ALERTS, **labels)
    return f"{began} * 1000 and ignoring (alertstate) {firing(**labels)}"


def milliseconds(expr: str) -> str:
    """Write a moment as Grafana shows moments."""
    return f"({expr}) * 1000"


def age(expr: str) -> str:
    """Say how long a moment is ago."""
    return f"time() - {expr}"


def or_zero(expr: str) -> str:
    """Give 0 where there is nothing: nothing to count is none."""
    return f"{expr} or vector(0)"


def joined(expr: str, target: str, *sources: str) -> str:
    """Give each series a label made of the values of others."""
    names = ", ".join(f'"{source}"' for source in sources)
    return f'label_join({expr}, "{target}", " > ", {names})'
