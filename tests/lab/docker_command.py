"""How does the docker command reach a node?"""

import os

from tests.lab.commands import run, search_path
from tests.lab.layout import Node


def docker(
    node: Node,
    *args: str,
    input: str | bytes | None = None,  # noqa: A002 -- as in subprocess
    check: bool = True,
    timeout: float = 60,
) -> str:
    """Run `docker ARGS` against the node's Engine and return what it printed."""
    env = environment(node)
    return run("docker", *args, input=input, check=check, timeout=timeout, env=env)


def environment(node: Node) -> dict[str, str]:
    """Return the caller's environment, pointed at the node; no context or proxy of the user's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"}
    }
    return {
        **kept,
        "PATH": search_path(),
        "DOCKER_HOST": f"unix://{node.socket}",
        "DOCKER_CONFIG": str(node.folder / "docker-config"),
    }
