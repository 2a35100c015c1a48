"""What do tests of several folders need alike?"""

from collections.abc import Iterator

import pytest

from tests.probes.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Make a task's namespace and a peer's for one test, joined by a wire."""
    wire = Wire()
    try:
        yield wire
    finally:
        wire.close()
