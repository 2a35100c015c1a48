"""Is a Redis server that is well told from one that is not, or is none?"""

from pathlib import Path

import pytest
import trustme

from probes.model.probe import RedisLook
from probes.model.result import Outcome, Result
from tests.probes.kinds.daemons import daemon, free_port, redis
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import Handler, closing, saying, serving, silent


def _written(folder: Path, user: str, password: str) -> str:
    file = folder / "credentials"
    file.write_text(f"{user}\n{password}\n")
    return str(file)


async def _look(port: int, credentials: str = "", timeout: float = 5.0) -> Result:
    look = RedisLook(address=LOOPBACK, port=port, credentials_file=credentials)
    return await look_once(look, timeout=timeout)


async def test_a_server_tells_its_version_and_role(tmp_path: Path) -> None:
    """Without a password, nobody is asked for one."""
    with redis(tmp_path) as port:
        result = await _look(port)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    told = dict(result.observed.told)
    assert told["role"] == "master"
    assert told["version"].startswith(("7.", "8."))
    assert [phase.name for phase in result.phases] == ["connect", "answer"]


async def test_a_server_that_wants_a_password_is_well(tmp_path: Path) -> None:
    """Without ours it says no more; with the right one it does; the wrong one is a no."""
    with redis(tmp_path, "--requirepass", "secret") as port:
        unknown = await _look(port)
        right = await _look(port, _written(tmp_path, "", "secret"))
        named = await _look(port, _written(tmp_path, "default", "secret"))
        wrong = await _look(port, _written(tmp_path, "default", "sesame"))

    assert unknown.outcome is Outcome.OK
    assert unknown.observed.told == (("note", "it wants credentials, and got none"),)
    for result in (right, named):
        assert dict(result.observed.told)["role"] == "master"
    assert wrong.outcome is Outcome.DENIED
    assert wrong.detail.startswith("the server says: WRONGPASS")
    assert "sesame" not in repr(wrong)


async def test_a_server_behind_tls_is_asked_through_it(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """In plain text, it closes the connection."""
    port, chain, key = free_port(), tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate = authority.issue_cert("cache")
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    certificate.private_key_pem.write_to_path(str(key))
    tls = ("--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no")
    files = ("--tls-cert-file", str(chain), "--tls-key-file", str(key))
    argv = ("redis-server", "--bind", "127.0.0.1", "--save", "", *tls, *files)
    with daemon(*argv, "--dir", str(tmp_path), port=port):
        secured = await look_once(RedisLook(address=LOOPBACK, port=port, host="cache", tls=True))
        plain = await _look(port)

    assert (secured.outcome, secured.detail) == (Outcome.OK, "")
    assert secured.observed.certificates[0].names == ("cache",)
    assert plain.outcome in {Outcome.BAD_REPLY, Outcome.RESET}


async def test_a_replica_without_its_master_is_told(tmp_path: Path) -> None:
    """It answers; that its data is old is worth knowing."""
    with redis(tmp_path, "--replicaof", "127.0.0.1 1") as port:
        result = await _look(port)

    assert result.outcome is Outcome.OK
    assert dict(result.observed.told)["role"] == "slave"
    assert dict(result.observed.told)["link to master"] == "down"


async def test_a_replica_that_serves_nothing_old_is_not_ready(tmp_path: Path) -> None:
    """It says MASTERDOWN to a PING."""
    stale = ("--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no")
    with redis(tmp_path, *stale) as port:
        result = await _look(port)

    assert result.outcome is Outcome.NOT_READY
    assert "MASTERDOWN" in result.detail


@pytest.mark.parametrize(
    ("handler", "outcome", "detail"),
    [
        (closing, Outcome.BAD_REPLY, "the server closed the connection in the middle"),
        (
            saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            Outcome.BAD_REPLY,
            "the answer is not Redis: 'HTTP/1.1 400 Bad Request'",
        ),
        (
            saying(b"$10\r\nabc"),
            Outcome.BAD_REPLY,
            "the server closed the connection in the middle",
        ),
        (silent, Outcome.TIMEOUT, "no answer within 0.5 s (step: answer)"),
    ],
)
async def test_what_is_no_redis_is_a_bad_reply(
    handler: Handler, outcome: Outcome, detail: str
) -> None:
    """Or none at all."""
    async with serving(handler) as port:
        result = await _look(port, timeout=0.5)

    assert result.outcome is outcome
    assert result.detail.startswith(detail)


async def test_credentials_that_cannot_be_read_are_our_own_lack(tmp_path: Path) -> None:
    """Nothing is said about the server."""
    one_line = tmp_path / "one"
    one_line.write_text("orders\n")

    absent = await _look(1, str(tmp_path / "absent"))
    short = await _look(1, str(one_line))

    assert {absent.outcome, short.outcome} == {Outcome.COULD_NOT_LOOK}
    assert "cannot be read: No such file or directory" in absent.detail
    assert "one should have two lines, the user and the password" in short.detail
