import pytest

from probes.model.probe import IcmpLook, MtuLook
from probes.model.result import Outcome
from tests.needs import command
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.wire import PEER_ADDRESS, Wire

pytestmark = [pytest.mark.netns, command("nft", "nftables")]


async def test_a_full_packet_comes_back() -> None:
    """Even the largest that IPv4 has."""
    result = await look_once(MtuLook(address=LOOPBACK))

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert result.observed.rtt_seconds is not None


async def test_a_way_that_is_narrower_than_its_ends_loses_it(wire: Wire) -> None:
    """A small echo passes: something on the way drops the large, without a word."""
    assert (await look_once(MtuLook(address=PEER_ADDRESS), vantage=wire.task)).outcome is Outcome.OK

    wire.rule(wire.peer, "prerouting", "meta length > 1400 drop")
    small = await look_once(IcmpLook(address=PEER_ADDRESS), vantage=wire.task)
    full = await look_once(MtuLook(address=PEER_ADDRESS), vantage=wire.task, timeout=0.3)

    assert (small.outcome, full.outcome) == (Outcome.OK, Outcome.TIMEOUT)
