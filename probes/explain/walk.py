"""Where does the way stop? Both halves, put together in the order of the packet."""

from collections.abc import Iterable, Iterator

from probes.explain.attempts import failed
from probes.explain.hops import tried
from probes.explain.near import Near, at_the_balancer, before_the_network, towards
from probes.model.path import Hop, Mark, Walk
from probes.model.topology import Task


def backend_to_follow(near: Near) -> Task | None:
    """Choose the task whose way is walked: the first that does not answer, else the first."""
    backends = near.journey.backends
    bad = (
        task
        for task in backends
        if failed(near.attempts.tasks.get(task.id)) or failed(near.attempts.echoes.get(task.id))
    )
    return next(bad, backends[0] if backends else None)


def walk(near: Near, backend: Task | None, far: Iterable[Hop]) -> Walk:
    """Join the hops, and end at the first broken one.

    *far* are the hops on the backend's node, as its agent told them.
    """
    journey = near.journey
    port = f":{journey.port}" if journey.port else ""
    aimed = near.name_of(journey.only) if journey.only else journey.destination.name
    return Walk(
        source=near.place,
        destination=f"{aimed}{port}",
        works=near.attempts.works,
        hops=tuple(_up_to_the_break(_all(near, backend, far))),
    )


def _all(near: Near, backend: Task | None, far: Iterable[Hop]) -> Iterator[Hop]:
    journey = near.journey
    network = journey.network
    yield from before_the_network(near)
    if network is None or backend is None:
        return
    if journey.vip and journey.port:
        yield at_the_balancer(near, network)
    yield from towards(near, network, backend)
    yield from far
    result = near.attempts.tasks.get(backend.id)
    if result is not None:
        name = near.name_of(backend)
        yield tried(
            "answer",
            f"{name} on {near.node_of(backend)}",
            result,
            f"{name} does not answer, although every hop to it looks as it should.",
            remedy=f"docker service logs --tail 50 {journey.destination.name}",
        )


def _up_to_the_break(hops: Iterable[Hop]) -> Iterator[Hop]:
    for hop in hops:
        yield hop
        if hop.mark is Mark.BROKEN:
            return
