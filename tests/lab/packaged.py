"""How does a program that Debian packages become the image that a stack file asks for?

The image has the name, user, folders, ports and entry point of the public one, so that the stack
that is shipped deploys unmodified.
"""

import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.commands import run, search_path
from tests.lab.docker_command import docker
from tests.lab.errors import LabError
from tests.lab.layout import Node
from tests.lab.wait import at_once

_NOBODY = 65534
_LARGEST_PAGE_BYTES = 1024 * 1024
_PASSWD = b"root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_GROUP = b"root:x:0:\nnobody:x:65534:\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A program, and what its public image is like."""

    program: str
    package: str
    #: The public image's folder for data: a volume that belongs to nobody, who also runs it.
    data: str
    port: int
    #: The folder of pages and templates that Debian's build reads when it runs.
    reads: str


PROMETHEUS = Packaged(
    program="prometheus",
    package="prometheus",
    data="/prometheus",
    port=9090,
    reads="/usr/share/prometheus/web",
)
ALERTMANAGER = Packaged(
    program="prometheus-alertmanager",
    package="prometheus-alertmanager",
    data="/alertmanager",
    port=9093,
    reads="/usr/share/prometheus/alertmanager",
)


def put(nodes: Sequence[Node], image: str, packaged: Packaged) -> None:
    """Make *image* of the installed program on each of *nodes* that lacks it."""
    lacking = [node for node in nodes if not docker(node, "images", "--quiet", image)]
    if not lacking:
        return
    program = _installed(packaged)
    changes = [f"--change={change}" for change in _changes(packaged)]
    with TemporaryDirectory() as folder:
        tar = Path(folder, "image.tar")
        _pack(tar, program, packaged)
        at_once(
            lambda node: docker(node, "import", *changes, str(tar), image, timeout=120),
            lacking,
        )


def _installed(packaged: Packaged) -> Path:
    found = shutil.which(packaged.program, path=search_path())
    if found is None:
        raise LabError(f"{packaged.program} is not installed (Debian package {packaged.package})")
    return Path(found)


def _changes(packaged: Packaged) -> list[str]:
    return [
        f"ENTRYPOINT {json.dumps([f'/bin/{packaged.program}'])}",
        "USER nobody",
        f"WORKDIR {packaged.data}",
        f"VOLUME {packaged.data}",
        f"EXPOSE {packaged.port}",
    ]


def _pack(tar: Path, program: Path, packaged: Packaged) -> None:
    with tarfile.open(tar, "w", dereference=True) as archive:
        archive.add(program, f"bin/{packaged.program}")
        for library in _libraries(program):
            archive.add(library, str(library))
        archive.add(packaged.reads, packaged.reads, filter=_small)
        for name, content in (("etc/passwd", _PASSWD), ("etc/group", _GROUP)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
        for folder, mode, owner in (("tmp", 0o1777, 0), (packaged.data, 0o775, _NOBODY)):
            entry = tarfile.TarInfo(folder.strip("/"))
            entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
            archive.addfile(entry)


def _small(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Pass over the history of all time zones, of which no page shows anything: 200 MB."""
    return None if entry.size > _LARGEST_PAGE_BYTES else entry


def _libraries(program: Path) -> Iterator[Path]:
    """Find what the dynamic linker loads, and the linker; nothing for a static program."""
    for found in re.finditer(r"(/\S+) \(0x", run("ldd", str(program), check=False)):
        yield Path(found[1])
