"""Does a service answer as fast, and as surely, as its clients may expect? Error budgets.

An objective of 99 % leaves a budget of 1 %. Alerts fire on how fast it is used up, over a long
window, so that it matters, and a short one, so that it is still so (the SRE workbook, chapter 5).
A service's objectives are those of its labels; the thresholds' count where these say nothing.
What a cause, a pattern or a symptom told of is no news here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from alerts import explained, pairs, places, words
from alerts.spec import Alert, Dashboard, Group, RecordingRule, Role, Severity
from alerts.thresholds import Thresholds
from alerts.words import SERVICE
from exporter.catalog import (
    OBJECTIVE,
    PROBE_DURATION,
    PROBE_FAILURES,
    PROBE_RUNS,
    PROBE_SLOW,
    MetricSpec,
)
from exporter.promql import by, none_of, renamed, select, unless

_PATH = ("source_service", "destination_service")
_WINDOWS = ("5m", "30m", "1h", "6h")
#: Long enough for the short windows below to forget what was told of.
_FORGOTTEN = "10m"
#: An agent that is replaced, and told the objectives, is away for less.
_REMEMBERED = "10m"


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
    """What is promised of each path, and how it is counted what breaks the promise."""

    name: str
    kind: str
    #: What the metric of declared objectives calls it.
    declared_as: str
    #: The share that must be good where nothing is declared.
    default: float
    bad: str
    summary: str


def group(thresholds: Thresholds) -> Group:
    """List the shares, then the budgets, then the alerts."""
    objectives = _objectives(thresholds)
    return Group(
        name="latency",
        rules=(
            *(_share(objective, window) for objective in objectives for window in _WINDOWS),
            *(_budget(objective) for objective in objectives),
            *_alerts(thresholds),
        ),
    )


def _objectives(thresholds: Thresholds) -> tuple[_Objective, _Objective]:
    return (
        _Objective(
            name="Latency",
            kind="slow",
            declared_as="latency",
            default=thresholds.latency_objective,
            bad="answers are slow",
            summary="A service answers its clients too slowly, too often.",
        ),
        _Objective(
            name="Error",
            kind="failed",
            declared_as="success",
            default=thresholds.success_objective,
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


def _share(objective: _Objective, window: str) -> RecordingRule:
    if objective.kind == "slow":
        bad, every = _rate(PROBE_SLOW, window), _rate(PROBE_DURATION, window, suffix="_count")
    else:
        bad, every = _rate(PROBE_FAILURES, window), _rate(PROBE_RUNS, window)
    return RecordingRule(name=_share_name(objective, window), expr=f"{bad} / {every}", labels=_PATH)


def _share_name(objective: _Objective, window: str) -> str:
    return f"path:swarmscope_probe_{objective.kind}:ratio_rate{window}"


def _rate(metric: MetricSpec, window: str, suffix: str = "") -> str:
    """Sum the rates of a path's conversations; without IPVS, virtual IPs hold none."""
    small = none_of("mtu")
    task = select(metric, suffix, target="task", probe=small)
    vip = select(metric, suffix, target="vip", probe=small)
    balanced = unless(f"rate({vip}[{window}])", (), explained.NO_IPVS)
    return by("sum", _PATH, f"rate({task}[{window}]) or {balanced}")


def _budget(objective: _Objective) -> RecordingRule:
    """Give the share of bad ones that each destination may have."""
    told = f"last_over_time({select(OBJECTIVE, objective=objective.declared_as)}[{_REMEMBERED}])"
    declared = renamed("max", told, destination_service="service")
    looked_at = by("group", ("destination_service",), _share_name(objective, _WINDOWS[-1]))
    return RecordingRule(
        name=_budget_name(objective),
        expr=f"1 - ({declared} or {looked_at} * {objective.default})",
        labels=("destination_service",),
    )


def _budget_name(objective: _Objective) -> str:
    return f"service:swarmscope_probe_{objective.kind}:budget"


def _alerts(thresholds: Thresholds) -> Iterator[Alert]:
    for objective in _objectives(thresholds):
        for burn in _burns(thresholds):
            yield _alert(objective, burn, thresholds)


def _alert(objective: _Objective, burn: _Burn, thresholds: Thresholds) -> Alert:
    # Before a path has been looked at for so long, a short trouble would look like a long one.
    since = by("group", _PATH, f"{select(PROBE_RUNS)} offset {burn.long}")
    burning = (
        f"{_over(objective, burn, burn.long)} and {_over(objective, burn, burn.short)} "
        f"and on ({', '.join(_PATH)}) {since}"
    )
    return Alert(
        name=f"Swarm{objective.name}Budget{burn.name}",
        expr=unless(
            renamed("max", burning, service="destination_service"),
            ("service",),
            *_told(thresholds),
        ),
        hold_seconds=burn.hold_seconds,
        severity=burn.severity,
        role=Role.SYMPTOM,
        labels=("service",),
        summary=objective.summary,
        description=_description(objective, burn),
        command=f"probe explain SERVICE {SERVICE}; docker stats  # where {SERVICE} runs",
        dashboard=Dashboard.SERVICES,
    )


def _over(objective: _Objective, burn: _Burn, window: str, *, selector: str = "") -> str:
    """Give the paths whose share of bad ones uses the destination's budget up too fast."""
    most = f"{burn.factor:g} * {_budget_name(objective)}"
    share = f"{_share_name(objective, window)}{selector}"
    return f"{share} > on (destination_service) group_left () ({most})"


def _description(objective: _Objective, burn: _Burn) -> str:
    one = "{destination_service=%q}"
    allowed = words.percentage(f"{_budget_name(objective)}{one}", "service")
    sources = words.listed(
        _over(objective, burn, burn.short, selector=one), words.row("source_service"), "service"
    )
    return (
        f"{SERVICE}: {{{{ $value | humanizePercentage }}}} of {objective.bad}, over {burn.long} "
        f"and still over {burn.short}; its objective allows {allowed}. From: {sources}."
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
