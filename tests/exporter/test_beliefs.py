"""Does an agent keep what it knew of a network, and forget what it has left?"""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from exporter.beliefs import Beliefs
from exporter.view import View
from probes.model.gossip import NetworkView
from probes.swarm.errors import EngineError
from probes.swarm.membership import Membership
from tests.swarms import APP, DATA, SHOP

PEERS = (IPv4Address("198.18.0.11"),)
MEMBER = Membership(node_id="n1", address=None, manager=False, managers=())
START = View(membership=MEMBER, topology=SHOP)


class Place:
    """A node whose Engine and clock a test has in its hands."""

    def __init__(self) -> None:
        self.now = 0.0
        self.gone = False
        self.broken = False
        self.errors = 0
        self.beliefs = Beliefs(self._ask, self._on_error, lambda: self.now)

    async def _ask(self, network_id: str) -> NetworkView | None:
        if self.broken:
            raise EngineError("engine cannot be asked")
        if self.gone and network_id == DATA.id:
            return None
        return NetworkView(network_id=network_id, peers=PEERS, services=(), read_at=self.now)

    def _on_error(self) -> None:
        self.errors += 1

    async def at(self, seconds: float, view: View) -> View:
        """Let it be *seconds*, and renew *view*."""
        self.now = seconds
        return replace(view, views=await self.beliefs.renewed(view))


@pytest.fixture(name="place")
def _place() -> Place:
    return Place()


async def test_each_network_that_the_node_takes_part_in(place: Place) -> None:
    """In the order of ids; and nothing is made anew while nobody's turn has come."""
    await place.at(0, START)
    view = await place.at(10, START)
    again = await place.at(11, view)

    assert [item.network_id for item in view.views] == [APP.id, DATA.id]
    assert again.views is view.views


async def test_what_cannot_be_asked_about_stays_as_it_was(place: Place) -> None:
    """With the time at which it was read; the failures count."""
    await place.at(0, START)
    view = await place.at(10, START)
    place.broken = True

    later = await place.at(500, view)

    assert [item.read_at for item in later.views] == [10, 10]
    assert place.errors == 2


async def test_an_engine_without_the_network_has_no_view_of_it(place: Place) -> None:
    """Its last container there has gone."""
    await place.at(0, START)
    view = await place.at(10, START)
    place.gone = True

    later = await place.at(500, view)

    assert [(item.network_id, item.read_at) for item in later.views] == [(APP.id, 500)]


async def test_what_the_swarm_no_longer_has_goes_at_once(place: Place) -> None:
    """Before any turn."""
    await place.at(0, START)
    view = await place.at(10, START)

    later = await place.at(11, replace(view, topology=replace(SHOP, networks=(APP,))))

    assert [item.network_id for item in later.views] == [APP.id]


async def test_outside_a_swarm_there_is_nothing(place: Place) -> None:
    """A node that has left it believes nothing."""
    await place.at(0, START)
    view = await place.at(10, START)

    assert (await place.at(11, replace(view, membership=None))).views == ()


async def test_doubt_makes_it_ask_before_the_minute_is_over(place: Place) -> None:
    """As soon as gossip can have settled."""
    await place.at(0, START)
    view = await place.at(10, START)
    view = await place.at(25, view)
    assert [item.read_at for item in view.views] == [10, 10]  # settled at 20, but asked at 10
    view = await place.at(30, view)
    assert [item.read_at for item in view.views] == [30, 30]
    place.now = 35
    place.beliefs.doubt()

    view = await place.at(55, view)

    assert [item.read_at for item in view.views] == [55, 55]
