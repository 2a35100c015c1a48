"""Which files are made of the dashboards, and where are they?"""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from dashboards import grafana, reference
from dashboards.boards import (
    agents,
    balancing,
    dns,
    gateway,
    matrix,
    networks,
    nodes,
    overview,
    services,
)
from dashboards.grafana import Json
from dashboards.uids import Uid

#: The checkout.
ROOT = Path(__file__).parent.parent
FOLDER = PurePosixPath("deploy/grafana/dashboards")

_BOARDS = (
    overview,
    services,
    matrix,
    networks,
    balancing,
    dns,
    gateway,
    nodes,
    agents,
)


def documents() -> Mapping[Uid, Json]:
    """Write every dashboard as Grafana reads it."""
    written = [grafana.current(module.board()) for module in _BOARDS]
    return {Uid(document["uid"]): document for document in written}


def files() -> Mapping[PurePosixPath, str]:
    """Write every file."""
    made = documents()
    return {
        **{
            FOLDER / f"{uid}.json": json.dumps(document, indent=1, sort_keys=True) + "\n"
            for uid, document in made.items()
        },
        reference.PAGE: reference.page(made),
    }


def write(made: Mapping[PurePosixPath, str], folder: Path) -> None:
    """Put the files where they belong, below *folder*."""
    for path, text in made.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
