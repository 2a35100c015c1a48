"""Which way should be explained, when somebody asks about two services? That of what fails."""

from collections.abc import Sequence

from exporter.page.pair import ProbeRow
from probes.explain.journey import Question
from probes.model.topology import Topology
from probes.plan.lookup import Lookup


def question_of(
    source: str, destination: str, probes: Sequence[ProbeRow], topology: Topology
) -> Question | None:
    """Follow the first of *probes* that starts in a task; None where there is no such way.

    Probes come worst first, so this is what fails, if anything does. One that is aimed at a port
    is worth more than an echo, which a closed port does not stop.
    """
    lookup = Lookup(topology)
    tasks = {lookup.name_of(task): task.id for task in topology.tasks if task.running}
    services = {service.name: service.id for service in topology.services}
    known = [row for row in probes if row.from_task and row.vantage in tasks]
    if source not in services or destination not in services or not known:
        return None
    worst = [row for row in known if row.verdict is known[0].verdict]
    chosen = next((row for row in worst if row.port), worst[0])
    return Question(
        source_task=tasks[chosen.vantage],
        destination_service=services[destination],
        destination_task=tasks.get(chosen.destination_task, ""),
        port=chosen.port,
    )
