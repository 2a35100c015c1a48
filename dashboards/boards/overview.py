"""Is the network well? If not: what is wrong, since when, and where?"""

from grafanalib.core import Dashboard, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import (
    HALF,
    Column,
    Query,
    Section,
    stat,
    state_timeline,
    table,
    timeseries,
)
from dashboards.uids import Uid
from exporter import catalog, limits
from exporter.promql import by, none_of

#: A path's share of working looks is red where the error budget cannot bear it.
_WORKING = colours.bad_below(limits.SUCCESS_OBJECTIVE)
#: The share that may fail.
_BUDGET = round(1 - limits.SUCCESS_OBJECTIVE, 6)
#: Grafana's range, at the pace of a scrape or slower.
_FIRST_SEEN = "$__range:30s"


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.OVERVIEW,
        "Overview",
        "Is the network well? What is wrong now, since when, and where?",
        (),
        (
            Section("Now", (*_alerts(), *_looks())),
            Section("What is wrong", (_firing(), _findings(), _history())),
            Section("Where", (_worst(), _by_target(), _reasons())),
            Section("What is looked at", (_planned(), _left_out(), _blind())),
        ),
    )


def _alerts() -> tuple[Panel, ...]:
    return (
        stat(
            "Critical alerts",
            "Alerts that page: requests are lost now. Normal: 0.",
            Query(queries.or_zero(by("count", (), queries.firing(severity="critical")))),
            unit="none",
            steps=colours.bad_from(1),
        ),
        stat(
            "Warnings",
            "Alerts that open a ticket: something will break, or is broken for some. Normal: 0.",
            Query(queries.or_zero(by("count", (), queries.firing(severity="warning")))),
            unit="none",
            steps=colours.warn_from(1),
        ),
        stat(
            "Findings now",
            "Disagreements between what Swarm says and what is, that have lasted. Normal: 0; those "
            "of severity info are not counted.",
            Query(queries.or_zero(queries.findings((), severity=none_of("info")))),
            unit="none",
            steps=colours.bad_from(1),
            links=(links.to("Agents that found them", Uid.AGENTS),),
        ),
    )


def _looks() -> tuple[Panel, ...]:
    nodes = by("max", (), queries.shown(catalog.TOPOLOGY_OBJECTS, object="nodes"))
    agents = by("count", (), queries.shown(catalog.BUILD_INFO))
    return (
        stat(
            "Not yet certain",
            "Disagreements that have not lasted yet. Normal: 0, and a few for seconds while tasks "
            "come and go.",
            Query(by("sum", (), queries.shown(catalog.FINDINGS_PENDING))),
            unit="none",
            steps=colours.warn_from(1),
        ),
        stat(
            "Looks that work",
            f"Share of all probes whose last run worked. Normal: 100 %; below "
            f"{limits.SUCCESS_OBJECTIVE:.0%} it cannot last. A kernel without IPVS fails every "
            "virtual IP and published port.",
            Query(queries.success(())),
            unit="percentunit",
            steps=_WORKING,
            links=(links.to("Who fails to reach whom", Uid.MATRIX),),
        ),
        stat(
            "Nodes without an agent",
            "Nodes of the Swarm whose agent Prometheus does not reach. Normal: 0, and one for each "
            "node that is drained.",
            Query(f"{nodes} - {agents}"),
            unit="none",
            steps=colours.warn_from(1),
            links=(links.to("Agents", Uid.AGENTS),),
        ),
    )


def _firing() -> Panel:
    return table(
        "Alerts that fire",
        "What people were told of, and since when; each names its culprit. Normal: only the "
        "watchdog, which always fires.",
        Query(queries.firing_since()),
        columns=(
            Column(of="severity", title="Severity", mappings=colours.SEVERITIES, width=90),
            Column(of="alertname", title="Alert", width=260),
            Column(of="Value", title="Since", unit="dateTimeFromNow", width=140),
            Column(of="node", title="Node", links=(links.cell("Node", Uid.NODES, node="node"),)),
            Column(
                of="peer_node",
                title="Other node",
                links=(links.cell("Node", Uid.NODES, node="peer_node"),),
            ),
            Column(
                of="network",
                title="Network",
                links=(links.cell("Network", Uid.NETWORKS, network="network"),),
            ),
            Column(
                of="service",
                title="Service",
                links=(links.cell("Service", Uid.SERVICES, service="service"),),
            ),
            Column(of="task", title="Task"),
            Column(of="target", title="Target", links=(links.to("Targets", Uid.GATEWAY),)),
        ),
        height=7,
    )


def _findings() -> Panel:
    names = ("severity", "code", "node", "peer_node", "network", "service")
    held = queries.findings(names)
    first = f"min_over_time(timestamp({queries.shown(catalog.FINDINGS_HELD)})[{_FIRST_SEEN}])"
    since = queries.milliseconds(by("min", names, first))
    return table(
        "Findings",
        "What the agents found to disagree with what Swarm says, by which node, and since when "
        "within the time shown. docs/findings.md has the meaning of each, `probe audit --all` the "
        "command that mends it. Normal: empty.",
        Query(f"{since} and on ({', '.join(names)}) {held}"),
        columns=(
            Column(of="severity", title="Severity", mappings=colours.SEVERITIES, width=90),
            Column(of="code", title="Finding", width=260),
            Column(of="Value", title="Since", unit="dateTimeFromNow", width=140),
            Column(
                of="node", title="Found on", links=(links.cell("Node", Uid.NODES, node="node"),)
            ),
            Column(
                of="peer_node",
                title="About node",
                links=(links.cell("Node", Uid.NODES, node="peer_node"),),
            ),
            Column(
                of="network",
                title="Network",
                links=(links.cell("Network", Uid.NETWORKS, network="network"),),
            ),
            Column(
                of="service",
                title="Service",
                links=(links.cell("Service", Uid.SERVICES, service="service"),),
            ),
        ),
        height=7,
    )


def _history() -> Panel:
    return state_timeline(
        "Findings over time",
        "From when to when each kind of finding was there, and on how many places. Normal: empty.",
        Query(queries.findings(("code",)), "{{code}}"),
        steps=colours.bad_from(1),
        links=(links.to("Overlay networks", Uid.NETWORKS),),
        height=6,
    )


def _worst() -> Panel:
    path = ("source_service", "destination_service")
    failing = f"({queries.failed_share(path)} > 0)"
    return table(
        "Worst pairs",
        "The ten pairs of services with the largest share of failed looks of late. Normal: empty.",
        Query(f"topk(10, {failing})"),
        columns=(
            Column(
                of="source_service",
                title="From",
                links=(links.cell("Service", Uid.SERVICES, service="source_service"),),
            ),
            Column(
                of="destination_service",
                title="To",
                links=(links.cell("Service", Uid.SERVICES, service="destination_service"),),
            ),
            Column(
                of="Value",
                title="Failed",
                unit="percentunit",
                steps=colours.bad_from(1e-9, _BUDGET),
                links=(links.cell("Who reaches it", Uid.SERVICES, service="destination_service"),),
            ),
        ),
        sort="Value",
        width=HALF,
    )


def _by_target() -> Panel:
    return timeseries(
        "Failing looks, by what they are aimed at",
        "Probes whose last run failed: at names, virtual IPs, single tasks, published ports, other "
        "nodes, targets of the configuration. Normal: none.",
        Query(queries.failing(("target",)), "{{target}}"),
        unit="none",
        steps=colours.bad_from(1),
        links=(links.to("Who fails to reach whom", Uid.MATRIX),),
    )


def _reasons() -> Panel:
    return timeseries(
        "How looks ended that did not end well",
        "Runs a second, by outcome: timeouts are lost packets, refusals come from a live host. "
        "Normal: none, and some vanished or refused ones while tasks come and go.",
        Query(queries.rates(("outcome",), catalog.PROBE_OUTCOMES), "{{outcome}}"),
        unit="ops",
        width=24,
    )


def _planned() -> Panel:
    return timeseries(
        "Probes, by kind",
        "How many probes all agents run. Normal: steady, and moving with the number of tasks.",
        Query(by("sum", ("probe",), queries.shown(catalog.PROBES_PLANNED)), "{{probe}}"),
        unit="none",
        stacked=True,
        width=8,
    )


def _left_out() -> Panel:
    return timeseries(
        "Probes beyond the budget",
        "Probes that agents leave to others because their budget is spent. Normal: none on a "
        "small Swarm; on a large one, each is still covered by somebody.",
        Query(by("sum", ("probe",), queries.shown(catalog.PROBES_LEFT_OUT)), "{{probe}}"),
        unit="none",
        steps=colours.warn_from(1),
        width=8,
    )


def _blind() -> Panel:
    unknown = queries.rates((), catalog.PROBE_UNKNOWN)
    runs = queries.rates((), catalog.PROBE_RUNS)
    return timeseries(
        "Looks that could not look",
        "Share of runs that could not look: the namespace was gone, or a permission missing. "
        "Normal: 0, and a little while tasks end.",
        Query(f"{unknown} / {runs}", "could not look"),
        unit="percentunit",
        steps=colours.warn_from(_BUDGET),
        width=8,
    )
