"""Is a NATS server that is well told from one that is not, or is none?"""

import socket
from pathlib import Path

import pytest
import trustme

from probes.model.probe import NatsLook
from probes.model.result import Outcome, Result
from tests.probes.kinds.daemons import nats
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, closing, saying, serving, silent

USERS = 'authorization { users = [ {user: orders, password: "pass,word"} ] }\n'


async def _look(port: int, credentials: str = "", timeout: float = 5.0) -> Result:
    look = NatsLook(address=LOOPBACK, port=port, host="nats.example", credentials_file=credentials)
    return await look_once(look, timeout=timeout)


def _written(folder: Path, password: str) -> str:
    file = folder / "credentials"
    file.write_text(f"orders\n{password}\n")
    return str(file)


async def test_a_server_takes_us_as_a_client(tmp_path: Path) -> None:
    """And tells its version."""
    with nats(tmp_path, 'server_name: "bus-1"\n') as port:
        result = await _look(port)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    told = dict(result.observed.told)
    assert told["name"] == "bus-1"
    assert told["version"].startswith("2.")
    assert [phase.name for phase in result.phases] == ["connect", "hello", "login"]


async def test_credentials_are_right_wrong_or_not_given(tmp_path: Path) -> None:
    """Only wrong ones are a failure."""
    with nats(tmp_path, USERS) as port:
        unknown = await _look(port)
        right = await _look(port, _written(tmp_path, "pass,word"))
        wrong = await _look(port, _written(tmp_path, "sesame"))

    assert unknown.outcome is Outcome.OK
    assert ("note", "it wants credentials, and got none") in unknown.observed.told
    assert right.outcome is Outcome.OK
    assert (wrong.outcome, wrong.detail) == (
        Outcome.DENIED,
        "the server says: Authorization Violation",
    )
    assert "sesame" not in repr(wrong)


async def test_a_password_without_a_user_is_a_token(tmp_path: Path) -> None:
    """As NATS knows them."""
    file = tmp_path / "credentials"
    with nats(tmp_path, 'authorization { token: "pass,word" }\n') as port:
        file.write_text("password: 'pass,word'\n")
        right = await _look(port, str(file))
        file.write_text("\nsesame\n")
        wrong = await _look(port, str(file))

    assert (right.outcome, right.detail) == (Outcome.OK, "")
    assert wrong.outcome is Outcome.DENIED


async def test_a_server_that_is_full_is_not_ready(tmp_path: Path) -> None:
    """It says so where its greeting should be, or after that."""
    with (
        nats(tmp_path, "max_connections: 1\n") as port,
        socket.create_connection(("127.0.0.1", port)) as other,
    ):
        assert other.recv(5) == b"INFO "
        other.sendall(b'CONNECT {"verbose": true}\r\n')
        assert b"+OK" in other.recv(4096) + other.recv(4096)
        result = await _look(port)

    assert result.outcome is Outcome.NOT_READY
    assert result.detail == "the server says: maximum connections exceeded"


async def test_tls_that_is_insisted_on_is_missed(tmp_path: Path) -> None:
    """Before anything is said in plain text."""
    with nats(tmp_path) as port:
        result = await look_once(NatsLook(address=LOOPBACK, port=port, tls=True))

    assert (result.outcome, result.detail) == (Outcome.TLS, "the server offers no TLS")


async def test_a_server_that_is_about_to_end_is_not_ready() -> None:
    """Its greeting says so: lame duck mode."""
    async with serving(saying(b'INFO {"version":"2.9.10","ldm":true}\r\n')) as port:
        result = await _look(port)

    assert result.outcome is Outcome.NOT_READY
    assert dict(result.observed.told)["version"] == "2.9.10"


@pytest.mark.parametrize(
    ("name", "outcome"), [("nats.example", Outcome.OK), ("other.example", Outcome.TLS)]
)
async def test_a_server_that_demands_tls_gets_it(
    tmp_path: Path, authority: trustme.CA, name: str, outcome: Outcome
) -> None:
    """After its greeting, and with a certificate that must be for the host."""
    certificate = authority.issue_cert(name)
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    certificate.private_key_pem.write_to_path(str(key))
    tls = f'tls {{ cert_file: "{chain}", key_file: "{key}" }}\n'
    with nats(tmp_path, tls) as port:
        result = await _look(port)

    assert result.outcome is outcome, result.detail
    if outcome is Outcome.OK:
        assert result.observed.certificate_expires_at is not None


@pytest.mark.parametrize(
    ("handler", "outcome", "detail"),
    [
        (
            saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            Outcome.BAD_REPLY,
            "the greeting is not NATS",
        ),
        (saying(b"INFO {"), Outcome.BAD_REPLY, "the server closed the connection in the middle"),
        (silent, Outcome.TIMEOUT, "no answer within 0.5 s (step: hello)"),
        (closing, Outcome.TIMEOUT, "no answer within 0.5 s (step: hello)"),
    ],
)
async def test_what_is_no_nats_is_told(handler: Handler, outcome: Outcome, detail: str) -> None:
    """By its greeting, or the lack of one."""
    async with serving(handler) as port:
        result = await _look(port, timeout=0.5)

    assert result.outcome is outcome
    assert result.detail.startswith(detail)
