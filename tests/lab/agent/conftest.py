"""The shipped stack beside the example application, once for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.lab import swarmscope as shipped
from tests.lab.lab import Lab


@pytest.fixture(scope="session")
def swarmscope(shop: Lab) -> Iterator[Lab]:
    """The lab with Swarmscope and the shop on it; every agent is ready, and was scraped."""
    shipped.deploy(shop, print)
    shipped.wait_until_scraped(shop)
    yield shop
    shop.remove(shipped.STACK_NAME)
