import pytest

from probes.model.probe import IcmpLook
from probes.model.result import Outcome
from tests.probes.looking import LOOPBACK, look_once

pytestmark = pytest.mark.netns  # raw sockets are root's


@pytest.mark.parametrize("payload_bytes", [0, 1, 56, 1472, 9000])
async def test_an_echo_comes_back(payload_bytes: int) -> None:
    """Any size that fits, odd ones too, is echoed; the kernel's clock tells the round trip."""
    look = IcmpLook(address=LOOPBACK, payload_bytes=payload_bytes)

    result = await look_once(look)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases] == ["echo"]
    assert result.observed.rtt_seconds is not None
    assert 0 <= result.observed.rtt_seconds <= result.phases[0].seconds


async def test_a_packet_that_no_network_carries_is_unreachable() -> None:
    """Too big for IPv4 itself: the kernel says so at once."""
    look = IcmpLook(address=LOOPBACK, payload_bytes=65_535)

    result = await look_once(look)

    assert result.outcome is Outcome.UNREACHABLE
    assert "Message too long" in result.detail
