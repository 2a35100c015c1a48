"""Which ports does the routing mesh publish for services that run, and whose are they?"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from probes.audit.situation import Situation
from probes.findings.spec import FindingSpec
from probes.model.finding import Evidence, Finding, Subject
from probes.model.topology import Network, Port, Service

#: What a finding is about where all of several ports share the fault.
EVERY_PORT = "every port"
#: Until then the Engine kept a chain DOCKER-INGRESS on the host (moby#53118).
_LAST_WITH_CHAIN = (29, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One port of the routing mesh."""

    service: Service
    port: Port
    number: int

    def __str__(self) -> str:
        return f"{self.number}/{self.port.protocol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A published port that lacks something, and the rows that show it."""

    published: Published
    evidence: tuple[Evidence, ...]


def ingress_network(situation: Situation) -> Network | None:
    """Find the network of the routing mesh; None where the operator took it away."""
    return next((item for item in situation.topology.networks if item.ingress), None)


def published_ports(situation: Situation) -> tuple[Published, ...]:
    """List the ports of services that have a running task, in order."""
    found = [
        Published(service=service, port=port, number=port.published)
        for service in situation.topology.services
        if any(task.running for task in situation.lookup.tasks_of(service))
        for port in service.ports
        if port.published and port.mode == "ingress"
    ]
    return tuple(sorted(found, key=lambda item: (item.number, item.port.protocol)))


def keeps_ingress_chain(engine_version: str) -> bool:
    """Tell whether an Engine leads published ports through DOCKER-INGRESS; no for an unknown."""
    found = re.match(r"(\d+)\.(\d+)", engine_version)
    return found is not None and (int(found[1]), int(found[2])) <= _LAST_WITH_CHAIN


def findings_of(
    spec: FindingSpec,
    network: str,
    lacking: Iterable[Lacking],
    everything: Iterable[Published],
) -> Iterator[Finding]:
    """Make one finding for each port; one alone where all of several ports share the fault."""
    all_ports, found = set(map(str, everything)), list(lacking)
    if len(all_ports) > 1 and {str(item.published) for item in found} == all_ports:
        evidence = (row for item in found for row in item.evidence)
        subject = Subject(network=network, item=EVERY_PORT)
        # The remedy names one of the services: a command takes one at a time.
        yield spec.found(subject, *evidence, service=found[0].published.service.name)
        return
    for item in found:
        subject = Subject(
            network=network,
            service=item.published.service.name,
            item=str(item.published),
        )
        yield spec.found(subject, *item.evidence)
