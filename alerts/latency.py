"""Does a service answer as fast, and as surely, as its clients may expect? Error budgets.

An objective of 99 % leaves a budget of 1 %. Alerts fire on how fast it is used up, over a long
window, so that it matters, and a short one, so that it is still so (the SRE workbook, chapter 5).
What a cause, a pattern or a symptom told of is no news here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from alerts import explained, pairs, places, words
from alerts.promql import by, none_of, renamed, select, unless
from alerts.spec import Alert, Dashboard, Group, RecordingRule, Role, Severity
from alerts.thresholds import Thresholds
from alerts.words import SERVICE
from exporter.catalog import PROBE_DURATION, PROBE_FAILURES, PROBE_RUNS, MetricSpec

_PATH = ("source_service", "destination_service")
#: Long enough for the short windows below to forget what was told of.
_FORGOTTEN = "10m"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Burn:
    """How fast is too fast, over which windows, and what is done about it."""

    name: str
    long: str
    short: str
    severity: Severity
    #: How many times faster than the budget allows.
    factor: float
    hold_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Objective:
    """What is promised of each path; objectives of single services would join here."""

    name: str
    kind: str
    target: float
    bad: str
    summary: str


def group(thresholds: Thresholds) -> Group:
    """List the shares, then the alerts."""
    return Group(
        name="latency",
        rules=(
            *(
                _share(objective, window, thresholds)
                for objective in _objectives(thresholds)
                for window in ("5m", "30m", "1h", "6h")
            ),
            *_alerts(thresholds),
        ),
    )


def _objectives(thresholds: Thresholds) -> tuple[_Objective, _Objective]:
    return (
        _Objective(
            name="Latency",
            kind="slow",
            target=thresholds.latency_objective,
            bad=f"answers take more than {thresholds.latency_seconds:g} s",
            summary="A service answers its clients too slowly, too often.",
        ),
        _Objective(
            name="Error",
            kind="failed",
            target=thresholds.success_objective,
            bad="looks fail",
            summary="A service fails its clients too often, though not always.",
        ),
    )


def _burns(thresholds: Thresholds) -> tuple[_Burn, _Burn]:
    return (
        _Burn(
            name="BurnsFast",
            long="1h",
            short="5m",
            severity=Severity.CRITICAL,
            factor=thresholds.fast_burn,
            hold_seconds=120,
        ),
        _Burn(
            name="Burns",
            long="6h",
            short="30m",
            severity=Severity.WARNING,
            factor=thresholds.slow_burn,
            hold_seconds=900,
        ),
    )


def _share(objective: _Objective, window: str, thresholds: Thresholds) -> RecordingRule:
    if objective.kind == "slow":
        # As prometheus_client writes a bucket's bound.
        bound = repr(float(thresholds.latency_seconds))
        fast = _rate(PROBE_DURATION, window, suffix="_bucket", le=bound)
        expr = f"1 - {fast} / {_rate(PROBE_DURATION, window, suffix='_count')}"
    else:
        expr = f"{_rate(PROBE_FAILURES, window)} / {_rate(PROBE_RUNS, window)}"
    return RecordingRule(name=_share_name(objective, window), expr=expr, labels=_PATH)


def _share_name(objective: _Objective, window: str) -> str:
    return f"path:swarmscope_probe_{objective.kind}:ratio_rate{window}"


def _rate(metric: MetricSpec, window: str, suffix: str = "", **labels: str) -> str:
    """Sum the rates of a path's conversations; without IPVS, virtual IPs hold none."""
    small = none_of("mtu")
    task = select(metric, suffix, target="task", probe=small, **labels)
    vip = select(metric, suffix, target="vip", probe=small, **labels)
    balanced = unless(f"rate({vip}[{window}])", (), explained.NO_IPVS)
    return by("sum", _PATH, f"rate({task}[{window}]) or {balanced}")


def _alerts(thresholds: Thresholds) -> Iterator[Alert]:
    for objective in _objectives(thresholds):
        for burn in _burns(thresholds):
            yield _alert(objective, burn, thresholds)


def _alert(objective: _Objective, burn: _Burn, thresholds: Thresholds) -> Alert:
    most = round(burn.factor * (1 - objective.target), 6)
    long, short = (_share_name(objective, window) for window in (burn.long, burn.short))
    # Before a path has been looked at for so long, a short trouble would look like a long one.
    since = by("group", _PATH, f"{select(PROBE_RUNS)} offset {burn.long}")
    burning = f"{long} > {most:g} and {short} > {most:g} and on ({', '.join(_PATH)}) {since}"
    return Alert(
        name=f"Swarm{objective.name}Budget{burn.name}",
        expr=unless(
            renamed("max", f"{burning}", service="destination_service"),
            ("service",),
            *_told(thresholds),
        ),
        hold_seconds=burn.hold_seconds,
        severity=burn.severity,
        role=Role.SYMPTOM,
        labels=("service",),
        summary=objective.summary,
        description=f"{SERVICE}: {{{{ $value | humanizePercentage }}}} of {objective.bad}, over "
        f"{burn.long} and still over {burn.short}. From: "
        + words.listed(
            f"{short}{{destination_service=%q}} > {most:g}",
            words.row("source_service"),
            "service",
        )
        + ".",
        command=f"probe explain SERVICE {SERVICE}; docker stats  # where {SERVICE} runs",
        dashboard=Dashboard.SERVICES,
    )


def _told(thresholds: Thresholds) -> Iterator[str]:
    for rule in (
        explained.SERVICES,
        "task:swarmscope_task:unreachable",
        "service:swarmscope_service:unreachable",
        "path:swarmscope_path:broken",
    ):
        yield by("group", ("service",), f"count_over_time({rule}[{_FORGOTTEN}])")
    yield places.services_on(f"count_over_time({pairs.troubled(thresholds)}[{_FORGOTTEN}])")
