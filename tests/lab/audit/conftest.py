"""The audit of the lab's nodes, while the example application runs."""

from collections.abc import Iterator

import pytest

from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.spread import spread


@pytest.fixture(scope="module")
def spread_afterwards(shop: Lab) -> Iterator[None]:
    """Let the shop be on all nodes again."""
    yield
    spread(shop, "shop")


@pytest.fixture(scope="session")
def auditor(shop: Lab) -> LabAuditor:
    """Looks at the lab with the shop on it."""
    return LabAuditor(shop)
