"""The audit of the lab's nodes, while the example application runs."""

from collections.abc import Iterator

import pytest

from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.wait import at_once, wait_until

_MOVED_WITHIN_SECONDS = 180


@pytest.fixture(scope="module")
def spread_afterwards(shop: Lab) -> Iterator[None]:
    """Let the shop be on all nodes again: what Swarm moves off a node that is down stays away."""
    yield
    wait_until(lambda: not shop.complaints(), _MOVED_WITHIN_SECONDS, "every node is ready")
    names = shop.docker(shop.manager, "stack", "services", "shop", "--format={{.Name}}").split()
    options = ("--force", "--no-resolve-image", "--update-parallelism=0")
    at_once(
        lambda name: shop.docker(
            shop.manager, "service", "update", *options, name, timeout=_MOVED_WITHIN_SECONDS
        ),
        names,
    )


@pytest.fixture(scope="session")
def auditor(shop: Lab) -> LabAuditor:
    """Looks at the lab with the shop on it."""
    return LabAuditor(shop)
