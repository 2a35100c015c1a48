"""What must a machine have for a test to run? A test that is not run says what it missed."""

import shutil

import pytest


def command(name: str, package: str) -> pytest.MarkDecorator:
    """Skip the test where the command of Debian's *package* is missing."""
    return pytest.mark.skipif(
        shutil.which(name) is None,
        reason=f"needs {name} (Debian package {package})",
    )
