"""Do networks let those talk who may, and keep those apart who must not?"""

from collections.abc import Iterator

from probes.model.intent import ForbiddenFlow
from probes.network.problem import Problem, Question


def forbidden(question: Question) -> Iterator[Problem]:
    """Find networks that two share who must not talk.

    Where some of it or its way back is allowed they must share one: that is a firewall's matter.
    """
    files, allowed = question.files, question.intent.allowed
    for flow in question.intent.forbidden:
        source, destination = flow.source_id, flow.destination_id
        if (source, destination) in allowed or (destination, source) in allowed:
            continue
        for network in sorted(files.networks_of(source) & files.networks_of(destination)):
            reason = f"reaches {destination} over {network}{_on(flow)}: {flow.rule}"
            yield Problem(files.joins(source, network), source, reason)


def _on(flow: ForbiddenFlow) -> str:
    return f" on {', '.join(map(str, sorted(flow.ports)))}" if flow.ports else ""


def no_way(question: Question) -> Iterator[Problem]:
    """Find those who may talk, and have no network for it."""
    files = question.files
    for source, destination in sorted(question.intent.allowed):
        if not files.networks_of(source) & files.networks_of(destination):
            reason = f"may talk to {destination} (policy.allow), and shares no network with it"
            yield Problem(files.place(source, "networks"), source, reason)


RULES = (forbidden, no_way)
