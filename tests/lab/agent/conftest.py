"""The shipped stack and the example application, deployed once for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.lab import swarmscope as shipped
from tests.lab.lab import Lab
from tests.lab.showcase import SHOP


@pytest.fixture(scope="session")
def swarmscope(lab: Lab, shop_images: None) -> Iterator[Lab]:  # noqa: ARG001 -- the shop's stack needs them
    """The lab with Swarmscope and the shop on it; every agent is ready, and was scraped."""
    lab.deploy(SHOP, "shop")
    shipped.deploy(lab, print)
    shipped.wait_until_scraped(lab)
    yield lab
    lab.remove(shipped.STACK_NAME)
    lab.remove("shop")
