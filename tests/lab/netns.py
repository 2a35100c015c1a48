"""Which file is the network namespace that a person means?"""

from tests.lab.commands import run
from tests.lab.docker_command import docker
from tests.lab.errors import LabError
from tests.lab.layout import Node
from tests.lab.namespaces import in_host

FOLDER = "/var/run/docker/netns"


def resolve(node: Node, name: str) -> str:
    """Return the file, as the node sees it, of the namespace or container *name*."""
    names = run(*in_host(node.pins, "ls", FOLDER), check=False).split()
    file = choose(names, name, node.name)
    if file is not None:
        return f"{FOLDER}/{file}"
    template = "--format={{.NetworkSettings.SandboxKey}}"
    sandbox = docker(node, "container", "inspect", template, name, check=False).strip()
    if not sandbox:
        raise LabError(
            f"{node.name}: neither a namespace nor a container begins with {name!r};"
            f" the namespaces are {', '.join(sorted(names)) or 'none'}"
        )
    return sandbox


def choose(names: list[str], wanted: str, where: str) -> str | None:
    """Return the one of *names* that is *wanted* or alone begins with it; None where none does."""
    if wanted in names:
        return wanted
    found = sorted(name for name in names if name.startswith(wanted))
    if len(found) > 1:
        raise LabError(f"{where}: {wanted!r} is the beginning of {', '.join(found)}: say more")
    return found[0] if found else None
