"""What have the lab's agents used so far, and what do they hold?"""

from dataclasses import dataclass
from pathlib import Path

from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import agent_container

TICKS_PER_SECOND = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one agent's process has used."""

    cpu_seconds: float
    resident_mib: float
    threads: int
    descriptors: int
    #: Descriptors of network namespaces other than its own: each would keep one alive.
    foreign_namespaces: int


def agent_pid(lab: Lab, node: Node) -> int:
    """Find the process of the node's agent."""
    container = agent_container(lab, node)
    return int(lab.docker(node, "inspect", "--format={{.State.Pid}}", container))


def usage(pid: int) -> Usage:
    """Read /proc of one process (proc(5): stat fields 14 and 15, status VmRSS)."""
    proc = Path(f"/proc/{pid}")
    fields = proc.joinpath("stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in proc.joinpath("status").read_text().splitlines())
    open_files = [name for entry in proc.joinpath("fd").iterdir() if (name := _target(entry))]
    own = str(proc.joinpath("ns", "net").readlink())
    return Usage(
        cpu_seconds=(int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND,
        resident_mib=int(status["VmRSS"].split()[0]) / 1024,
        threads=int(status["Threads"]),
        descriptors=len(open_files),
        foreign_namespaces=sum(name.startswith("net:") and name != own for name in open_files),
    )


def _target(descriptor: Path) -> str:
    """Tell what a descriptor is of; "" when it was closed a moment ago."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""
