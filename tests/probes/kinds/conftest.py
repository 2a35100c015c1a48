"""Whom do looks trust in these tests?"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from probes import shown, stream


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """Make an authority, and have it trusted as a user would: by OpenSSL's own variable."""
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    _forget()
    yield authority
    _forget()


def _forget() -> None:
    stream.tls_context.cache_clear()
    shown.watching_context.cache_clear()
