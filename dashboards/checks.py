"""Are the committed dashboards those that would be built, do they keep the rules, do they parse?"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from dashboards import build
from dashboards.filled import Asked, of_dashboard
from dashboards.grafana import Json
from dashboards.lint import RULES, links_of, parsed
from dashboards.uids import Uid

#: Engines before 25 take no larger file as a config.
MOST_BYTES = 500_000


def problems(folder: Path) -> list[str]:
    """Name everything that is wrong, also below *folder*."""
    documents = build.documents()
    return [
        *_differences(build.files(), folder),
        *(
            f"{uid}: {complaint}"
            for uid, document in documents.items()
            for rule in RULES
            for complaint in rule(document)
        ),
        *lost_links(documents),
        *unparsed([asked for document in documents.values() for asked in of_dashboard(document)]),
    ]


def _differences(made: Mapping[PurePosixPath, str], folder: Path) -> Iterator[str]:
    for path, text in made.items():
        file = folder / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            yield f"{path}: is not what would be built; `python -m dashboards build` writes it"
        if len(text.encode()) > MOST_BYTES:
            yield f"{path}: is larger than a config of Swarm's may be"


def lost_links(documents: Mapping[Uid, Json]) -> Iterator[str]:
    """Name links that lead to no dashboard, or set a variable that is not there."""
    known = {
        str(uid): {item["name"] for item in document["templating"]["list"]}
        for uid, document in documents.items()
    }
    for uid, document in documents.items():
        for title, url in links_of(document):
            target, names = parsed(url)
            if target not in known:
                yield f"{uid}: {title}: a link leads to {target}, which is no dashboard"
            elif set(names) - known[target]:
                yield f"{uid}: {title}: a link sets {names}, which {target} does not have"


def unparsed(queries: list[Asked]) -> Iterator[str]:
    """Have promtool parse every query, as a rule each; nothing where promtool is not."""
    promtool = shutil.which("promtool")
    if promtool is None:
        return
    rules = [
        {"record": f"query:{number}", "expr": asked.expr, "labels": {"of": str(asked)}}
        for number, asked in enumerate(queries)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "queries.json")
        file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
        done = subprocess.run(  # noqa: S603 -- a known tool, on a file that we wrote
            [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        yield f"promtool: {(done.stdout + done.stderr).strip()}"
