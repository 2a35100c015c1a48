"""Are routes, hops and narrow places of a real way found? Over two routers of our own."""

import os
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import pairwise

import pytest

from probes.kinds.sweep import Sweep, sweep
from probes.model.probe import IcmpLook, Look, RouteLook, SweepLook, TraceLook
from probes.model.result import Outcome, Result
from probes.model.vantage import Vantage, VantageKind
from tests.needs import command
from tests.probes.kernel.place import (
    OTHER_TASK,
    OVERLAY,
    TASK,
    Place,
    clean_leftovers,
    folder_of,
)
from tests.probes.looking import look_once

PLACES = ("source", "first", "second", "end")
FIRST, SECOND, END = (IPv4Address(f"10.79.{net}.2") for net in (1, 2, 3))
NOBODY = IPv4Address("10.79.3.77")
PATIENCE_SECONDS = 0.3


class Road:
    """source - first - second - end: 10.79.1.0/24, 10.79.2.0/24 and 10.79.3.0/24 between them."""

    def __init__(self) -> None:
        clean_leftovers()
        self._place = Place(folder_of(os.getpid()))
        self._files = {name: self._place.add(name) for name in PLACES}
        for number, (near, far) in enumerate(pairwise(PLACES), 1):
            self._place.ip(
                near,
                f"link add to{number} type veth peer name from{number} netns {self._files[far]}\n"
                f"address add 10.79.{number}.1/24 dev to{number}\nlink set to{number} up\n",
            )
            self._place.ip(
                far,
                f"address add 10.79.{number}.2/24 dev from{number}\nlink set from{number} up\n",
            )
        self._place.ip("source", "route add default via 10.79.1.2")
        self._place.ip("first", "route add 10.79.3.0/24 via 10.79.2.2")
        self._place.ip("second", "route add 10.79.1.0/24 via 10.79.2.1")
        self._place.ip("end", "route add default via 10.79.3.1")
        for name in ("first", "second"):
            self.run(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0")

    @property
    def vantage(self) -> Vantage:
        return Vantage(kind=VantageKind.TASK, name="source", netns=str(self._files["source"]))

    def ip(self, name: str, lines: str) -> None:
        self._place.ip(name, lines)

    def run(self, name: str, *argv: str, text: str = "") -> None:
        entered = ("nsenter", f"--net={self._files[name]}", *argv)
        subprocess.run(entered, input=text, text=True, check=True)

    def rule(self, name: str, hook: str, rule: str) -> None:
        self.run(
            name,
            "nft",
            "-f",
            "-",
            text=f"add table ip test\nadd chain ip test {hook} "
            f"{{ type filter hook {hook} priority 0; }}\nadd rule ip test {hook} {rule}\n",
        )

    def close(self) -> None:
        self._place.close()


@pytest.fixture
def road() -> Iterator[Road]:
    road = Road()
    try:
        yield road
    finally:
        road.close()


on_a_road = [pytest.mark.netns, command("nft", "nftables")]


async def _look(road: Road, look: Look) -> Result:
    return await look_once(look, vantage=road.vantage, timeout=30)


def _trace(address: IPv4Address) -> TraceLook:
    return TraceLook(
        address=address,
        names=((SECOND, "router-2"),),
        tries=2,
        patience_seconds=PATIENCE_SECONDS,
    )


class TestTrace:
    pytestmark = on_a_road

    async def test_each_hop_is_named_in_order(self, road: Road) -> None:
        """Routers by their own addresses, the end by its reply."""
        result = await _look(road, _trace(END))

        assert (result.outcome, result.detail) == (Outcome.OK, "")
        hops = result.observed.hops
        assert [(hop.steps, hop.address, hop.name) for hop in hops] == [
            (1, FIRST, ""),
            (2, SECOND, "router-2"),
            (3, END, ""),
        ]
        assert all(len(hop.round_trips) == 2 and hop.lost == 0 for hop in hops)
        assert result.observed.rtt_seconds == min(hops[-1].round_trips)

    async def test_a_router_that_says_nothing_is_no_end(self, road: Road) -> None:
        """It is shown as silent, and who comes after it is found."""
        road.rule("first", "output", "icmp type time-exceeded drop")

        result = await _look(road, _trace(END))

        assert result.outcome is Outcome.OK
        assert [hop.address for hop in result.observed.hops] == [None, SECOND, END]
        assert result.observed.hops[0].lost == 2

    async def test_where_the_way_is_lost_is_told(self, road: Road) -> None:
        """After the last who answered; nobody is asked for ever."""
        road.rule("second", "forward", "drop")

        result = await _look(road, _trace(END))

        assert (result.outcome, result.detail) == (
            Outcome.TIMEOUT,
            f"the way is lost after {SECOND}",
        )
        assert [hop.address for hop in result.observed.hops] == [FIRST, SECOND, None, None, None]

    async def test_a_router_that_knows_no_further_way_says_so(self, road: Road) -> None:
        """An error that is no "too many steps" ends the way there."""
        road.ip("first", "route del 10.79.3.0/24")

        result = await _look(road, _trace(END))

        assert (result.outcome, result.detail) == (
            Outcome.UNREACHABLE,
            f"{FIRST} says: network unreachable",
        )


class TestSweep:
    pytestmark = on_a_road

    async def test_what_the_device_has_passes(self, road: Road) -> None:
        """All of it."""
        result = await _look(road, SweepLook(address=END, patience_seconds=PATIENCE_SECONDS))

        assert (result.outcome, result.detail) == (Outcome.OK, "")
        assert result.observed.largest_bytes == 1500

    async def test_a_narrow_place_names_itself(self, road: Road) -> None:
        """The router before it says what fits."""
        road.ip("second", "link set to3 mtu 1400")

        result = await _look(road, SweepLook(address=END, patience_seconds=PATIENCE_SECONDS))

        assert result.outcome is Outcome.NARROW
        assert result.observed.largest_bytes == 1400
        assert result.detail == (
            "1400 of 1500 bytes pass: 10.79.2.2 says: too large, 1400 is the limit"
        )

    async def test_a_black_hole_is_called_so(self, road: Road) -> None:
        """Found to the byte, though nobody says a word."""
        road.rule("first", "forward", "meta length > 1337 drop")

        result = await _look(road, SweepLook(address=END, patience_seconds=0.1))

        assert result.outcome is Outcome.NARROW
        assert result.observed.largest_bytes == 1337
        assert dict(result.observed.told)["breaks at"].startswith("1338 bytes: what is larger")

    async def test_a_hole_in_the_middle_is_seen(self, road: Road) -> None:
        """Halving alone would never have looked there."""
        road.rule("first", "forward", "meta length 500-700 drop")

        result = await _look(road, SweepLook(address=END, patience_seconds=0.1))

        assert (result.outcome, result.observed.largest_bytes) == (Outcome.NARROW, 1500)
        assert dict(result.observed.told)["holes"].startswith("544, 663 bytes do not pass")

    async def test_a_dead_end_is_no_matter_of_size(self, road: Road) -> None:
        """Then the sizes say nothing."""
        road.rule("first", "forward", "drop")

        result = await _look(road, SweepLook(address=END, patience_seconds=0.05))

        assert (result.outcome, result.detail) == (
            Outcome.TIMEOUT,
            "not even 68 bytes come back: size is not why",
        )

    async def test_who_refuses_every_size_is_named(self, road: Road) -> None:
        """That is no matter of size, and no silence either."""
        road.ip("first", "route del 10.79.3.0/24")

        result = await _look(road, SweepLook(address=END, patience_seconds=0.1))

        assert (result.outcome, result.detail) == (
            Outcome.UNREACHABLE,
            f"{FIRST} says: network unreachable, whatever the size",
        )


class TestRoute:
    pytestmark = on_a_road

    async def test_the_kernels_choice_is_told(self, road: Road) -> None:
        """Device, source, gateway, and the gateway's MAC once it is known."""
        await _look(road, _trace(END))

        result = await _look(road, RouteLook(address=END))

        assert result.outcome is Outcome.OK
        told = dict(result.observed.told)
        assert told["device"] == "to1"
        assert told["mtu"] == "1500 bytes"
        assert (told["source"], told["gateway"]) == ("10.79.1.1", str(FIRST))
        assert told["neighbour"].startswith(f"{FIRST} is ")

    async def test_no_route_is_the_kernels_no(self, road: Road) -> None:
        """Nothing was sent."""
        road.ip("source", "route del default")

        result = await _look(road, RouteLook(address=END))

        assert result.outcome is Outcome.UNREACHABLE
        assert result.detail == f"no route to {END}: Network is unreachable"

    @pytest.mark.parametrize(
        ("kind", "why"),
        [
            ("blackhole", "a route of type blackhole leads there"),
            ("prohibit", "a route of type prohibit leads there"),
            ("unreachable", "No route to host"),
        ],
    )
    async def test_a_route_that_refuses_is_called_what_it_is(
        self, road: Road, kind: str, why: str
    ) -> None:
        """Not by the number of an error."""
        road.ip("source", f"route add {kind} 10.79.3.0/24")

        result = await _look(road, RouteLook(address=END))

        assert (result.outcome, result.detail) == (
            Outcome.UNREACHABLE,
            f"no route to {END}: {why}",
        )


#: As `Place.add_overlay` has them: a task on another node, its MAC, and that node's VTEP.
AWAY, AWAY_MAC, AWAY_VTEP = IPv4Address("10.77.0.7"), "02:42:0a:4d:00:07", "198.18.0.13"
NEAR = IPv4Address("10.77.0.8")


@pytest.fixture
def overlay() -> Iterator[tuple[Place, Vantage, Vantage]]:
    """An overlay's namespace, and one task's that is plugged into it."""
    clean_leftovers()
    place = Place(folder_of(os.getpid()))
    try:
        beneath = place.add_overlay().vantage
        yield place, beneath, place.join(TASK, "veth0", 6)
    finally:
        place.close()


class TestRouteOverAnOverlay:
    pytestmark = pytest.mark.netns

    async def _vtep(
        self,
        address: IPv4Address,
        overlay: tuple[Place, Vantage, Vantage],
        outcome: Outcome = Outcome.OK,
    ) -> tuple[str, str]:
        _, beneath, task = overlay
        nodes = ((IPv4Address(AWAY_VTEP), "node3"),)
        look = RouteLook(address=address, overlay=beneath, nodes=nodes)
        result = await look_once(look, vantage=task)
        assert result.outcome is outcome
        told = dict(result.observed.told)
        return told["overlay"], told.get("vtep", "")

    async def test_the_node_behind_the_vtep_is_named(
        self, overlay: tuple[Place, Vantage, Vantage]
    ) -> None:
        """As Docker wrote it."""
        assert await self._vtep(AWAY, overlay) == (
            f"{AWAY} is {AWAY_MAC} (permanent) on vxlan0",
            f"{AWAY_VTEP}, node3",
        )

    async def test_what_the_bridge_learned_does_not_hide_the_vtep(
        self, overlay: tuple[Place, Vantage, Vantage]
    ) -> None:
        """Answers teach the bridge that the MAC is behind vxlan0: it is no less elsewhere."""
        overlay[0].bridge(OVERLAY, f"fdb add {AWAY_MAC} dev vxlan0 master dynamic")

        assert (await self._vtep(AWAY, overlay))[1] == f"{AWAY_VTEP}, node3"

    async def test_a_lost_row_is_no_task_of_this_node(
        self, overlay: tuple[Place, Vantage, Vantage]
    ) -> None:
        """Not even where the bridge still remembers the port."""
        overlay[0].bridge(OVERLAY, f"fdb add {AWAY_MAC} dev vxlan0 master dynamic")
        overlay[0].bridge(OVERLAY, f"fdb del {AWAY_MAC} dev vxlan0 dst {AWAY_VTEP} self")

        assert (await self._vtep(AWAY, overlay, Outcome.UNREACHABLE))[1] == (
            f"no forwarding entry for {AWAY_MAC}: frames are dropped, or flooded"
        )

    async def test_a_vtep_of_nobody_is_called_so(
        self, overlay: tuple[Place, Vantage, Vantage]
    ) -> None:
        """A row that was misled."""
        overlay[0].bridge(OVERLAY, f"fdb replace {AWAY_MAC} dev vxlan0 dst 198.18.0.99 self")

        _, vtep = await self._vtep(AWAY, overlay, Outcome.UNREACHABLE)
        assert vtep == "198.18.0.99, no node of the Swarm"

    async def test_a_task_on_this_node_is_found_by_its_own_answer(
        self, overlay: tuple[Place, Vantage, Vantage]
    ) -> None:
        """Docker writes no neighbour for it."""
        place, _, task = overlay
        place.join(OTHER_TASK, "veth1", NEAR.packed[-1])
        assert (await self._vtep(NEAR, overlay))[0].endswith("nobody has answered ARP yet")

        await look_once(IcmpLook(address=NEAR), vantage=task)

        assert await self._vtep(NEAR, overlay) == (
            f"no neighbour entry for {NEAR}, which answered ARP itself",
            "none: 02:42:0a:4d:00:08 is on this node, at veth1",
        )


@pytest.mark.parametrize("limit", [68, 69, 575, 576, 1399, 1400, 1499, 1500])
async def test_any_limit_is_found_to_the_byte(limit: int) -> None:
    """With few tries."""
    tried = []

    async def passes(size: int) -> bool:
        tried.append(size)
        return size <= limit

    found = await sweep(passes, 68, 1500)

    breaks_at = None if limit == 1500 else limit + 1
    assert found == Sweep(largest=limit, breaks_at=breaks_at)
    assert len(tried) < 24


async def test_a_way_that_carries_nothing_has_no_largest() -> None:
    """Whatever is tried."""

    async def passes(size: int) -> bool:
        return size < 0

    assert await sweep(passes, 68, 1500) == Sweep(largest=None, breaks_at=68)
