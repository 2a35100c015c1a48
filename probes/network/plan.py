"""Which networks have to be made, and which must be replaced by hand, to be as declared?

Nothing that exists is ever changed or removed: an overlay cannot be changed, and who is on it must
be moved with care.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from probes.audit.declared import network_differences
from probes.intent.declaration import network_intents
from probes.intent.declared.network_config import DeclaredNetwork, NetworkConfig
from probes.model.intent import NetworkIntent
from probes.model.topology import Network, Topology
from probes.network.spec import NetworkSpec, spec_of


class Action(StrEnum):
    """What becomes of a network."""

    NOTHING = "as declared"
    CREATE = "create"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done about one declared network."""

    network: str
    action: Action
    #: Each difference, for a person.
    why: tuple[str, ...] = ()
    #: What would be made; None where nothing is.
    spec: NetworkSpec | None = None
    #: Commands in order, where a person must do it.
    commands: tuple[str, ...] = ()


def plan(config: NetworkConfig, topology: Topology) -> tuple[Step, ...]:
    """List a step for each declared network, in the order of the file."""
    there = {network.name: network for network in topology.networks}
    return tuple(
        _step(intent, config.networks[intent.name], there.get(intent.name), topology)
        for intent in network_intents(config)
    )


def _step(
    intent: NetworkIntent, declared: DeclaredNetwork, network: Network | None, topology: Topology
) -> Step:
    name = intent.name
    if network is None:
        spec = spec_of(name, declared)
        return Step(network=name, action=Action.CREATE, spec=spec, commands=(spec.command,))
    why = tuple(
        f"{item.what}: {item.expected} is declared, {item.actual} is there"
        for item in network_differences(intent, network)
    )
    if not why:
        return Step(network=name, action=Action.NOTHING)
    return Step(
        network=name,
        action=Action.BY_HAND,
        why=why,
        commands=tuple(_moving(name, declared, network, topology)),
    )


def _moving(
    name: str, declared: DeclaredNetwork, network: Network, topology: Topology
) -> Iterator[str]:
    """Move everybody to a network beside it, a service at a time; the old one goes last."""
    beside = f"{name}-new"
    attached = sorted(
        service.name
        for service in topology.services
        if any(item.network_id == network.id for item in service.attachments)
    )
    yield spec_of(beside, declared).command
    for service in attached:
        yield shlex.join(["docker", "service", "update", "--network-add", beside, service])
    for service in attached:
        yield shlex.join(["docker", "service", "update", "--network-rm", name, service])
    yield shlex.join(["docker", "network", "rm", name])
    yield f"# declare {beside} in place of {name}, and in the stacks' files"
