"""What does the list of dashboards say? Written from them, so it cannot drift."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from dashboards.grafana import Json
from dashboards.uids import Uid

PAGE = PurePosixPath("docs/dashboards.md")

_HEAD = """\
# Dashboards

The stack gives these to Grafana, in the folder Swarmscope. They are made from code: edit
`dashboards/`, then `python -m dashboards build` writes `deploy/grafana/dashboards/` and this page,
and `python -m dashboards check` says whether all is as it should be. After that, raise
`CONFIG_VERSION` and deploy the stack again.

Choose the Swarm, node, network and service at the top of each. A red cell leads to the dashboard
that explains it, with what was chosen kept; colours change where alerts begin (a file of your own
with other thresholds changes alerts alone). Every panel says what is normal behind its title. On
every graph, findings and deployments are marked.

Without Grafana at hand, `python -m dashboards preview http://NODE:9090` draws them from a
Prometheus as pictures in `build/dashboards/`: enough to judge layout, legends and data. So are
those below: a Swarm without IPVS, in which a forwarding entry led astray and a task refused
connections.

To use them with a Grafana of your own, import the JSON files, and choose the data source at the
top.
"""


def page(documents: Mapping[Uid, Json]) -> str:
    """Write the page."""
    return "\n".join((_HEAD, *(line for item in documents.values() for line in _dashboard(item))))


def _dashboard(document: Json) -> Iterator[str]:
    title = document["title"].removeprefix("Swarmscope / ")
    yield f"## {title}\n"
    variables = [item["label"].lower() for item in document["templating"]["list"]]
    yield f"`/d/{document['uid']}`, by {', '.join(variables)}. {document['description']}\n"
    picture = f"images/dashboard-{document['uid'].removeprefix('swarmscope-')}.png"
    yield f"![{title}, drawn by the preview]({picture})\n"
    titles: list[str] = []
    row = ""
    for panel in [*document["panels"], {"type": "row", "title": ""}]:
        if panel["type"] != "row":
            titles.append(panel["title"])
            continue
        if titles:
            yield f"- **{row}**: {'; '.join(titles)}"
        row, titles = panel["title"], []
    yield ""
