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

#: What an earlier run of a scenario brought, once and not again, until somebody knows why.
UNEXPLAINED = {
    "drain": "on 2026-11-24 SwarmPathBroken and SwarmDnsWrong were paged once, and nothing when it "
    "was played three times more; the failures had begun before the drain, after tasks had been "
    "spread",
    "agents-updated": "on 2026-11-24 SwarmNodeCutOffFromGossip was paged once, for a node whose "
    "Engine had been restarted before, and stayed; nothing came when both were played three times "
    "more",
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
