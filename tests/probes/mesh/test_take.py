"""Is a round of looks bounded, and is what was left out counted?"""

import asyncio
from dataclasses import replace

from probes.mesh.take import take
from probes.model.probe import Kind, Probe, Target
from probes.model.result import Outcome, Result
from tests.exporter.test_store import result
from tests.exporter.test_wheel import probe


def _probes(count: int) -> list[Probe]:
    made = [probe(f"api{number}") for number in range(count)]
    return [replace(item, id=replace(item.id, probe=Kind.TCP, target=Target.TASK)) for item in made]


async def test_looks_that_all_time_out_do_not_make_the_node_look_silent() -> None:
    """Those that did not begin in time are left out, and it says how many."""

    async def run(item: Probe) -> Result:
        await asyncio.sleep(0.3)
        return result(item, Outcome.TIMEOUT)

    mesh = await take("node1", _probes(100), run, begin_within_seconds=0.2)

    assert (mesh.node, len(mesh.looks), mesh.left_out) == ("node1", 32, 68)


async def test_only_so_many_looks_are_taken() -> None:
    """The rest is counted."""

    async def run(item: Probe) -> Result:
        return result(item, Outcome.OK)

    mesh = await take("node1", _probes(507), run)

    assert (len(mesh.looks), mesh.left_out) == (500, 7)


async def test_who_has_to_wait_for_a_turn_waits_no_longer_than_that() -> None:
    """Another round that takes long leaves no time to begin."""
    turn = asyncio.Lock()

    async def run(item: Probe) -> Result:
        await asyncio.sleep(0.3)
        return result(item, Outcome.OK)

    first, second = await asyncio.gather(
        take("node1", _probes(2), run, turn=turn, begin_within_seconds=0.2),
        take("node1", _probes(3), run, turn=turn, begin_within_seconds=0.2),
    )

    assert (len(first.looks), first.left_out) == (2, 0)
    assert (len(second.looks), second.left_out) == (0, 3)
