"""What comes in and what goes out: published ports, and targets outside of the Swarm?"""

from grafanalib.core import Dashboard, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import (
    HALF,
    Column,
    Query,
    Section,
    matrix,
    stat,
    state_timeline,
    status_history,
    table,
    timeseries,
)
from dashboards.queries import NODES
from dashboards.uids import Uid
from dashboards.variables import NODE
from exporter import catalog, limits
from exporter.promql import Matcher, by, one_of

_PUBLISHED = {"target": "published", "destination_node": NODES}
_STATIC = {"target": "static", "source_node": NODES}
_WORKING = colours.bad_below(limits.SUCCESS_OBJECTIVE)
_SLOW = colours.bad_from(limits.SLOW_SECONDS)
_DAY_SECONDS = 86400
_CERTIFICATE = colours.bad_below(
    limits.CERTIFICATE_CRITICAL_DAYS * _DAY_SECONDS,
    limits.CERTIFICATE_WARNING_DAYS * _DAY_SECONDS,
)
_NOTHING_LISTED = "none listed"


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.GATEWAY,
        "Gateway and external dependencies",
        "What comes in by published ports on each node, and what the configuration lists outside.",
        (NODE,),
        (
            Section("Now", _figures()),
            Section("Published ports", _ports()),
            Section("Routing mesh", _mesh()),
            Section("Targets of the configuration", _targets()),
        ),
    )


def _figures() -> tuple[Panel, ...]:
    expiry = by("min", (), queries.shown(catalog.PROBE_CERTIFICATE_EXPIRY, **_STATIC))
    return (
        stat(
            "Published ports that answer",
            "Share of looks at published ports, on each node, that work. Normal: 100 %.",
            Query(queries.success((), **_PUBLISHED)),
            unit="percentunit",
            steps=_WORKING,
            none="none published",
            width=6,
        ),
        stat(
            "Slowest percent of published ports",
            "99 of 100 successful looks were faster. Normal: a few milliseconds.",
            Query(queries.quantile(0.99, (), catalog.PROBE_DURATION, target="published")),
            unit="s",
            steps=_SLOW,
            width=6,
        ),
        stat(
            "Targets that answer",
            "Share of looks at the configuration's targets that work. Normal: 100 %.",
            Query(queries.success((), **_STATIC)),
            unit="percentunit",
            steps=_WORKING,
            none=_NOTHING_LISTED,
            width=6,
        ),
        stat(
            "First certificate to end",
            "How long the first certificate that a target shows is still good. Normal: over "
            f"{limits.CERTIFICATE_WARNING_DAYS} days.",
            Query(f"{expiry} - time()"),
            unit="s",
            steps=_CERTIFICATE,
            none="no TLS",
            width=6,
        ),
    )


def _ports() -> tuple[Panel, ...]:
    names = ("destination_service", "destination_node")
    return (
        matrix(
            "Each service's ports, on each node",
            "The share of looks at published ports that work. Normal: green on every node, whether "
            "or not a task runs there. A red column is that node's ingress, a red row the service.",
            Query(queries.success(names, **_PUBLISHED)),
            rows="destination_service",
            columns="destination_node",
            unit="percentunit",
            steps=_WORKING,
            links=(
                links.row_of_matrix("Service", Uid.SERVICES, "service"),
                links.column_of_matrix("Node", Uid.NODES, "node"),
            ),
            width=HALF,
            height=8,
        ),
        timeseries(
            "How fast they answer",
            "Nine in ten successful looks were faster. Normal: a few milliseconds.",
            Query(
                queries.quantile(
                    0.9, ("destination_service",), catalog.PROBE_DURATION, target="published"
                ),
                "{{destination_service}}",
            ),
            unit="s",
            steps=_SLOW,
            links=(links.line("Service", Uid.SERVICES, service="destination_service"),),
        ),
        timeseries(
            "Why they do not",
            "Runs a second that did not end well, by outcome. Normal: none.",
            Query(
                queries.rates(
                    ("destination_service", "outcome"),
                    catalog.PROBE_OUTCOMES,
                    target="published",
                ),
                "{{destination_service}}: {{outcome}}",
            ),
            unit="ops",
            links=(links.line("Service", Uid.SERVICES, service="destination_service"),),
        ),
        state_timeline(
            "Findings about ports and ingress",
            "From when to when something of the routing mesh disagreed with Swarm. Normal: empty.",
            Query(
                queries.findings(
                    ("code", "node", "service"), code=Matcher("=~", "ingress_.+"), node=NODES
                ),
                "{{code}}: {{service}} on {{node}}",
            ),
            steps=colours.bad_from(1),
            links=(links.line("Node", Uid.NODES, node="node"),),
            width=HALF,
        ),
    )


def _mesh() -> tuple[Panel, ...]:
    here: queries.Labels = {
        "namespace": one_of("ingress", "lb"),
        "network": "ingress",
        "node": NODES,
    }
    missing = " - ".join(
        by(
            "sum",
            ("service", "node"),
            queries.shown(catalog.BALANCER_BACKENDS, network="ingress", state=state, node=NODES),
        )
        for state in ("expected", "present")
    )
    return (
        timeseries(
            "Traffic of the routing mesh",
            "Bytes through each node's ingress namespace. Normal: follows what clients ask for.",
            *(
                Query(queries.rates(("node",), metric, **here), f"{word} on {{{{node}}}}")
                for word, metric in (
                    ("received", catalog.LINK_RECEIVE_BYTES),
                    ("sent", catalog.LINK_TRANSMIT_BYTES),
                )
            ),
            unit="Bps",
            links=(links.line("Node", Uid.NODES, node="node"),),
        ),
        timeseries(
            "Tasks that the routing mesh does not know",
            "Running tasks of services with published ports, less the backends of each node's "
            "ingress. Normal: 0, but for seconds after a change.",
            Query(missing, "{{service}} on {{node}}"),
            unit="none",
            steps=colours.bad_from(1),
            links=(links.line("Load balancing", Uid.BALANCING, service="service"),),
        ),
    )


def _targets() -> tuple[Panel, ...]:
    names = ("destination_service", "source_node", "probe")
    last = queries.shown(catalog.PROBE_LAST_DURATION, **_STATIC)
    status = queries.shown(catalog.PROBE_HTTP_STATUS, **_STATIC)
    ends = queries.shown(catalog.PROBE_CERTIFICATE_EXPIRY, **_STATIC)
    return (
        table(
            "Targets, from each node",
            "What the configuration lists: whether it answers, how fast, with which status, and "
            "when its certificate ends. Normal: works in every row; empty where none is listed.",
            Query(queries.success(names, **_STATIC)),
            Query(by("max", names, last)),
            Query(by("max", names, status)),
            Query(f"{by('min', names, ends)} - time()"),
            columns=(
                Column(of="destination_service", title="Target"),
                Column(
                    of="source_node",
                    title="From",
                    links=(links.cell("Node", Uid.NODES, node="source_node"),),
                ),
                Column(of="probe", title="By"),
                Column(
                    of="Value #A",
                    title="Works",
                    unit="percentunit",
                    steps=_WORKING,
                    links=(links.cell("Node", Uid.NODES, node="source_node"),),
                ),
                Column(of="Value #B", title="Last look", unit="s"),
                Column(of="Value #C", title="Status", unit="none"),
                Column(of="Value #D", title="Certificate ends in", unit="s", steps=_CERTIFICATE),
            ),
            sort="Value #A",
            descending=False,
        ),
        status_history(
            "Targets, over time",
            "The share of looks at each target that work, from each node. Normal: green. One red "
            "node has lost its way out, a red target is down.",
            Query(
                queries.success(("destination_service", "source_node"), **_STATIC),
                "{{destination_service}} from {{source_node}}",
            ),
            steps=_WORKING,
            links=(links.line("Node", Uid.NODES, node="source_node"),),
            width=HALF,
        ),
        timeseries(
            "How fast targets answer",
            "Nine in ten successful looks were faster. Normal: whatever is usual for them.",
            Query(
                queries.quantile(
                    0.9, ("destination_service",), catalog.PROBE_DURATION, target="static"
                ),
                "{{destination_service}}",
            ),
            unit="s",
        ),
    )
