"""What did a real Engine say, for the tests of those who parse it?

Taken from a lab with a stack on it; no join token, key or certificate is written down.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.lab import engine_api
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node

#: Whatever stands under these names is a secret, or made of one.
_NOT_WRITTEN = frozenset({"JoinTokens", "TLSInfo", "CAConfig"})


def record(lab: Lab, stack: str, network: str, folder: Path) -> None:
    """Write what a manager and a worker say with *stack* and its *network* there."""
    manager, worker = lab.manager, lab.nodes[-1]
    if worker == manager:
        raise LabError("a recording needs a manager and a worker: up --nodes 2")
    named = quote(f"{stack}_{network}")
    label = quote(json.dumps({"label": [f"com.docker.stack.namespace={stack}"]}))
    containers = _get(manager, f"/containers/json?filters={label}")
    if not containers:
        raise LabError(f"no container of {stack} runs on {manager.name}: deploy it first")
    wanted = {
        "version": (manager, "/version"),
        "info-manager": (manager, "/info"),
        "info-worker": (worker, "/info"),
        "swarm": (manager, "/swarm"),
        "nodes": (manager, "/nodes"),
        "networks": (manager, "/networks"),
        "networks-worker": (worker, "/networks"),
        "services": (manager, "/services"),
        "tasks": (manager, "/tasks"),
        "containers": (manager, "/containers/json"),
        "containers-worker": (worker, "/containers/json"),
        "container": (manager, f"/containers/{containers[0]['Id']}/json"),
        "network-manager": (manager, f"/networks/{named}"),
        "network-worker": (worker, f"/networks/{named}"),
        "network-verbose-manager": (manager, f"/networks/{named}?verbose=true"),
        "network-verbose-worker": (worker, f"/networks/{named}?verbose=true"),
        "ingress-verbose-manager": (manager, "/networks/ingress?verbose=true"),
        "ingress-verbose-worker": (worker, "/networks/ingress?verbose=true"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (node, request) in wanted.items():
        text = json.dumps(without_secrets(_get(node, request)), indent=1, sort_keys=True)
        (folder / f"{name}.json").write_text(f"{text}\n")


def without_secrets(answer: Any) -> Any:
    """Return a copy of *answer* in which secrets are gone, their names and shapes kept."""
    if isinstance(answer, list):
        return [without_secrets(each) for each in answer]
    if not isinstance(answer, Mapping):
        return answer
    return {
        name: _blank(value) if name in _NOT_WRITTEN else without_secrets(value)
        for name, value in answer.items()
    }


def _blank(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict.fromkeys(value, "removed")
    return None if value is None else "removed"


def _get(node: Node, request: str) -> Any:
    return engine_api.get(node.socket, request)
