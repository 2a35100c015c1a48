"""Which scenarios are there? The one list of them all; a file for each place."""

from tests.lab.scorecard.faults import (
    between,
    dependencies,
    everyday,
    nodes,
    swarm,
    tables,
    tasks,
)
from tests.lab.scorecard.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *nodes.SCENARIOS,
    *between.SCENARIOS,
    *tables.SCENARIOS,
    *tasks.SCENARIOS,
    *swarm.SCENARIOS,
    *dependencies.SCENARIOS,
    *everyday.SCENARIOS,
)
