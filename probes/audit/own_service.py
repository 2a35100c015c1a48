"""Which of the Swarm's services are the agents?"""

from probes.audit.situation import Situation
from probes.model.probe import Target
from probes.model.topology import Service


def own_service(situation: Situation) -> Service | None:
    """Find our own service, by the names that probes between the agents carry."""
    names = {
        result.probe.id.destination_service
        for result in situation.results
        if result.probe.id.target is Target.NODE
    }
    return next((item for item in situation.topology.services if item.name in names), None)
