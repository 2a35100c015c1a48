"""Are the certificates of a server read whoever made them, and judged apart from that?"""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from probes import stream
from probes.model.probe import TlsLook
from probes.model.result import Outcome, Result
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import answering, closing, serving, silent

HOST = "shop.example.org"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """Make an authority, and have it trusted."""
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    stream.tls_context.cache_clear()
    yield authority
    stream.tls_context.cache_clear()


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


async def _look(port: int, *, host: str = HOST, verify: bool = True) -> Result:
    return await look_once(TlsLook(address=LOOPBACK, port=port, host=host, verify=verify))


async def test_a_good_chain_is_shown_whole(authority: trustme.CA) -> None:
    """The server's own first, with its names, its issuer and its end."""
    middle = authority.create_child_ca()
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    certificate = middle.issue_cert(HOST, "127.0.0.1", not_after=end)
    async with serving(silent, tls=_server(certificate)) as port:
        result = await _look(port)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    own, issuer = result.observed.certificates
    assert own.names == (HOST, "127.0.0.1")
    assert own.expires_at == end.timestamp() == result.observed.certificate_expires_at
    assert own.begins_at < result.started_at
    assert own.issuer == issuer.subject
    told = dict(result.observed.told)
    assert told["protocol"] == "TLSv1.3"
    assert told["cipher"].startswith("TLS_")


async def test_what_is_wrong_with_a_certificate_is_told_and_shown(authority: trustme.CA) -> None:
    """Another's name, an end in the past, an authority that nobody trusts."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    cases = {
        "Hostname mismatch": authority.issue_cert("other.example.org"),
        "certificate has expired": authority.issue_cert(
            HOST, not_before=yesterday - timedelta(days=9), not_after=yesterday
        ),
        "unable to get local issuer": trustme.CA().issue_cert(HOST),
    }
    for why, certificate in cases.items():
        async with serving(silent, tls=_server(certificate)) as port:
            judged = await _look(port)
            taken = await _look(port, verify=False)

        assert judged.outcome is Outcome.TLS
        assert why in judged.detail
        assert taken.outcome is Outcome.OK
        assert judged.observed.certificates == taken.observed.certificates
        assert len(judged.observed.certificates) == 1


async def test_what_speaks_no_tls_is_told() -> None:
    """Something else, or nothing at all."""
    async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        plain = await look_once(TlsLook(address=LOOPBACK, port=port), timeout=0.5)
    async with serving(closing) as port:
        closed = await _look(port)

    assert plain.outcome is Outcome.TIMEOUT  # it waits for the rest of its own kind of request
    assert closed.outcome is Outcome.TLS
    assert closed.detail == "the peer closed the connection in the middle of TLS"
