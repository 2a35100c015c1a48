"""How do the images of the shipped stack come onto the lab's nodes?

The agent's is built on one node with the Dockerfile that everybody builds it with, without a
network; what came of it is kept for as long as nothing that it is made of changes.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.lab import packaged
from tests.lab.commands import run
from tests.lab.debian_base import base_image, cache
from tests.lab.docker_command import docker, environment
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import at_once

ROOT = Path(__file__).parents[2]
STACK = ROOT / "deploy" / "stack.yml"

_BASE = "swarm-lab/base"
_KEY = "swarm-lab.key"


def put(lab: Lab, say: Callable[[str], None]) -> None:
    """Put every image that deploy/stack.yml needs where the lab will run it; Grafana has none."""
    put_agent(lab, say)
    managers = lab.nodes[: lab.shape.managers if lab.shape else 0]
    packaged.put(managers, image_of("prometheus"), packaged.PROMETHEUS)
    packaged.put(managers, image_of("alertmanager"), packaged.ALERTMANAGER)


def image_of(service: str) -> str:
    """Give the image that the stack file names for a service when the environment names none."""
    text = STACK.read_text(encoding="utf-8")
    found = re.search(rf"\$\{{{service.upper()}_IMAGE:-(.+?)\}}", text)
    if found is None:
        raise LabError(f"{STACK} names no image of {service}")
    return found[1]


def put_agent(lab: Lab, say: Callable[[str], None]) -> None:
    """Put the agent's image, made of this checkout, on every node."""
    run(str(ROOT / "tools" / "wheelhouse.sh"), timeout=600)
    base = base_image(say)
    key = _key(base)
    kept = cache() / f"agent-{key}.tar"
    if not kept.exists():
        say("building the agent's image")
        _build(lab.manager, base, key)
        for old in cache().glob("agent-*.tar"):
            old.unlink()
        unfinished = kept.with_suffix(".part")
        docker(lab.manager, "save", f"--output={unfinished}", image_of("swarmscope"), timeout=120)
        unfinished.rename(kept)
    lacking = [node for node in lab.nodes if _key_on(node) != key]
    at_once(lambda node: docker(node, "load", f"--input={kept}", timeout=300), lacking)


def _build(node: Node, base: Path, key: str) -> None:
    docker(node, "import", str(base), _BASE, timeout=120)
    run(
        "docker",
        "build",
        "--network=none",
        f"--build-arg=BASE={_BASE}",
        f"--label={_KEY}={key}",
        f"--file={ROOT / 'deploy' / 'Dockerfile'}",
        f"--tag={image_of('swarmscope')}",
        str(ROOT),
        # BuildKit is a plugin that Debian does not always install; the classic builder is there.
        env={**environment(node), "DOCKER_BUILDKIT": "0"},
        timeout=600,
    )


def _key(base: Path) -> str:
    """Digest what the image is made of."""
    digest = hashlib.sha256(base.name.encode())
    for path in sorted(_ingredients()):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _ingredients() -> Iterator[Path]:
    yield from (ROOT / "build" / "wheels").iterdir()
    yield from (ROOT / "deploy" / "Dockerfile", ROOT / "deploy" / "healthcheck.py")
    yield ROOT / "requirements.lock"


def _key_on(node: Node) -> str:
    """Tell which image a node has; "" for none."""
    shown = docker(
        node,
        "image",
        "inspect",
        f'--format={{{{index .Config.Labels "{_KEY}"}}}}',
        image_of("swarmscope"),
        check=False,
    )
    return shown.strip()
