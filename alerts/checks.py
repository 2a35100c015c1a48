"""Are the committed files those that would be built, and do Prometheus' own tools take them?"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from alerts import build

#: Tool, its words, and what it checks; a tool that is not here is passed over.
_TOOLS = (
    ("promtool", ("check", "rules"), build.RULES),
    ("amtool", ("check-config",), build.ALERTMANAGER),
)


def problems(made: Mapping[PurePosixPath, str], folder: Path) -> list[str]:
    """Name everything that is wrong below *folder*."""
    return [*_differences(made, folder), *_complaints(folder)]


def _differences(made: Mapping[PurePosixPath, str], folder: Path) -> Iterator[str]:
    for path, text in made.items():
        file = folder / path
        if not file.is_file():
            yield f"{path}: is not there; `python -m alerts build` writes it"
        elif file.read_text(encoding="utf-8") != text:
            yield f"{path}: is not what would be built; `python -m alerts build` writes it"


def _complaints(folder: Path) -> Iterator[str]:
    for tool, words, path in _TOOLS:
        command = shutil.which(tool)
        if command is None or not (folder / path).is_file():
            continue
        done = subprocess.run(  # noqa: S603 -- two known tools, on files that we wrote
            [command, *words, str(folder / path)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            yield f"{path}: {tool}: {(done.stdout + done.stderr).strip()}"
