"""How does one scenario go? All is quiet, the fault is made, pages come, and it is taken away."""

import platform
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from tests.lab.scorecard.card import Row, Told
from tests.lab.scorecard.pages import PAGE, TICKET, Alert, Notification, Pager
from tests.lab.scorecard.scenario import Culprit, Scenario, Site
from tests.lab.scorecard.stage import wait_until_quiet
from tests.lab.spread import is_spread, spread

#: The longest grace and hold there are, and Alertmanager's own pauses.
QUIET_WITHIN_SECONDS = 600.0
#: A fault that has brought nothing by then brings nothing in time.
_MOST_SECONDS = 240.0
#: For how long further pages are awaited after the first right one.
_THEN_SECONDS = 45.0
#: How long work is watched after it is done: a grace, two rounds, a hold, and the way of an alert.
_WATCHED_SECONDS = 90.0
_RESOLVED_WITHIN_SECONDS = 300.0
_PAUSE_SECONDS = 0.5
#: Labels that say nothing of the culprit.
_NOT_SHOWN = frozenset({"alertname", "cluster", "severity", "role"})


def play(scenario: Scenario, site: Site, pager: Pager, watched: float = _WATCHED_SECONDS) -> Row:
    """Play one scenario, on a Swarm that is quiet and has tasks on every node."""
    wait_until_quiet(site.lab, QUIET_WITHIN_SECONDS)
    if not is_spread(site.lab, "shop"):
        spread(site.lab, "shop")
        wait_until_quiet(site.lab, QUIET_WITHIN_SECONDS)
    if scenario.fault is None:
        return _play_work(scenario, site, pager, watched)
    with scenario.fault(site) as culprit:
        began = time.time()
        first = _watch(pager, culprit, began)
    removed = time.time()
    received = pager.since(began)
    resolved = _resolved(pager, received, removed)
    return Row(
        name=scenario.name,
        words=scenario.words,
        expected=str(culprit),
        critical=culprit.critical,
        told=fold(received, began, culprit),
        seconds_to_tell=None if first is None else round(first - began, 1),
        seconds_to_resolve=None if resolved is None else round(resolved - removed, 1),
        played=_played(site),
    )


def _play_work(scenario: Scenario, site: Site, pager: Pager, watched: float) -> Row:
    began = time.time()
    if scenario.work is not None:
        scenario.work(site)
    time.sleep(watched)
    return Row(
        name=scenario.name,
        words=scenario.words,
        expected="",
        critical=False,
        told=fold(pager.since(began), began, None),
        seconds_to_tell=None,
        seconds_to_resolve=None,
        played=_played(site),
    )


def _watch(pager: Pager, culprit: Culprit, began: float) -> float | None:
    """Wait for the right page and a while longer; the moment at which it came, or None."""
    while time.time() < began + _MOST_SECONDS:
        right = [item.at for item in pager.since(began) if is_right(item, culprit)]
        if right and time.time() > right[0] + _THEN_SECONDS:
            return right[0]
        time.sleep(_PAUSE_SECONDS)
    return None


def is_right(notification: Notification, culprit: Culprit) -> bool:
    """Tell whether a notification names the culprit, at the right receiver."""
    receiver = PAGE if culprit.critical else TICKET
    return notification.receiver == receiver and any(
        _names(alert, culprit) for alert in notification.firing
    )


def _names(alert: Alert, culprit: Culprit) -> bool:
    return alert.name in culprit.alerts and all(
        alert.labels.get(name) in values for name, values in culprit.labels.items()
    )


def _resolved(pager: Pager, received: list[Notification], removed: float) -> float | None:
    """Wait until each incident was told as resolved; the moment of the last, or None."""
    open_groups = {(item.receiver, item.group) for item in received if item.firing}
    if not open_groups:
        return None
    while time.time() < removed + _RESOLVED_WITHIN_SECONDS:
        ended: dict[tuple[str, str], float] = {}
        for item in pager.since(0):
            key = (item.receiver, item.group)
            if key in open_groups:
                ended.pop(key, None)
                if not item.firing:
                    ended[key] = item.at
        if ended.keys() == open_groups:
            return max(ended.values())
        time.sleep(_PAUSE_SECONDS)
    return None


def fold(
    received: Iterable[Notification], began: float, culprit: Culprit | None
) -> tuple[Told, ...]:
    """Fold notifications to incidents, in the order of their first words."""
    groups: dict[tuple[str, str], list[Notification]] = {}
    for item in received:
        if item.firing:
            groups.setdefault((item.receiver, item.group), []).append(item)
    return tuple(
        Told(
            receiver=receiver,
            seconds=round(items[0].at - began, 1),
            alerts=tuple(sorted({_shown(alert) for item in items for alert in item.firing})),
            text=items[0].firing[0].annotations.get("description", ""),
            right=culprit is not None and any(is_right(item, culprit) for item in items),
            document=items[0].document,
        )
        for (receiver, _), items in groups.items()
    )


def _shown(alert: Alert) -> str:
    labels = (
        f"{name}={value}"
        for name, value in sorted(alert.labels.items())
        if name not in _NOT_SHOWN and value
    )
    return f"{alert.name}{{{', '.join(labels)}}}"


def _played(site: Site) -> str:
    lab = site.lab
    engine = lab.docker(lab.manager, "version", "--format={{.Server.Version}}").strip()
    balances = "with IPVS" if lab.kernel.ipvs else "without IPVS"
    today = datetime.now(UTC).date().isoformat()
    return f"{today}, Engine {engine}, Linux {platform.release()} {balances}"
