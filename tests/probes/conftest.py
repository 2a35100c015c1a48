"""Two nodes with an overlay between them, for one test."""

from collections.abc import Iterator

import pytest

from tests.probes.packets.tunnel import Tunnel


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    tunnel = Tunnel()
    try:
        yield tunnel
    finally:
        tunnel.close()
