"""What do the agents cost on the example application?

Needs the lab as `make run` leaves it; `python -m benchmarks.agent_cost [SECONDS]`.
"""

import re
import sys
import time
from urllib.request import urlopen

from tests.lab.lab import Lab
from tests.lab.usage import agent_pid, usage


def main() -> None:
    """Watch each agent for a while and print its CPU, memory and probing."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    lab = Lab()
    pids = {node.name: agent_pid(lab, node) for node in lab.nodes}
    before = {name: usage(pid) for name, pid in pids.items()}
    runs_before = {node.name: _runs(str(node.address)) for node in lab.nodes}
    time.sleep(seconds)
    print(f"over {seconds:g} s, scraped by Prometheus meanwhile:")
    for node in lab.nodes:
        after = usage(pids[node.name])
        cpu = (after.cpu_seconds - before[node.name].cpu_seconds) / seconds
        runs = (_runs(str(node.address)) - runs_before[node.name]) / seconds
        print(
            f"{node.name}: {cpu:6.2%} of one core, {after.resident_mib:5.1f} MiB resident, "
            f"{runs:5.1f} probes a second, {after.threads} threads, "
            f"{after.descriptors} descriptors",
        )


def _runs(address: str) -> float:
    with urlopen(f"http://{address}:9877/metrics", timeout=10) as response:
        text = response.read().decode()
    runs = re.findall(r"^swarmscope_probe_runs_total\S* (\S+)$", text, re.MULTILINE)
    return sum(float(value) for value in runs)


if __name__ == "__main__":
    main()
