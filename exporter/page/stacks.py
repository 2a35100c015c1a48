"""Which stack does a service belong to, and what is it called within?"""

from collections.abc import Mapping
from dataclasses import dataclass

from probes.model.topology import Topology

#: What was deployed with no stack, and what is no service at all.
NO_STACK = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A service's name, taken apart."""

    stack: str
    short: str
    full: str


class Stacks:
    """All services of a topology by their stacks."""

    def __init__(self, topology: Topology) -> None:
        self._labelled: Mapping[str, str] = {
            service.name: service.stack for service in topology.services
        }
        self._known: dict[str, Name] = {}

    def name(self, service: str) -> Name:
        """Take a name apart: by the stack's label, or else at the first underscore."""
        known = self._known.get(service)
        if known is None:
            known = self._known[service] = self._take_apart(service)
        return known

    def _take_apart(self, service: str) -> Name:
        stack = self._labelled.get(service) or service.partition("_")[0]
        if service.startswith(f"{stack}_"):
            return Name(stack, service[len(stack) + 1 :], service)
        return Name(self._labelled.get(service, NO_STACK), service, service)
