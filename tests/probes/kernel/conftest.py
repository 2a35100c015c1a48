import os
from collections.abc import Iterator

import pytest

from tests.probes.kernel.place import Place, clean_leftovers, folder_of


@pytest.fixture
def place() -> Iterator[Place]:
    clean_leftovers()
    place = Place(folder_of(os.getpid()))
    try:
        yield place
    finally:
        place.close()
