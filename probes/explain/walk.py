"""Where does the way stop? Both halves, put together in the order of the packet."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from probes.audit.balancer_scope import HOST_PREFIX
from probes.explain import across
from probes.explain.attempts import failed
from probes.explain.hops import tried
from probes.explain.journey import Journey
from probes.explain.near import Near, destination, out_of_the_task, source
from probes.model.path import Hop, Mark, Walk
from probes.model.reading import CouldNotLook
from probes.model.topology import Task
from probes.model.vantage import VantageKind
from probes.plan.lookup import Lookup, address_on

_ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """The part of the way that leads to one task, as it was followed."""

    backend: Task
    #: Packets of the sender that left this node; None where none had to.
    left: int | CouldNotLook | None = None
    #: The hops on the backend's node, as its agent told them.
    hops: tuple[Hop, ...] = ()


def backend_to_follow(near: Near) -> Task | None:
    """Choose the task whose way is walked: the first that does not answer, else one elsewhere."""
    backends, attempts = near.journey.backends, near.attempts
    bad = (
        task
        for tried_by in (attempts.tasks, attempts.echoes, attempts.passed_on)
        for task in backends
        if failed(tried_by.get(task.id))
    )
    elsewhere = (task for task in backends if task.node_id != near.situation.node.id)
    return next(bad, None) or next(elsewhere, None) or next(iter(backends), None)


def sender_to(near: Near, backend: Task) -> IPv4Address | None:
    """Tell who sends on the overlay: the source, or, where that works, what balances for it."""
    if near.attempts.reaches(backend.id) and failed(near.attempts.passed_on.get(backend.id)):
        return balancer_address(near) or near.journey.address
    return near.journey.address


def balancer_address(near: Near) -> IPv4Address | None:
    """Find the address that this node's load balancer translates clients' addresses to."""
    network = near.journey.network
    if network is None:
        return None
    reading = near.situation.namespace(VantageKind.LOAD_BALANCER, network.id)
    held = reading.addresses if reading else ()
    own = (item.address for item in held if item.prefix_length < HOST_PREFIX)
    return next((it for it in own if any(it in subnet for subnet in network.subnets)), None)


def walk(near: Near, beyond: Beyond | None) -> Walk:
    """Join the hops, and end at the first broken one."""
    found = tuple(_up_to_the_break(_all(near, beyond)))
    return _walk(near.journey, near.situation.lookup, found, works=near.attempts.works)


def standstill(journey: Journey, lookup: Lookup) -> Walk | None:
    """Tell of a way that nobody can set out on; None where there is one."""
    hops = (source(journey), destination(journey))
    if all(hop.mark is Mark.OK for hop in hops):
        return None
    return _walk(journey, lookup, tuple(_up_to_the_break(hops)), works=False)


def unasked(journey: Journey, lookup: Lookup, why: str) -> Walk:
    """Tell what is known of a way whose source's node nobody could ask; *why* is why."""
    hop, node = source(journey, why_not=why), journey.source_node
    if node is not None and node.state == "down":
        hop = replace(
            hop,
            mark=Mark.BROKEN,
            why=f"The node {node.name}, where {journey.source_name} was last, is down.",
            remedy=f"docker node ps {node.name}",
        )
    return _walk(journey, lookup, (hop,), works=False)


def _walk(journey: Journey, lookup: Lookup, hops: tuple[Hop, ...], *, works: bool) -> Walk:
    port = f":{journey.port}" if journey.port else ""
    aimed = lookup.name_of(journey.only) if journey.only else journey.destination.name
    return Walk(
        source=journey.place,
        destination=f"{aimed}{port}",
        works=works and all(hop.mark is not Mark.BROKEN for hop in hops),
        hops=hops,
    )


def _all(near: Near, beyond: Beyond | None) -> Iterator[Hop]:
    network = near.journey.network
    yield source(near.journey, why_not=near.why_not)
    yield destination(near.journey)
    yield from out_of_the_task(near)
    if network is None or beyond is None:
        return
    backend = beyond.backend
    if near.journey.vip:
        yield across.balancer(near, network)
    yield from across.over_the_overlay(near, network, backend)
    if backend.node_id != near.situation.node.id:
        yield across.to_the_node(near, backend)
    if beyond.left is not None:
        yield across.departure(near, network, backend, beyond.left)
    yield from beyond.hops
    yield from _answer(near, backend)


def _answer(near: Near, backend: Task) -> Iterator[Hop]:
    """Tell how it ended, where no hop before could say why."""
    attempts, name, network = near.attempts, near.name_of(backend), near.journey.network
    direct = attempts.tasks.get(backend.id)
    place = f"{name} on {near.node_of(backend)}"
    aimed = near.journey.destination.name
    if direct is not None and (failed(direct) or not attempts.vip):
        why = f"{name} does not answer, although every hop to it looks as it should."
        remedy = f"docker service logs --tail 50 {aimed}"
        yield tried(_ANSWER, place, direct, why, remedy=remedy)
        return
    balancer = f"lb {network.name} on {near.node}" if network else ""
    passed_on = attempts.passed_on.get(backend.id)
    if passed_on is not None and failed(passed_on):
        why = (
            f"{name} answers {near.journey.source_name} itself, and not the load balancer of "
            f"{near.node}, which what is sent to {near.journey.vip} goes through."
        )
        yield tried(_ANSWER, balancer, passed_on, why, remedy=_restart(near))
        return
    vip = next(filter(failed, attempts.vip), next(iter(attempts.vip), None))
    if vip is not None:
        many = sum(map(failed, attempts.vip))
        why = (
            f"The tasks of {aimed} answer, and {many} of {len(attempts.vip)} connections to their "
            f"VIP {near.journey.vip} do not: the load balancer of {near.node} loses them."
        )
        yield tried(_ANSWER, balancer if many else place, vip, why, remedy=_restart(near))


def _restart(near: Near) -> str:
    return f"docker service update --force {near.journey.destination.name}"


def _up_to_the_break(hops: Iterable[Hop]) -> Sequence[Hop]:
    """End at the first broken hop; what was only doubtful explains an answer that did not come."""
    kept: list[Hop] = []
    for hop in hops:
        kept.append(hop)
        if hop.mark is Mark.BROKEN:
            break
    if not kept or kept[-1].name != _ANSWER or kept[-1].mark is not Mark.BROKEN:
        return kept
    doubtful = next((at for at, hop in enumerate(kept) if hop.mark is Mark.DOUBTFUL), None)
    if doubtful is not None:
        return [*kept[:doubtful], replace(kept[doubtful], mark=Mark.BROKEN)]
    # Where somebody could not look, it may stop there as well.
    return kept[:-1] if any(hop.mark is Mark.UNKNOWN for hop in kept) else kept


def address_of(near: Near, backend: Task) -> IPv4Address | None:
    """Give the backend's address on the way."""
    return address_on(backend, near.journey.network.id) if near.journey.network else None
