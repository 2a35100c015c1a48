"""How long does a person wait for `probe` to begin?

Prints the median and the fastest of some runs of `probe --help`, of what a shell asks when it
completes a command, and of `probe tcp` to a port that is open and to one that is closed, each a
process of its own, compiled once before as an installed one is. Fails when a median is above the
aim, or when a run imports what it has no use for.

    python -m benchmarks.start_up [RUNS]
"""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median
from tempfile import TemporaryDirectory

AIM_SECONDS = 0.25
RUNS = 15
#: Half a second by itself (scapy), or for what another command does.
NEEDLESS = ("scapy", "docker", "dns", "h2", "h11", "cryptography", "pyroute2")

_MAIN = "from probes.cli.main import main; main()"
_LOADED = f"""
import sys
try:
    {_MAIN}
finally:
    print(*sorted({set(NEEDLESS)!r} & set(sys.modules)), file=sys.stderr)
"""


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with TemporaryDirectory() as compiled, socket.create_server(("127.0.0.1", 0)) as server:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        port = server.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as other:
            closed = other.getsockname()[1]
        commands = {
            "probe --help": ("--help",),
            "probe complete (a command)": ("complete", "--", "probe f"),
            f"probe tcp 127.0.0.1:{port} (open)": ("tcp", f"127.0.0.1:{port}"),
            f"probe tcp 127.0.0.1:{closed} (closed)": ("tcp", f"127.0.0.1:{closed}"),
        }
        good = [_measure(name, argv, environment, runs) for name, argv in commands.items()]
    sys.exit(0 if all(good) else 1)


def _measure(name: str, argv: Sequence[str], environment: dict[str, str], runs: int) -> bool:
    """Print one command's line; False when it is not as it should be."""
    needless = _run(_LOADED, argv, environment).strip()  # compiles, too
    seconds, used = [], []
    for _ in range(runs):
        began, before = time.perf_counter(), _processor_seconds()
        _run(_MAIN, argv, environment)
        seconds.append(time.perf_counter() - began)
        used.append(_processor_seconds() - before)
    middle = median(seconds)
    print(
        f"{name:<36} median {middle * 1000:4.0f} ms, fastest {min(seconds) * 1000:4.0f} ms, "
        f"of processor at least {min(used) * 1000:4.0f} ms"
    )
    if needless:
        print(f"  it imports what it has no use for: {needless}")
    if middle > AIM_SECONDS:
        print(f"  above the aim of {AIM_SECONDS * 1000:.0f} ms")
    return not needless and middle <= AIM_SECONDS


def _processor_seconds() -> float:
    """Give what the processes that ended have used: on a busy machine, the better measure."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(script: str, argv: Sequence[str], environment: dict[str, str]) -> str:
    command = (sys.executable, "-c", script, *argv)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:  # a closed port is a no
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr}")
    return done.stderr


if __name__ == "__main__":
    main()
