"""Which tasks run on this node, and in which network namespaces?"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from probes.model.local import LocalTask

_LABEL = "com.docker.swarm"


def parse_local_task(inspected: Mapping[str, Any], netns_folder: str) -> LocalTask | None:
    """Read `GET /containers/ID/json`; None for a container that is no task or does not run."""
    config, network = inspected["Config"], inspected["NetworkSettings"]
    labels = config.get("Labels") or {}
    if not inspected["State"].get("Running") or f"{_LABEL}.task.id" not in labels:
        return None
    return LocalTask(
        task_id=labels[f"{_LABEL}.task.id"],
        service_id=labels.get(f"{_LABEL}.service.id", ""),
        service_name=labels.get(f"{_LABEL}.service.name", ""),
        container_id=inspected["Id"],
        container_name=inspected["Name"].lstrip("/"),
        netns=_netns(network.get("SandboxKey", ""), netns_folder),
        exposed=tuple(sorted(_tcp_ports(config.get("ExposedPorts") or {}))),
    )


def _netns(sandbox_key: str, netns_folder: str) -> str | None:
    """Find the file under our own mount of the folder; host-networked containers say "default"."""
    name = PurePosixPath(sandbox_key).name
    return None if name in {"", "default"} else f"{netns_folder}/{name}"


def _tcp_ports(exposed: Mapping[str, Any]) -> list[int]:
    pairs = (key.partition("/") for key in exposed)
    return [int(port) for port, _, protocol in pairs if protocol in {"", "tcp"}]
