"""Which of a node's probes are of a mesh, and how are they run once, within bounds?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from probes.mesh.model import NodeMesh, look_of
from probes.model.probe import Kind, Probe, Target
from probes.model.result import Result, Verdict

#: What can be asked for, and at whom it is aimed.
KINDS: Mapping[str, tuple[Kind, frozenset[Target]]] = {
    "tcp": (Kind.TCP, frozenset({Target.TASK})),
    "icmp": (Kind.ICMP, frozenset({Target.TASK})),
    "dns": (Kind.DNS, frozenset({Target.NAME})),
    "nodes": (Kind.TCP, frozenset({Target.NODE})),
}
_MOST_LOOKS = 500
_AT_ONCE = 32
#: Looks begin within this time; where all of them time out, they would take longer than whoever
#: asked waits (`exporter.peers`), and that node would look silent just when it has most to tell.
_BEGIN_WITHIN_SECONDS = 10.0


class NoSuchMeshError(Exception):
    """Nobody looks so."""


def chosen(probes: Iterable[Probe], kind: str, network: str) -> list[Probe]:
    """Choose the probes of a kind on a network, or on any. Raises NoSuchMeshError."""
    if kind not in KINDS:
        raise NoSuchMeshError(f"there is no mesh of {kind!r}, only of {', '.join(KINDS)}")
    speaks, aims = KINDS[kind]
    return [
        probe
        for probe in probes
        if probe.id.probe is speaks
        and probe.id.target in aims
        and network in {"", probe.id.network}
    ]


async def take(
    node: str,
    wanted: list[Probe],
    run: Callable[[Probe], Awaitable[Result]],
    *,
    turn: asyncio.Lock | None = None,
    begin_within_seconds: float = _BEGIN_WITHIN_SECONDS,
) -> NodeMesh:
    """Run each once, when it is our *turn*, and count what was left out."""
    places, loop = asyncio.Semaphore(_AT_ONCE), asyncio.get_running_loop()
    end = loop.time() + begin_within_seconds

    async def look(probe: Probe) -> Result | None:
        async with places:
            return await run(probe) if loop.time() < end else None

    async with turn or asyncio.Lock():
        taken = await asyncio.gather(*map(look, wanted[:_MOST_LOOKS]))
    results = [item for item in taken if item is not None]
    return NodeMesh(
        node=node,
        looks=tuple(look_of(item) for item in results if not _only_assumed(item)),
        left_out=len(wanted) - len(results),
    )


def _only_assumed(result: Result) -> bool:
    """Tell whether it failed where nobody said that anything listens."""
    return result.probe.assumed and result.outcome.verdict is Verdict.FAILED
