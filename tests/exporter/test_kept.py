"""Does what many want at once cost as little as if one wanted it?"""

import asyncio

import pytest

from exporter.desk import Desk
from exporter.explain import CannotExplainError
from exporter.kept import Kept, TooMuchError
from probes.explain.journey import Question
from probes.model.path import Walk

WALK = Walk(source="a.1 on node1", destination="b", works=True, hops=())


def asked(task: str) -> Question:
    """Make a question."""
    return Question(source_task=task, destination_service="b")


class Maker:
    """Counts how often something is made, and how many at once."""

    def __init__(self) -> None:
        self.made = 0
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self) -> int:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        self.made += 1
        return self.made


async def test_many_who_ask_at_once_and_soon_after_get_the_same() -> None:
    """It is made once; when its time is over, it is made anew."""
    make, kept = Maker(), Kept[str, int](0.05, most=4)

    answers = await asyncio.gather(*(kept.get("a", make) for _ in range(20)))
    answers.append(await kept.get("a", make))

    assert set(answers) == {1}
    await asyncio.sleep(0.1)
    assert await kept.get("a", make) == 2


async def test_who_goes_away_does_not_end_it_for_the_others() -> None:
    """The first one's browser was closed."""
    make, kept = Maker(), Kept[str, int](1, most=4)
    first = asyncio.ensure_future(kept.get("a", make))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(kept.get("a", make))

    await asyncio.sleep(0)
    first.cancel()

    assert await second == 1


async def test_too_many_different_things_are_refused() -> None:
    """While those that are kept are still given."""
    make, kept = Maker(), Kept[str, int](1, most=2)
    await kept.get("a", make)
    await kept.get("b", make)

    with pytest.raises(TooMuchError, match="try again"):
        await kept.get("c", make)
    assert await kept.get("a", make) == 1


async def test_ways_are_explained_one_at_a_time_and_only_so_many() -> None:
    """Whoever has no token cannot make the agents walk without end."""
    make = Maker()

    async def explain(_: Question) -> Walk:
        await make()
        return WALK

    desk = Desk(explain)
    await asyncio.gather(*(desk.explain(asked(f"t{number % 8}")) for number in range(40)))

    assert (make.made, make.most_at_once) == (8, 1)
    with pytest.raises(TooMuchError):
        await desk.explain(asked("t9"))


async def test_what_cannot_be_explained_is_an_answer() -> None:
    """It is shown in the explanation's place."""

    async def explain(_: Question) -> Walk:
        raise CannotExplainError("this agent knows no topology yet")

    assert await Desk(explain).explain(asked("t1")) == "this agent knows no topology yet"
