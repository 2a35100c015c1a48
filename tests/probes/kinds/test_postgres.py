"""Is a PostgreSQL server that is well told from one that is not, or is none?"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from probes.model.probe import PostgresLook, StartTls, TlsLook
from probes.model.result import Outcome, Result
from tests.probes.kinds.daemons import cluster, daemon, free_port, postgres
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, closing, saying, serving, silent

METHODS = ("scram-sha-256", "md5", "password", "trust")
PASSWORD = "pass,word=1"


@pytest.fixture(scope="module", params=METHODS)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """Run a server for each way of logging in; md5 wants a password that was kept so."""
    method = request.param
    kept = "md5" if method == "md5" else "scram-sha-256"
    access = f"host all all 127.0.0.1/32 {method}"
    with postgres(f"password_encryption={kept}", access=access) as port:
        yield method, port


async def _look(
    port: int, credentials: str = "", database: str = "", *, tls: bool = False
) -> Result:
    look = PostgresLook(
        address=LOOPBACK, port=port, credentials_file=credentials, database=database, tls=tls
    )
    return await look_once(look)


def _written(folder: Path, password: str) -> str:
    file = folder / "credentials"
    file.write_text(f"orders\n{password}\n")
    return str(file)


async def test_we_come_as_far_as_we_may(server: tuple[str, int], tmp_path: Path) -> None:
    """With the password into a session, with a wrong one nowhere; without any we are asked."""
    method, port = server

    right = await _look(port, _written(tmp_path, PASSWORD))
    wrong = await _look(port, _written(tmp_path, "sesame"))
    unknown = await _look(port)

    assert (right.outcome, right.detail) == (Outcome.OK, "")
    told = dict(right.observed.told)
    assert told["version"].startswith("15")
    assert told.get("authentication") == (None if method == "trust" else method)
    assert unknown.outcome is Outcome.OK
    assert ("note", "it wants credentials, and got none") in unknown.observed.told
    if method == "trust":
        assert wrong.outcome is Outcome.OK
    else:
        assert wrong.outcome is Outcome.DENIED
        assert wrong.detail == (
            'the server says: password authentication failed for user "orders" (SQLSTATE 28P01)'
        )
        assert "sesame" not in repr(wrong)


async def test_what_is_not_there_is_told(server: tuple[str, int], tmp_path: Path) -> None:
    """A database that is missing, and TLS that nobody set up."""
    _, port = server
    credentials = _written(tmp_path, PASSWORD)

    database = await _look(port, credentials, "nowhere")
    tls = await _look(port, credentials, tls=True)

    assert database.outcome is Outcome.DENIED
    assert database.detail.endswith('database "nowhere" does not exist (SQLSTATE 3D000)')
    assert (tls.outcome, tls.detail) == (Outcome.TLS, "the server offers no TLS")


async def test_a_session_goes_through_tls(authority: trustme.CA, tmp_path: Path) -> None:
    """And its certificates are seen by asking for TLS alone, too."""
    port = free_port()
    with cluster("hostssl all all 127.0.0.1/32 scram-sha-256") as made:
        certificate = authority.issue_cert("orders-db")
        for name, content in (
            ("server.crt", certificate.cert_chain_pems[0]),
            ("server.key", certificate.private_key_pem),
        ):
            content.write_to_path(str(made.data / name))
            (made.data / name).chmod(0o600)
            shutil.chown(made.data / name, "postgres", "postgres")
        argv = made.argv("127.0.0.1", port, "ssl=on")
        with daemon(*argv, port=port, user="postgres"):
            made.add_user(port)
            file = _written(tmp_path, PASSWORD)
            look = PostgresLook(
                address=LOOPBACK, port=port, host="orders-db", tls=True, credentials_file=file
            )
            secured = await look_once(look)
            stranger = await look_once(replace(look, host="cache"))
            plain = await _look(port, file)
            seen = await look_once(
                TlsLook(address=LOOPBACK, port=port, host="orders-db", starttls=StartTls.POSTGRES)
            )

    assert (secured.outcome, secured.detail) == (Outcome.OK, "")
    assert (stranger.outcome, plain.outcome) == (Outcome.TLS, Outcome.DENIED)
    assert stranger.detail.endswith("it is for orders-db")
    assert "no encryption" in plain.detail
    assert (seen.outcome, seen.observed.certificates) == (
        Outcome.OK,
        secured.observed.certificates,
    )


@pytest.mark.parametrize(
    ("handler", "outcome", "detail"),
    [
        (
            saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            Outcome.BAD_REPLY,
            "the answer is not PostgreSQL",
        ),
        (closing, Outcome.BAD_REPLY, "the server closed the connection in the middle"),
        (
            saying(b"R\x00\x00\x00\x17\x00\x00"),
            Outcome.BAD_REPLY,
            "the server closed the connection in the middle",
        ),
        (silent, Outcome.TIMEOUT, "no answer within 0.5 s (step: login)"),
    ],
)
async def test_what_is_no_postgres_is_told(handler: Handler, outcome: Outcome, detail: str) -> None:
    """By what comes back, or does not."""
    async with serving(handler) as port:
        result = await look_once(PostgresLook(address=LOOPBACK, port=port), timeout=0.5)

    assert result.outcome is outcome
    assert result.detail.startswith(detail)
