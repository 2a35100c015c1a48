"""What is the reference of metrics and findings? Written from the catalogue, so it cannot drift.

`python -m exporter.reference` writes docs/metrics.md and docs/findings.md.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from exporter.catalog import CATALOG, FINDINGS, MetricSpec
from probes.findings.spec import FindingSpec

_DOCS = Path(__file__).parent.parent / "docs"

_METRICS = """\
# Metrics

Every metric that the agent exposes on `/metrics`. This page is written from `exporter/catalog.py`
by `python -m exporter.reference`; a test holds the two together.

Times are in seconds, sizes in bytes. A series whose subject is gone disappears. In labels, a task
is named as people name it, such as `shop_api.2` (service and slot) or `agent.node2` (a global
service's task on a node); `target` says what a probe is aimed at: a `name` at the resolver, a
service's `vip`, one `task`, another `node`'s agent, a port that a service has `published` on a node
by the routing mesh, or a `static` target of the configuration. Probes of the underlay, from node to
node, carry `network="host"`.
"""

_FINDINGS = """\
# Findings

Every disagreement between what should be and what is that the agents look for, in
`swarmscope_findings{code=...}`, on the agent's page, in `/api/v1/findings`, and by `probe audit`.
This page is written from `probes/findings` by `python -m exporter.reference`.

A finding counts when it was there in two consecutive rounds of checks and for as long as its kind
calls for; and not while what it concerns has just changed. `critical` loses traffic now, `warning`
will, or does for some, `info` is worth knowing. In commands, `NETWORK`, `SERVICE` and the like
stand for the finding's own; it shows the whole command.
"""


def pages() -> Mapping[Path, str]:
    """Write every page."""
    return {
        _DOCS / "metrics.md": _metrics(),
        _DOCS / "findings.md": "\n".join((_FINDINGS, *map(_section, FINDINGS.values()))),
    }


def _metrics() -> str:
    rows = "\n".join(_row(spec) for spec in CATALOG)
    head = "| metric | type | meaning | labels |\n|---|---|---|---|"
    return f"{_METRICS}\n{head}\n{rows}\n"


def _row(spec: MetricSpec) -> str:
    labels = ", ".join(f"`{label}`" for label in spec.labels)
    return f"| `{spec.name}` | {spec.type} | {spec.help} | {labels} |"


def _section(spec: FindingSpec) -> str:
    return "\n".join(_lines(spec))


def _lines(spec: FindingSpec) -> Iterator[str]:
    hold = f"after {spec.hold_seconds:g} s" if spec.hold_seconds else "after two rounds"
    yield f"## {spec.code}\n"
    yield f"**{spec.severity}**, {hold}. {spec.meaning}\n"
    yield f"- Evidence: {spec.evidence}"
    yield f"- Remedy: `{spec.remedy_for_anybody}`"
    if spec.references:
        yield f"- References: {', '.join(spec.references)}"
    yield ""


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
