"""The audit of the lab's nodes, while the example application runs."""

import pytest

from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab


@pytest.fixture(scope="session")
def auditor(shop: Lab) -> LabAuditor:
    """Looks at the lab with the shop on it."""
    return LabAuditor(shop)
