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

#: Faults that no scenario can make, with the reason.
NOT_MADE = {
    "duplicate-address": "two tasks with one address: Engines give it only by a fault of their own "
    "(moby#33795), for which there is no asking; the finding's test has it as they would tell it",
}

SCENARIOS: tuple[Scenario, ...] = (
    *nodes.SCENARIOS,
    *between.SCENARIOS,
    *tables.SCENARIOS,
    *tasks.SCENARIOS,
    *swarm.SCENARIOS,
    *dependencies.SCENARIOS,
    *everyday.SCENARIOS,
)
