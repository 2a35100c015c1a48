"""What can be chosen at the top of a dashboard?"""

from grafanalib.core import Template

from dashboards.queries import BY_CLUSTER, among
from exporter import catalog
from exporter.catalog import MetricSpec
from exporter.promql import select

#: Refresh whenever the time range changes: what was there then can be chosen.
_ON_TIME_CHANGE = 2
_PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}

#: What "All" stands for. A Swarm is named only where the series of several meet: "All" takes those,
#: too, that name none. A look that is at no service is none of a service's, and so on.
ALL = {"cluster": ".*", "node": ".+", "network": ".+", "service": ".+"}

DATASOURCE = Template(
    name="datasource",
    label="Data source",
    type="datasource",
    query="prometheus",
    refresh=1,
)


def _of_label(name: str, text: str, metric: MetricSpec, label: str, **labels: str) -> Template:
    """Offer the values of a label; all of them to begin with."""
    matchers = {key: among(value) for key, value in labels.items()}
    variable = Template(
        name=name,
        label=text,
        dataSource=_PROMETHEUS,
        query=f"label_values({select(metric, **matchers)}, {label})",
        refresh=_ON_TIME_CHANGE,
        multi=True,
        includeAll=True,
        allValue=ALL[name],
        sort=1,
    )
    variable._current = {"selected": True, "text": ["All"], "value": ["$__all"]}  # noqa: SLF001
    return variable


CLUSTER = _of_label("cluster", "Swarm", catalog.BUILD_INFO, "cluster")
NODE = _of_label("node", "Node", catalog.NODE_INFO, "node", cluster=BY_CLUSTER)
NETWORK = _of_label("network", "Network", catalog.GOSSIP_PEERS, "network", cluster=BY_CLUSTER)
SERVICE = _of_label(
    "service", "Service", catalog.SERVICE_TASKS_RUNNING, "service", cluster=BY_CLUSTER
)

#: What every dashboard has.
COMMON = (DATASOURCE, CLUSTER)
