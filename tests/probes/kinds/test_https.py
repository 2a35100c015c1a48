import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from cryptography import x509

from probes import certificates
from probes.model.probe import HttpLook
from probes.model.result import Outcome
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, answering, closing, serving, silent

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
HOST = "api.example.org"


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def _look(port: int, **options: Any) -> HttpLook:
    return HttpLook(address=LOOPBACK, port=port, tls=True, **options)


@pytest.mark.parametrize("host", [HOST, f"{HOST}:443", ""])
async def test_a_valid_certificate_is_ok(authority: trustme.CA, host: str) -> None:
    """For the host's name or, where none was declared, for the address; its end is kept."""
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    certificate = authority.issue_cert(HOST, str(LOOPBACK), not_after=end)
    async with serving(answering(HELLO), tls=_server(certificate)) as port:
        result = await look_once(_look(port, host=host, body="hello"))

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases] == ["connect", "tls", "first_byte", "transfer"]
    assert result.observed.certificate_expires_at == end.timestamp()


async def test_a_long_body_comes_through(authority: trustme.CA) -> None:
    """Over many records, up to its last byte."""
    body = b"x" * 60_000 + b"end"
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    tls = _server(authority.issue_cert(HOST))
    async with serving(answering(head + body), tls=tls) as port:
        result = await look_once(_look(port, host=HOST, body="xend"))

    assert (result.outcome, result.detail) == (Outcome.OK, "")


def _expired(authority: trustme.CA) -> trustme.LeafCert:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return authority.issue_cert(
        HOST,
        not_before=yesterday - timedelta(days=9),
        not_after=yesterday,
    )


def _for_another(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("web.example.org")


def _of_a_stranger(_: trustme.CA) -> trustme.LeafCert:
    return trustme.CA().issue_cert(HOST)


def _self_signed(_: trustme.CA) -> trustme.LeafCert:
    own = trustme.CA()
    return trustme.LeafCert(own.private_key_pem.bytes(), own.cert_pem.bytes(), [])


@pytest.mark.parametrize(
    ("issue", "why"),
    [
        (_expired, "certificate has expired"),
        (_for_another, f"Hostname mismatch, certificate is not valid for '{HOST}'."),
        (_of_a_stranger, "unable to get local issuer certificate"),
        (_self_signed, "self-signed certificate"),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_told(
    authority: trustme.CA,
    issue: Callable[[trustme.CA], trustme.LeafCert],
    why: str,
) -> None:
    """Told apart, unless the operator does not want it verified: then it is good enough."""
    certificate = issue(authority)
    async with serving(answering(HELLO), tls=_server(certificate)) as port:
        verified = await look_once(_look(port, host=HOST))
        unverified = await look_once(_look(port, host=HOST, verify=False))

    assert verified.outcome is Outcome.TLS
    assert verified.detail == f"the certificate is not valid: {why}"
    assert [phase.name for phase in verified.phases] == ["connect", "tls"]
    assert unverified.outcome is Outcome.OK
    [shown, *_] = certificate.cert_chain_pems
    end = x509.load_pem_x509_certificate(shown.bytes()).not_valid_after_utc
    assert unverified.observed.certificate_expires_at == end.timestamp()


def test_what_is_no_certificate_has_no_end() -> None:
    """The peer chooses the bytes: no certificate at all, or one of a version that is none."""
    [shown] = trustme.CA().issue_cert(HOST).cert_chain_pems
    der = ssl.PEM_cert_to_DER_cert(shown.bytes().decode())
    version_3, version_9 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08"
    assert version_3 in der

    assert certificates.expires_at(der) is not None
    assert certificates.expires_at(der.replace(version_3, version_9, 1)) is None
    assert certificates.expires_at(b"\x30\x03abc") is None


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a TLS handshake as a plain HTTP server does."""
    await reader.read(1024)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def alerting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse the handshake with a fatal alert, handshake_failure (RFC 5246, 7.2)."""
    await reader.read(1024)
    writer.write(bytes.fromhex("15 0303 0002 02 28"))
    await writer.drain()


@pytest.mark.parametrize(
    ("handler", "why"),
    [
        (alerting, "TLS failed: SSLV3_ALERT_HANDSHAKE_FAILURE"),
        (babbling, "the peer does not speak TLS"),
        (closing, "the peer closed the connection in the middle of TLS"),
    ],
)
async def test_a_handshake_that_fails_says_how(handler: Handler, why: str) -> None:
    """One with nothing in common with us, a plain server, one that closes."""
    async with serving(handler) as port:
        result = await look_once(_look(port))

    assert result.outcome is Outcome.TLS
    assert result.detail.startswith(why)


async def test_a_handshake_without_end_times_out() -> None:
    """The step is named."""
    async with serving(silent) as port:
        result = await look_once(_look(port), timeout=0.2)

    assert result.detail == "no answer within 0.2 s (step: tls)"
