"""Can the gateway be entered, and reach what its routes lead to?"""

from collections.abc import Iterator

from probes.network.problem import Problem, Question


def entry_points(question: Question) -> Iterator[Problem]:
    """Find entry points that the gateway does not publish."""
    files, gateway = question.files, question.discovery.gateway
    if gateway is None or gateway.service not in files.written:
        return
    published = {port.published for port in files.service(gateway.service).ports}
    for name, entry in gateway.entry_points.items():
        if entry.port not in published:
            reason = f"does not publish {entry.port}, its entry point {name}"
            yield Problem(files.place(gateway.service, "ports"), gateway.service, reason)


def routes(question: Question) -> Iterator[Problem]:
    """Find routes to services that the gateway shares no network with."""
    files, gateway = question.files, question.discovery.gateway
    if gateway is None or gateway.service not in files.written:
        return
    joined = files.networks_of(gateway.service)
    for route in gateway.routes:
        if route.service in files.written and not joined & files.networks_of(route.service):
            name = f"{route.host}{route.path}"
            reason = f"shares no network with {route.service}, where {name} leads"
            yield Problem(files.place(gateway.service, "networks"), gateway.service, reason)


RULES = (entry_points, routes)
