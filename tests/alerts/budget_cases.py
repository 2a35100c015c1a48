"""Cases of error budgets: of the thresholds' objectives, and of those that a service declares."""

from exporter import catalog
from tests.alerts.promtool import ALERTS, SCRAPE_SECONDS, Case, series

#: Long enough for every window here.
QUIET_HOURS = 7

_PATH = {
    "probe": "tcp",
    "target": "task",
    "source_service": "shop_web",
    "destination_service": "shop_api",
}


def _of_node(metric: object, **labels: str) -> str:
    return series(metric, node="node2", instance="node2:9877", job="swarmscope", **labels)


def _lasting(hours: float) -> int:
    """Count scrapes, and those of twenty minutes more."""
    return int(hours * 3600 / SCRAPE_SECONDS) + 120


def _looks(hours: float, percent: int, *, slow: bool) -> dict[str, str]:
    """Let so many percent of looks be slow, or else fail, from the first on."""
    bad, every = f"0+{percent}x{_lasting(hours)}", f"0+100x{_lasting(hours)}"
    runs = {_of_node(catalog.PROBE_RUNS, **_PATH, network="shop_app"): every}
    if slow:
        return {
            **runs,
            _of_node(f"{catalog.PROBE_DURATION}_count", **_PATH): every,
            _of_node(catalog.PROBE_SLOW, **_PATH): bad,
        }
    return {**runs, _of_node(catalog.PROBE_FAILURES, **_PATH, network="shop_app"): bad}


def _declared(objective: float, scrapes: int, *, slow: bool) -> dict[str, str]:
    """Have one agent tell what the service's label says, for so many scrapes."""
    name = "latency" if slow else "success"
    told = _of_node(catalog.OBJECTIVE, service="shop_api", objective=name)
    return {told: f"{objective}x{scrapes - 1} stale"}


def _fires(
    name: str,
    alert: str,
    hours: float,
    shown: dict[str, str],
) -> Case:
    fires = int(hours * 3600 + ALERTS[alert].hold_seconds)
    return Case(
        name=f"{alert} {name}",
        alert=alert,
        series=shown,
        silent_at=(0, 600, fires - 60),
        fires_at=fires,
        culprits=({"service": "shop_api"},),
        every_seconds=60,
    )


def _by_default(alert: str, hours: float, percent: int, *, slow: bool) -> Case:
    return _fires("tells whose budget is used up", alert, hours, _looks(hours, percent, slow=slow))


def _declared_stricter(alert: str, hours: float, percent: int, *, slow: bool) -> Case:
    """Let so few be bad that the default objective, of 99 %, would allow them."""
    shown = {
        **_looks(hours, percent, slow=slow),
        **_declared(0.999, _lasting(hours), slow=slow),
    }
    return _fires("holds a service to the stricter objective of its label", alert, hours, shown)


def _between_agents() -> Case:
    """Let the agent that tells of the objective go, five minutes before the alert."""
    alert = "SwarmErrorBudgetBurnsFast"
    gone_at = int((3600 + ALERTS[alert].hold_seconds - 300) / SCRAPE_SECONDS)
    shown = {**_looks(1, 3, slow=False), **_declared(0.999, gone_at, slow=False)}
    return _fires("remembers an objective while its agent is replaced", alert, 1, shown)


#: A month's budget of 1 % burns fast from 14.4 % on, and slowly from 6 % on; of 0.1 %, from a tenth
#: of these on.
CASES = (
    _by_default("SwarmLatencyBudgetBurnsFast", 1, 20, slow=True),
    _by_default("SwarmErrorBudgetBurnsFast", 1, 20, slow=False),
    _by_default("SwarmLatencyBudgetBurns", 6, 10, slow=True),
    _by_default("SwarmErrorBudgetBurns", 6, 10, slow=False),
    _declared_stricter("SwarmLatencyBudgetBurnsFast", 1, 3, slow=True),
    _declared_stricter("SwarmErrorBudgetBurnsFast", 1, 3, slow=False),
    _declared_stricter("SwarmLatencyBudgetBurns", 6, 1, slow=True),
    _declared_stricter("SwarmErrorBudgetBurns", 6, 1, slow=False),
    _between_agents(),
)


def _quiet(percent: int, objective: float) -> dict[str, str]:
    """Let so many be slow, and so many fail."""
    scrapes = _lasting(QUIET_HOURS)
    return {
        **_looks(QUIET_HOURS, percent, slow=True),
        **_looks(QUIET_HOURS, percent, slow=False),
        **_declared(objective, scrapes, slow=True),
        **_declared(objective, scrapes, slow=False),
    }


QUIET = {
    "a healthy service with the strictest objective": _quiet(0, 0.9999),
    "a service whose labels declare a looser objective": _quiet(20, 0.95),
    "a service that nobody declared anything of, within its budget": {
        **_looks(QUIET_HOURS, 5, slow=True),
        **_looks(QUIET_HOURS, 5, slow=False),
    },
}
