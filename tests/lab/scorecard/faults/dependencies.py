"""Faults of what the services depend on outside of the Swarm."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.scorecard.dependencies import DATABASE, PAGE
from tests.lab.scorecard.scenario import Culprit, Scenario, Site

_DAYS_LEFT = 5


@contextmanager
def _down(site: Site) -> Iterator[Culprit]:
    site.dependencies.stop_database()
    try:
        yield Culprit(alerts=("SwarmTargetDown",), labels={"target": (DATABASE,)})
    finally:
        site.dependencies.start_database()


@contextmanager
def _expiring(site: Site) -> Iterator[Culprit]:
    site.dependencies.show_certificate(_DAYS_LEFT)
    try:
        yield Culprit(
            alerts=("SwarmCertificateExpiring",), labels={"target": (PAGE,)}, critical=False
        )
    finally:
        site.dependencies.show_certificate()


SCENARIOS = (
    Scenario(
        name="dependency",
        words="a database outside of the Swarm accepts no connections",
        fault=_down,
    ),
    Scenario(
        name="certificate",
        words=f"a page outside shows a certificate that ends in {_DAYS_LEFT} days",
        fault=_expiring,
    ),
)
