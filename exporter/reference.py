"""What is the reference of metrics? Written from the catalogue, so that it cannot drift.

`python -m exporter.reference` writes docs/metrics.md.
"""

from pathlib import Path

from exporter.catalog import CATALOG, MetricSpec

PAGE = Path(__file__).parent.parent / "docs" / "metrics.md"

_INTRODUCTION = """\
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


def page() -> str:
    """Write the page."""
    rows = "\n".join(_row(spec) for spec in CATALOG)
    head = "| metric | type | meaning | labels |\n|---|---|---|---|"
    return f"{_INTRODUCTION}\n{head}\n{rows}\n"


def _row(spec: MetricSpec) -> str:
    labels = ", ".join(f"`{label}`" for label in spec.labels)
    return f"| `{spec.name}` | {spec.type} | {spec.help} | {labels} |"


if __name__ == "__main__":
    PAGE.write_text(page())
