"""How do images come about where no registry can be reached?

A stand-in carries the name, the exposed ports and the manner of starting and stopping of a public
image, and answers on the ports on which that one listens. It is made of a static busybox and a
shell script, so that a stack file written for the public images runs unmodified.
"""

import io
import json
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.commands import run, search_path
from tests.lab.docker_command import docker
from tests.lab.errors import CommandError, LabError
from tests.lab.layout import Node
from tests.lab.wait import at_once

# The first process of a container gets no default action for signals: without the trap, stopping
# it would take the whole grace period.
_HEAD = """#!/bin/sh
trap 'exit 0' TERM INT QUIT
mkdir -p /www
hostname > /www/index.html
"""

_TAIL = """
wait
"""

#: `caddy reverse-proxy --from :PORT` listens there; its admin endpoint on the loopback alone.
_CADDY = """
port=80
while [ $# -gt 0 ]; do
  case $1 in --from) port=${2##*:} ;; esac
  shift
done
httpd -f -p "$port" -h /www &
httpd -f -p 127.0.0.1:2019 -h /www &
"""

_NGINX = """
httpd -f -p 80 -h /www &
"""

_WHOAMI = """
echo ok > /www/health
httpd -f -p 80 -h /www &
"""

#: Takes a connection and waits for the client to speak first, as PostgreSQL does.
_POSTGRES = """
nc -ll -p 5432 -e cat &
"""

#: Answers every line of a request with PONG.
_REDIS = r"""
cat > /pong <<'EOF'
#!/bin/sh
while read -r line; do printf '+PONG\r\n'; done
EOF
chmod +x /pong
nc -ll -p 6379 -e /pong &
"""


@dataclass(frozen=True, slots=True)
class StandIn:
    """An image under a public one's name; without a script it has a shell, and no entry point."""

    name: str
    exposes: str = ""
    script: str = ""


#: What deploy/examples/shop.yml uses; exposed ports as in the public images' own Dockerfiles.
SHOP = (
    StandIn("caddy:2-alpine", "80 443 443/udp 2019", _CADDY),
    StandIn("nginx:1.27-alpine", "80", _NGINX),
    StandIn("traefik/whoami:v1.10", "80", _WHOAMI),
    StandIn("postgres:16-alpine", "5432", _POSTGRES),
    StandIn("redis:7-alpine", "6379", _REDIS),
    StandIn("alpine:3.20"),
)

_ENTRY_POINT = "entrypoint"


def put(nodes: Sequence[Node], stand_ins: Sequence[StandIn]) -> None:
    """Make the *stand_ins* on every one of *nodes*."""
    base = busybox_files()
    archives = [(each, archive({**base, **_files(each)})) for each in stand_ins]

    def put_on(node: Node) -> None:
        for each, tar in archives:
            docker(node, "import", *_changes(each), "-", each.name, input=tar, timeout=120)

    at_once(put_on, nodes)


def busybox_files() -> dict[str, bytes | str]:
    """Return a root file system: path to contents, or to the target of a link."""
    found = shutil.which("busybox", path=search_path())
    if found is None:
        raise LabError("busybox is not installed (Debian package busybox-static)")
    _require_static(Path(found))
    applets = run(found, "--list").split()
    links = {f"bin/{name}": "busybox" for name in applets if name != "busybox"}
    return {
        **links,
        "bin/busybox": Path(found).read_bytes(),
        "etc/passwd": b"root:x:0:0:root:/:/bin/sh\n",
        "etc/group": b"root:x:0:\n",
    }


def archive(files: Mapping[str, bytes | str]) -> bytes:
    """Pack *files* into an uncompressed tar; every file may be executed."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in ("bin", "dev", "etc", "proc", "run", "sys", "tmp", "var", "www"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.mode = 0o755
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _require_static(busybox: Path) -> None:
    with TemporaryDirectory() as root:
        shutil.copy(busybox, root)
        try:
            run("chroot", root, "/busybox", "true")
        except CommandError as error:
            raise LabError(
                f"{busybox} does not run alone: install Debian's package busybox-static"
            ) from error


def _files(stand_in: StandIn) -> dict[str, bytes | str]:
    if not stand_in.script:
        return {}
    return {_ENTRY_POINT: f"{_HEAD}{stand_in.script}{_TAIL}".encode()}


def _changes(stand_in: StandIn) -> list[str]:
    changes = [f"ENTRYPOINT {json.dumps([f'/{_ENTRY_POINT}'])}"] if stand_in.script else []
    if stand_in.exposes:
        changes.append(f"EXPOSE {stand_in.exposes}")
    if not changes:
        changes.append('CMD ["/bin/sh"]')
    return [f"--change={change}" for change in changes]
