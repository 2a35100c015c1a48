"""Which facts of an Engine may be shown to anybody? Named ones, and no others.

`GET /info` also has labels, and proxies with their passwords.
"""

from dataclasses import dataclass

from probes.addresses import parse_address
from probes.swarm.parse import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An Engine, its kernel, and its place in the Swarm; "" and 0 where it does not say."""

    #: The host's, by which Swarm knows the node.
    name: str
    version: str
    api_version: str
    operating_system: str
    kernel: str
    architecture: str
    processors: int
    memory_bytes: int
    cgroup_version: str
    storage_driver: str
    live_restore: bool
    containers_running: int
    #: "active", "inactive", "locked" ...
    swarm_state: str
    manager: bool
    #: As far as a manager knows; 0 on a worker.
    nodes: int
    managers: int
    address: str
    node_id: str


def parse_facts(info: Document, version: Document) -> Facts:
    """Take what is known to be harmless out of two answers."""
    swarm = info.get("Swarm") or {}
    return Facts(
        name=str(info.get("Name") or ""),
        version=str(version.get("Version") or info.get("ServerVersion") or ""),
        api_version=str(version.get("ApiVersion") or ""),
        operating_system=str(info.get("OperatingSystem") or ""),
        kernel=str(info.get("KernelVersion") or version.get("KernelVersion") or ""),
        architecture=str(info.get("Architecture") or ""),
        processors=int(info.get("NCPU") or 0),
        memory_bytes=int(info.get("MemTotal") or 0),
        cgroup_version=str(info.get("CgroupVersion") or ""),
        storage_driver=str(info.get("Driver") or ""),
        live_restore=bool(info.get("LiveRestoreEnabled")),
        containers_running=int(info.get("ContainersRunning") or 0),
        swarm_state=str(swarm.get("LocalNodeState") or "inactive"),
        manager=bool(swarm.get("ControlAvailable")),
        nodes=int(swarm.get("Nodes") or 0),
        managers=int(swarm.get("Managers") or 0),
        address=str(parse_address(str(swarm.get("NodeAddr") or "")) or ""),
        node_id=str(swarm.get("NodeID") or ""),
    )
