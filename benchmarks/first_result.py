"""How long after `docker service create` does every node that should probe a service do so?

Needs the lab as `make run` leaves it; `python -m benchmarks.first_result [ROUNDS]`. Each round
creates a service with two replicas on the example's network, and removes it again.
"""

import sys
import time
from urllib.request import urlopen

from tests.lab.lab import Lab
from tests.lab.wait import wait_until

_NETWORK = "shop_app"
_IMAGE = "redis:7-alpine"


def main() -> None:
    """Print, for each round and node, when Swarm ran it and when the first result was there."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    lab = Lab()
    for number in range(rounds):
        _round(lab, f"bench{number}")


def _round(lab: Lab, name: str) -> None:
    began = time.monotonic()
    create = ("service", "create", "--detach", "--no-resolve-image", f"--name={name}")
    placed = (f"--network={_NETWORK}", "--replicas=2", "--label=swarmscope.tcp=6379", _IMAGE)
    lab.docker(lab.manager, *create, *placed)
    first: dict[str, float] = {}
    running = 0.0

    def all_there() -> bool:
        nonlocal running
        if not running and _running(lab, name) == 2:  # noqa: PLR2004
            running = time.monotonic() - began
        for node in lab.nodes:
            if node.name not in first and f'destination_service="{name}"' in _success(node.address):
                first[node.name] = time.monotonic() - began
        return bool(running) and len(first) == len(lab.nodes)

    wait_until(all_there, 60, "a first result on every node", pause=0.02)
    lab.docker(lab.manager, "service", "rm", name)
    wait_until(
        lambda: not any(f'"{name}"' in _success(node.address) for node in lab.nodes),
        60,
        "its series disappear",
    )
    shown = ", ".join(f"{node} {seconds:.1f} s" for node, seconds in sorted(first.items()))
    print(f"{name}: two tasks running after {running:.1f} s; first results: {shown}")


def _running(lab: Lab, name: str) -> int:
    shown = lab.docker(lab.manager, "service", "ps", name, "--format={{.CurrentState}}")
    return sum(line.startswith("Running") for line in shown.splitlines())


def _success(address: object) -> str:
    with urlopen(f"http://{address}:9877/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return "\n".join(line for line in lines if line.startswith("swarmscope_probe_success{"))


if __name__ == "__main__":
    main()
