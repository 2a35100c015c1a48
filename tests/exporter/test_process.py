"""Is the agent a good process: does it refuse nonsense, reload on SIGHUP, and end on SIGTERM?"""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.waiting import until


def _agent(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "exporter", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def config(tmp_path: Path, unused_tcp_port: int) -> Path:
    """Write a configuration of an agent that stands alone."""
    file = tmp_path / "agent.yml"
    file.write_text(
        f"listen: 127.0.0.1:{unused_tcp_port}\nsocket: {tmp_path}/agent.sock\n"
        f"engine: unix://{tmp_path}/no-engine.sock\n",
    )
    return file


@pytest.fixture
def agent(config: Path) -> Iterator[subprocess.Popen[str]]:
    """Run an agent; it is gone when the test ends, whatever happened."""
    process = _agent("--config", str(config))
    yield process
    process.kill()
    process.communicate()


def _log_until(process: subprocess.Popen[str], text: str) -> list[str]:
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"it ended without {text!r}: {lines}")


def test_a_good_configuration_is_called_good(config: Path) -> None:
    """`--check-config` ends with 0 and starts nothing."""
    checked = _agent("--config", str(config), "--check-config")

    out, err = checked.communicate(timeout=20)

    assert (checked.returncode, out, err) == (0, f"{config} is good\n", "")


@pytest.mark.parametrize("arguments", [[], ["--check-config"]])
def test_a_bad_configuration_ends_with_2_and_one_line(config: Path, arguments: list[str]) -> None:
    """The line names the file, the line in it, the key and the reason."""
    config.write_text("probes:\n  interval: fast\n")

    refused = _agent("--config", str(config), *arguments)
    out, err = refused.communicate(timeout=20)

    assert (refused.returncode, out) == (2, "")
    assert err == (
        f"{config}:2: probes.interval: 'fast' is no duration above zero, such as 250ms, 5s or 1m\n"
    )


def test_a_missing_token_ends_with_2(config: Path) -> None:
    """An agent without its secret would be deaf to its peers: better to say so at once."""
    config.write_text(config.read_text() + "token_file: /no/such/token\n")

    refused = _agent("--config", str(config))
    _, err = refused.communicate(timeout=20)

    assert refused.returncode == 2
    assert err.startswith("token_file: /no/such/token cannot be read")


def test_sighup_reloads(agent: subprocess.Popen[str], config: Path) -> None:
    """A bad file changes nothing but the log, a good one is taken."""
    _log_until(agent, "ready")
    good = config.read_text()

    config.write_text(good + "nonsense: 1\n")
    agent.send_signal(signal.SIGHUP)
    _log_until(agent, "nonsense: no such key")
    config.write_text(good + "log_level: debug\n")
    agent.send_signal(signal.SIGHUP)
    _log_until(agent, "configuration reloaded")

    assert agent.poll() is None


async def test_sigterm_ends_it_and_leaves_nothing(
    agent: subprocess.Popen[str],
    config: Path,
) -> None:
    """Within five seconds, with 0, and without its socket."""
    _log_until(agent, "ready")
    own_socket = config.parent / "agent.sock"
    assert own_socket.exists()

    began = monotonic()
    agent.send_signal(signal.SIGTERM)
    await until(lambda: agent.poll() is not None, 5)

    assert monotonic() - began < 5
    assert agent.returncode == 0
    assert not own_socket.exists()


def test_an_engine_that_hangs_does_not_hold_the_end_back(config: Path, tmp_path: Path) -> None:
    """A call that a frozen Engine never answers is left behind."""
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(f"{tmp_path}/no-engine.sock")
        frozen.listen()
        agent = _agent("--config", str(config))
        connection, _ = frozen.accept()  # the agent waits for an answer from here on
        agent.send_signal(signal.SIGTERM)
        began = monotonic()
        agent.communicate(timeout=10)
        connection.close()

    assert agent.returncode == 0
    assert monotonic() - began < 5
