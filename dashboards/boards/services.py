"""One service: who reaches it, whom does it reach, how fast, and why not?"""

from grafanalib.core import Dashboard, DataLink, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import (
    HALF,
    THIRD,
    Column,
    Query,
    Section,
    heatmap,
    node_graph,
    stat,
    status_history,
    table,
    timeseries,
)
from dashboards.queries import SERVICES
from dashboards.uids import Uid
from dashboards.variables import SERVICE
from exporter import catalog, limits
from exporter.promql import Matcher, by, copied, none_of, one_of

_WORKING = colours.bad_below(limits.SUCCESS_OBJECTIVE)
_SLOW = colours.bad_from(limits.SLOW_SECONDS)
_BURN = colours.bad_from(limits.SLOW_BURN, limits.FAST_BURN)
_DAY_SECONDS = 86400
_CERTIFICATE = colours.bad_below(
    limits.CERTIFICATE_CRITICAL_DAYS * _DAY_SECONDS,
    limits.CERTIFICATE_WARNING_DAYS * _DAY_SECONDS,
)
#: A service's own addresses: what its clients connect to.
_ADDRESSES = one_of("task", "vip")
_TO_NODE = links.cell("Node", Uid.NODES, node="source_node")


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.SERVICES,
        "Services",
        "One service: who reaches it, whom it reaches, how fast, and why not.",
        (SERVICE,),
        (
            Section("Now", _now()),
            Section("Who reaches whom", (_reached(), _reaches(), _over_time(), _map())),
            Section("How fast", _latency()),
            Section("Why not", (_reasons(), _statuses())),
            Section("The virtual IP against each task", _tasks()),
            Section("Objectives", _objectives()),
        ),
    )


def _now() -> tuple[Panel, ...]:
    running = by(
        "max", ("service",), queries.shown(catalog.SERVICE_TASKS_RUNNING, service=SERVICES)
    )
    wanted = by("max", ("service",), queries.shown(catalog.SERVICE_REPLICAS, service=SERVICES))
    expiry = queries.shown(catalog.PROBE_CERTIFICATE_EXPIRY, destination_service=SERVICES)
    return (
        stat(
            "Reached",
            "Share of the probes at the chosen services whose last run worked. Normal: 100 %.",
            Query(queries.success((), destination_service=SERVICES)),
            unit="percentunit",
            steps=_WORKING,
        ),
        stat(
            "Reaches others",
            "Share of the probes from the chosen services whose last run worked. Normal: 100 %.",
            Query(queries.success((), source_service=SERVICES)),
            unit="percentunit",
            steps=_WORKING,
        ),
        stat(
            "Slowest percent",
            "99 of 100 successful looks at the chosen services are faster than this. Normal: a few "
            f"milliseconds; alerts begin at {limits.SLOW_SECONDS:g} s.",
            Query(queries.quantile(0.99, (), catalog.PROBE_DURATION, destination_service=SERVICES)),
            unit="s",
            steps=_SLOW,
        ),
        stat(
            "Tasks running",
            "Running tasks of the chosen services. Normal: as many as they should have.",
            Query(f"sum({running})"),
            unit="none",
        ),
        stat(
            "Tasks missing",
            "Tasks that replicated services should have and do not. Normal: 0, but while they are "
            "updated or scaled.",
            Query(queries.or_zero(f"sum({wanted} - {running} > 0)")),
            unit="none",
            steps=colours.warn_from(1),
        ),
        stat(
            "First certificate to end",
            "How long the first certificate that the chosen services show is still good. Normal: "
            f"over {limits.CERTIFICATE_WARNING_DAYS} days, or none where nothing is probed by TLS.",
            Query(f"min({expiry}) - time()"),
            unit="s",
            steps=_CERTIFICATE,
            none="no TLS",
        ),
    )


def _reached() -> Panel:
    return _looks(
        "Who reaches it",
        "For each service that shares a network with the chosen ones, from each of its nodes: the "
        "share of looks that work. Normal: 100 % in every row.",
        ("source_service", "From"),
        "On",
        _TO_NODE,
        destination_service=SERVICES,
    )


def _reaches() -> Panel:
    return _looks(
        "Whom it reaches",
        "For each service that the chosen ones share a network with: the share of looks that work. "
        "Normal: 100 % in every row.",
        ("destination_service", "To"),
        "From node",
        links.cell("Service", Uid.SERVICES, service="destination_service"),
        source_service=SERVICES,
    )


def _looks(
    title: str,
    description: str,
    other: tuple[str, str],
    node_called: str,
    explained: DataLink,
    **chosen: str | Matcher,
) -> Panel:
    """Tell how looks end, by the service at the *other* end: its label, and what it is called."""
    label, called = other
    return table(
        title,
        description,
        Query(queries.success((label, "source_node", "probe", "target"), **chosen)),
        columns=(
            Column(
                of=label,
                title=called,
                links=(links.cell("Service", Uid.SERVICES, service=label),),
            ),
            Column(of="source_node", title=node_called, links=(_TO_NODE,)),
            Column(of="probe", title="By"),
            Column(of="target", title="At its"),
            Column(
                of="Value",
                title="Works",
                unit="percentunit",
                steps=_WORKING,
                links=(explained,),
            ),
        ),
        sort="Value",
        descending=False,
        width=HALF,
        height=10,
    )


def _over_time() -> Panel:
    return status_history(
        "Who reached it, over time",
        "Each service's looks at the chosen ones, moment by moment. Normal: green throughout.",
        Query(
            queries.success(
                ("source_service", "source_node"),
                destination_service=SERVICES,
            ),
            "{{source_service}} on {{source_node}}",
        ),
        steps=_WORKING,
        links=(links.line("Service", Uid.SERVICES, service="source_service"),),
    )


def _map() -> Panel:
    path = ("source_service", "destination_service")
    rename = {"source": "source_service", "target": "destination_service"}
    edges = queries.success(path, source_service=SERVICES, target=_ADDRESSES)
    for target, source in rename.items():
        edges = copied(edges, source, target)
    edges = queries.joined(edges, "id", *path)
    nodes = queries.success(("destination_service",), target=_ADDRESSES)
    for target in ("id", "title"):
        nodes = copied(nodes, "destination_service", target)
    return node_graph(
        "Map of services",
        "An arrow for each pair of services that is probed, with the share of looks that work. "
        "Normal: 100 % everywhere.",
        Query(nodes),
        Query(edges),
        unit="percentunit",
        links=(links.cell("Service", Uid.SERVICES, service="destination_service"),),
        height=12,
    )


def _latency() -> tuple[Panel, ...]:
    chosen = {"destination_service": SERVICES}
    percentiles = tuple(
        Query(queries.quantile(share, (), catalog.PROBE_DURATION, **chosen), f"{share:.0%}")
        for share in (0.5, 0.9, 0.99)
    )
    return (
        timeseries(
            "Percentiles",
            "Of successful looks at the chosen services, so many were faster. Normal: a few "
            f"milliseconds; alerts begin at {limits.SLOW_SECONDS:g} s.",
            *percentiles,
            unit="s",
            steps=_SLOW,
        ),
        heatmap(
            "All of them",
            "Successful looks at the chosen services by how long they took. Normal: one band; two "
            "bands are two ways, or two kinds of probe.",
            queries.buckets(catalog.PROBE_DURATION, **chosen),
        ),
        timeseries(
            "By whom",
            "Nine in ten looks were faster, for each service that looks. Normal: alike; one that "
            "stands out has a way of its own.",
            Query(
                queries.quantile(0.9, ("source_service",), catalog.PROBE_DURATION, **chosen),
                "{{source_service}}",
            ),
            unit="s",
            steps=_SLOW,
            links=(links.line("Service", Uid.SERVICES, service="source_service"),),
            width=THIRD,
        ),
        timeseries(
            "By phase",
            "Nine in ten phases were shorter: connecting is the network, the first byte is the "
            "service. Normal: connecting below a millisecond.",
            Query(
                queries.quantile(0.9, ("probe", "phase"), catalog.PROBE_PHASE_DURATION, **chosen),
                "{{probe}} {{phase}}",
            ),
            unit="s",
            width=THIRD,
        ),
        timeseries(
            "Round trip by the kernel's clock",
            "Nine in ten round trips were shorter; unlike others, they do not grow while an agent "
            "is busy. Normal: below a millisecond inside one data centre.",
            Query(
                queries.quantile(0.9, ("source_service",), catalog.PROBE_ROUND_TRIP, **chosen),
                "{{source_service}}",
            ),
            unit="s",
            width=THIRD,
        ),
    )


def _reasons() -> Panel:
    return timeseries(
        "How looks ended that did not end well",
        "Runs a second at the chosen services: timeouts are lost packets, refusals come from a "
        "live host that nothing listens on. Normal: none, but while tasks come and go.",
        Query(
            queries.rates(
                ("probe", "outcome"), catalog.PROBE_OUTCOMES, destination_service=SERVICES
            ),
            "{{probe}}: {{outcome}}",
        ),
        unit="ops",
    )


def _statuses() -> Panel:
    names = ("destination_service", "endpoint")
    codes = queries.shown(catalog.PROBE_HTTP_STATUS, destination_service=SERVICES)
    return timeseries(
        "Status codes",
        "The highest status code of the last answers, for each page that is asked for. Normal: "
        "200 to 299.",
        Query(by("max", names, codes), "{{destination_service}} {{endpoint}}"),
        unit="none",
        steps=colours.bad_from(400, 500),
    )


def _tasks() -> tuple[Panel, ...]:
    task = {"destination_service": SERVICES, "target": "task"}
    last = queries.shown(catalog.PROBE_LAST_DURATION, probe=one_of("http", "tcp"), **task)
    return (
        status_history(
            "Each task",
            "The share of looks at each single task that work. Normal: green; one red row is a "
            "broken task, all red is the service or its network.",
            Query(
                queries.success(("destination_task", "destination_node"), **task),
                "{{destination_task}} on {{destination_node}}",
            ),
            steps=_WORKING,
            links=(links.line("Node", Uid.NODES, node="destination_node"),),
            width=HALF,
        ),
        status_history(
            "The virtual IP, from each node",
            "The share of looks at the virtual IP that work. Normal: green; red while all tasks "
            "are green is the load balancer of that node.",
            Query(
                queries.success(
                    ("destination_service", "source_node"),
                    destination_service=SERVICES,
                    target="vip",
                ),
                "{{destination_service}} from {{source_node}}",
            ),
            steps=_WORKING,
            links=(links.line("Load balancing", Uid.BALANCING, service="destination_service"),),
            width=HALF,
        ),
        timeseries(
            "Last look at each task",
            "How long the last look took, the slowest of all that look. Normal: tasks are alike; "
            "one that stands out is slow, or far away.",
            Query(by("max", ("destination_task",), last), "{{destination_task}}"),
            unit="s",
            steps=_SLOW,
        ),
        timeseries(
            "The virtual IP against tasks",
            "Nine in ten looks were faster: at the virtual IP, at tasks, at names. Normal: virtual "
            "IP and tasks are alike.",
            Query(
                queries.quantile(
                    0.9,
                    ("target", "probe"),
                    catalog.PROBE_DURATION,
                    destination_service=SERVICES,
                ),
                "{{probe}} at {{target}}",
            ),
            unit="s",
            steps=_SLOW,
        ),
    )


def _objectives() -> tuple[Panel, ...]:
    chosen: queries.Labels = {
        "destination_service": SERVICES,
        "target": "task",
        "probe": none_of("mtu"),
    }
    return (
        *(
            timeseries(
                title,
                f"How many times faster than allowed it is used up, over an hour and over six: "
                f"{text}, or what the service's labels say. Normal: below 1; alerts begin at "
                f"{limits.SLOW_BURN:g} over six hours, and at {limits.FAST_BURN:g} over one.",
                *(
                    Query(burn(window, **chosen), f"{{{{destination_service}}}}, {window}")
                    for window in ("1h", "6h")
                ),
                unit="none",
                steps=_BURN,
                links=(links.line("Service", Uid.SERVICES, service="destination_service"),),
            )
            for title, text, burn in (
                (
                    "Error budget burns",
                    f"{limits.SUCCESS_OBJECTIVE:.0%} of looks at tasks must work",
                    queries.error_burn,
                ),
                (
                    "Latency budget burns",
                    (
                        f"{limits.LATENCY_OBJECTIVE:.0%} of successful looks at tasks must take "
                        f"less than {limits.SLOW_SECONDS:g} s"
                    ),
                    queries.latency_burn,
                ),
            )
        ),
        table(
            "Labels that are ignored",
            "Labels of services that Swarmscope could not understand; an agent's page says why. "
            "Normal: empty.",
            Query(
                f"{by('max', ('service',), queries.shown(catalog.LABEL_ERRORS, service=SERVICES))}"
                " > 0"
            ),
            columns=(
                Column(of="service", title="Service"),
                Column(of="Value", title="Labels", steps=colours.warn_from(1)),
            ),
            height=5,
        ),
    )
