"""Are the certificates of a server read whoever made them, and judged apart from that?"""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from probes.model.probe import StartTls, TlsLook
from probes.model.result import Outcome, Result
from probes.shown import watching_context
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, answering, closing, serving, silent

HOST = "shop.example.org"
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


async def _look(
    port: int, *, host: str = HOST, verify: bool = True, authorities: str = ""
) -> Result:
    look = TlsLook(
        address=LOOPBACK, port=port, host=host, verify=verify, authorities_file=authorities
    )
    return await look_once(look)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_good_chain_is_shown_whole(authority: trustme.CA, version: ssl.TLSVersion) -> None:
    """The server's own first, with its names, its issuer and its end."""
    middle = authority.create_child_ca()
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    certificate = middle.issue_cert(HOST, "127.0.0.1", not_after=end)
    tls = _server(certificate)
    tls.maximum_version = version
    async with serving(silent, tls=tls) as port:
        result = await _look(port)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    own, issuer = result.observed.certificates
    assert own.names == (HOST, "127.0.0.1")
    assert own.expires_at == end.timestamp() == result.observed.certificate_expires_at
    assert own.begins_at < result.started_at
    assert own.issuer == issuer.subject
    told = dict(result.observed.told)
    assert told["protocol"] == version.name.replace("_", ".")
    assert told["cipher"]
    assert [phase.name for phase in result.phases] == ["connect", "tls"]


def _for_another(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("other.example.org", "10.0.0.9")


def _expired(authority: trustme.CA) -> trustme.LeafCert:
    yesterday = datetime.now(UTC) - timedelta(days=1, hours=1)
    return authority.issue_cert(HOST, not_before=yesterday - timedelta(days=9), not_after=yesterday)


def _of_tomorrow(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(HOST, not_before=datetime.now(UTC) + timedelta(days=1))


def _of_a_stranger(_: trustme.CA) -> trustme.LeafCert:
    return trustme.CA().create_child_ca().issue_cert(HOST)


def _self_signed(_: trustme.CA) -> trustme.LeafCert:
    own = trustme.CA()
    return trustme.LeafCert(own.private_key_pem.bytes(), own.cert_pem.bytes(), [])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("issue", "found", "means"),
    [
        (_for_another, "Hostname mismatch", "it is for other.example.org, 10.0.0.9"),
        (_expired, "certificate has expired", ", 1 day ago"),
        (_of_tomorrow, "certificate is not yet valid", " begins 20"),
        (_of_a_stranger, "unable to get local issuer", "which is not known here"),
        (_self_signed, "self-signed certificate", ""),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_told_and_shown(
    authority: trustme.CA,
    version: ssl.TLSVersion,
    issue: Callable[[trustme.CA], trustme.LeafCert],
    found: str,
    means: str,
) -> None:
    """On one connection, whatever came of it: the next one may lead to another server."""
    handshakes: list[object] = []
    certificate = issue(authority)
    tls = _server(certificate)
    tls.maximum_version = version
    tls.sni_callback = lambda *client: handshakes.append(client)
    async with serving(silent, tls=tls) as port:
        judged = await _look(port)
        taken = await _look(port, verify=False)

    assert judged.outcome is Outcome.TLS
    assert judged.detail.startswith(f"the certificate is not valid: {found}")
    assert means in judged.detail
    assert (taken.outcome, taken.detail) == (Outcome.OK, "")
    assert judged.observed.certificates == taken.observed.certificates
    assert len(judged.observed.certificates) == len(certificate.cert_chain_pems)
    assert judged.observed.told == ()  # nothing was agreed on
    assert len(handshakes) == 2  # one a look


async def test_other_authorities_can_be_trusted(tmp_path: Path) -> None:
    """Those of a file alone; a file without any is our own lack."""
    private = trustme.CA()
    file, empty = tmp_path / "private.pem", tmp_path / "empty.pem"
    private.cert_pem.write_to_path(str(file))
    empty.write_text("nothing\n")
    async with serving(silent, tls=_server(private.issue_cert(HOST))) as port:
        trusted = await _look(port, authorities=str(file))
        lacking = await _look(port, authorities=str(empty))
        missing = await _look(port, authorities=str(tmp_path / "missing"))
    watching_context.cache_clear()

    assert (trusted.outcome, trusted.detail) == (Outcome.OK, "")
    assert {lacking.outcome, missing.outcome} == {Outcome.COULD_NOT_LOOK}
    assert lacking.detail.endswith("empty.pem: it holds no certificate in PEM")
    assert missing.detail.endswith("missing: No such file or directory")


async def test_what_speaks_no_tls_is_told() -> None:
    """Something else, or nothing at all."""
    async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        plain = await look_once(TlsLook(address=LOOPBACK, port=port), timeout=0.5)
    async with serving(closing) as port:
        closed = await _look(port)

    assert plain.outcome is Outcome.TIMEOUT  # it waits for the rest of its own kind of request
    assert closed.outcome is Outcome.TLS
    assert closed.detail == "the peer closed the connection in the middle of TLS"
    assert closed.observed.rtt_seconds is not None


# --- asked for in plain text first ---


def _saying(*lines: str, tls: ssl.SSLContext | None = None) -> Handler:
    """Greet, answer each line with the next of *lines*, and begin TLS."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting, *answers = lines
        writer.write(greeting.encode())
        for answer in answers:
            await reader.readline()
            writer.write(answer.encode())
        await writer.drain()
        if tls:
            await writer.start_tls(tls)
        await silent(reader, writer)

    return handle


SMTP = ("220-shop\r\n220 ready\r\n", "250-shop\r\n250-SIZE 9\r\n250 STARTTLS\r\n", "220 go\r\n")
IMAP = ("* OK [CAPABILITY IMAP4rev1] ready\r\n", "* CAPABILITY IMAP4rev1\r\na OK begin\r\n")


@pytest.mark.parametrize(("protocol", "lines"), [(StartTls.SMTP, SMTP), (StartTls.IMAP, IMAP)])
async def test_tls_is_asked_for_where_a_protocol_wants_that(
    authority: trustme.CA, protocol: StartTls, lines: tuple[str, ...]
) -> None:
    """And begins when the server agrees."""
    tls = _server(authority.issue_cert(HOST))
    async with serving(_saying(*lines, tls=tls)) as port:
        look = TlsLook(address=LOOPBACK, port=port, host=HOST, starttls=protocol)
        result = await look_once(look)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases] == ["connect", "starttls", "tls"]
    assert result.observed.certificates[0].names == (HOST,)


@pytest.mark.parametrize(
    ("protocol", "lines", "outcome", "detail"),
    [
        (
            StartTls.SMTP,
            ("220 ready\r\n", "250 shop\r\n"),
            Outcome.TLS,
            "the server offers no STARTTLS",
        ),
        (StartTls.SMTP, ("554 busy\r\n",), Outcome.BAD_REPLY, "not SMTP's 220, but b'554 busy'"),
        (
            StartTls.IMAP,
            ("* OK ready\r\n", "a BAD what?\r\n"),
            Outcome.TLS,
            "the server offers no STARTTLS: b'a BAD what?'",
        ),
        (StartTls.IMAP, ("hello\r\n",), Outcome.BAD_REPLY, "not IMAP's greeting, but b'hello'"),
        (StartTls.POSTGRES, ("N",), Outcome.TLS, "the server offers no TLS"),
        (
            StartTls.POSTGRES,
            ("HTTP/1.1 400",),
            Outcome.BAD_REPLY,
            "the answer is not PostgreSQL's: it begins with b'H'",
        ),
        (
            StartTls.POSTGRES,
            ("Sand more",),
            Outcome.BAD_REPLY,
            "the server said more in plain text after it agreed to TLS",
        ),
    ],
)
async def test_a_server_that_will_not_is_told(
    protocol: StartTls, lines: tuple[str, ...], outcome: Outcome, detail: str
) -> None:
    """As one without TLS, or as none of the protocol's."""
    async with serving(_saying(*lines)) as port:
        result = await look_once(TlsLook(address=LOOPBACK, port=port, starttls=protocol))

    assert (result.outcome, result.detail) == (outcome, detail)
