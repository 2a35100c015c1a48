"""What of some stacks' files will not do, before anybody deploys them?"""

from ipaddress import IPv4Network

from probes.intent.declaration import Declaration, intent_of
from probes.intent.declared.service_discovery import ServiceDiscovery
from probes.network.problem import Problem, Question
from probes.network.rules import gateway, networks, policy, services
from probes.network.stacks import Planned

_RULES = (*policy.RULES, *networks.RULES, *services.RULES, *gateway.RULES)


def check(
    files: Planned,
    declaration: Declaration,
    *,
    nodes: int = 1,
    taken: tuple[IPv4Network, ...] = (),
) -> tuple[Problem, ...]:
    """List every problem, in the order of the files; *taken* are subnets that are others'."""
    question = Question(
        files=files,
        intent=intent_of(files.topology, declaration),
        discovery=declaration.services or ServiceDiscovery(version=1),
        nodes=nodes,
        taken=taken,
    )
    order = {stack.file: number for number, stack in enumerate(files.stacks)}
    found = dict.fromkeys(problem for rule in _RULES for problem in rule(question))
    return tuple(
        sorted(found, key=lambda item: (order[item.place.file], item.place.line, item.about))
    )
