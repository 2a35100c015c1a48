"""Swarmscope itself: do the agents see, keep up, and agree?"""

from grafanalib.core import Dashboard, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import (
    HALF,
    THIRD,
    Column,
    Query,
    Section,
    heatmap,
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
from exporter.promql import by

_HERE = {"node": NODES}
_TO_NODE = (links.line("Node", Uid.NODES, node="node"),)
_ON = "{{node}}"
_JOB = {"job": "swarmscope", "node": NODES}
_TOPOLOGY_OLD = colours.bad_from(limits.TOPOLOGY_OLD_SECONDS)
_LAGGING = colours.bad_from(limits.SCHEDULER_LAG_SECONDS)
_STALLED = colours.bad_from(limits.AUDIT_STALLED_SECONDS)


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.AGENTS,
        "Swarmscope itself",
        "Do the agents see everything, keep up with their probes, and have the same view of the "
        "Swarm?",
        (NODE,),
        (
            Section("Now", (*_figures(), _versions(), _reached())),
            Section("What they know of the Swarm", _topology()),
            Section("Do they keep up?", _schedule()),
            Section("Checks", _audit()),
            Section("What they expose", _exposed()),
        ),
    )


def _figures() -> tuple[Panel, ...]:
    return (
        stat(
            "Agents reached",
            "Share of agents that Prometheus reaches. Normal: 100 %.",
            Query(by("avg", (), queries.foreign("up", **_JOB))),
            unit="percentunit",
            steps=colours.bad_below(1),
        ),
        stat(
            "Oldest knowledge",
            "Age of the topology of the agent that is farthest behind. Normal: below a minute.",
            Query(queries.age(by("min", (), queries.shown(catalog.TOPOLOGY_TIMESTAMP, **_HERE)))),
            unit="s",
            steps=_TOPOLOGY_OLD,
        ),
        stat(
            "Oldest checks",
            "How long ago the agent that is farthest behind made its checks. Normal: below 20 s.",
            Query(queries.age(by("min", (), queries.shown(catalog.AUDIT_TIMESTAMP, **_HERE)))),
            unit="s",
            steps=_STALLED,
        ),
        stat(
            "Checks that cannot look",
            "Checks of the last round that could not look everywhere. Normal: 0.",
            Query(
                queries.or_zero(
                    by("count", (), f"{queries.shown(catalog.AUDIT_CHECK_SUCCESS, **_HERE)} == 0")
                )
            ),
            unit="none",
            steps=colours.warn_from(1),
        ),
        stat(
            "Configurations refused",
            "Agents whose last attempt to load their configuration failed; they go on with the old "
            "one. Normal: 0.",
            Query(
                queries.or_zero(
                    by("count", (), f"{queries.shown(catalog.CONFIG_RELOAD_SUCCESS, **_HERE)} == 0")
                )
            ),
            unit="none",
            steps=colours.bad_from(1),
        ),
        stat(
            "Probes beyond the budget",
            "Probes that agents leave to others. Normal: 0 on a small Swarm.",
            Query(queries.or_zero(by("sum", (), queries.shown(catalog.PROBES_LEFT_OUT, **_HERE)))),
            unit="none",
            steps=colours.warn_from(1),
        ),
    )


def _versions() -> Panel:
    names = ("node", "version", "python")
    loaded = by("max", ("node",), queries.shown(catalog.CONFIG_RELOAD_TIMESTAMP, **_HERE))
    return table(
        "Agents",
        "Which version runs where, and since when with its configuration. Normal: one version, but "
        "while agents are updated.",
        Query(by("max", names, queries.shown(catalog.BUILD_INFO, **_HERE))),
        Query(queries.milliseconds(loaded)),
        columns=(
            Column(of="node", title="Node", links=(links.cell("Node", Uid.NODES, node="node"),)),
            Column(of="version", title="Version"),
            Column(of="python", title="Python"),
            Column(of="Value #B", title="Configuration loaded", unit="dateTimeFromNow"),
        ),
        width=HALF,
    )


def _reached() -> Panel:
    return status_history(
        "Reached by Prometheus",
        "Whether Prometheus reached each agent. Normal: green; a gap of seconds while an agent is "
        "updated.",
        Query(by("min", ("node",), queries.foreign("up", **_JOB)), _ON),
        unit="none",
        mappings=colours.YES,
        steps=colours.bad_below(1),
        links=_TO_NODE,
        width=HALF,
    )


def _topology() -> tuple[Panel, ...]:
    objects = queries.shown(catalog.TOPOLOGY_OBJECTS, **_HERE)
    return (
        timeseries(
            "Age of the topology",
            "How old the Swarm is that each agent knows. Normal: below a minute; alerts begin at "
            f"{limits.TOPOLOGY_OLD_SECONDS} s.",
            Query(
                queries.age(
                    by("max", ("node",), queries.shown(catalog.TOPOLOGY_TIMESTAMP, **_HERE))
                ),
                _ON,
            ),
            unit="s",
            steps=_TOPOLOGY_OLD,
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "What it holds",
            "Nodes, networks, services and tasks, as each agent knows them. Normal: the same on "
            "all agents, but for their own tasks.",
            Query(by("max", ("object",), objects), "{{object}}, most"),
            Query(by("min", ("object",), objects), "{{object}}, fewest"),
            unit="none",
            width=THIRD,
        ),
        timeseries(
            "Attempts that failed",
            "Attempts a second to read the topology that failed, by where it was asked for. "
            "Normal: 0.",
            Query(
                queries.rates(("node", "source"), catalog.TOPOLOGY_ERRORS, **_HERE),
                "{{source}}, by {{node}}",
            ),
            unit="ops",
            links=_TO_NODE,
            width=THIRD,
        ),
        state_timeline(
            "Where it comes from",
            "The Engine on managers, another agent on workers. Normal: steady.",
            Query(
                by("max", ("node", "source"), queries.shown(catalog.TOPOLOGY_SOURCE, **_HERE)),
                "{{node}}: {{source}}",
            ),
            unit="none",
            mappings=colours.HOLDS,
            links=_TO_NODE,
            height=6,
        ),
    )


def _schedule() -> tuple[Panel, ...]:
    return (
        timeseries(
            "Probes start late by",
            "Nine in ten probes started less late. Normal: milliseconds; alerts begin at "
            f"{limits.SCHEDULER_LAG_SECONDS:g} s, as the agent then reports its own load.",
            Query(queries.quantile(0.9, ("node",), catalog.SCHEDULER_LAG, **_HERE), _ON),
            unit="s",
            steps=_LAGGING,
            links=_TO_NODE,
        ),
        heatmap(
            "All starts",
            "Probes by how late they started. Normal: one band in the milliseconds.",
            queries.buckets(catalog.SCHEDULER_LAG, **_HERE),
        ),
        timeseries(
            "Probes planned",
            "What each agent runs. Normal: steady; it follows the tasks on its node.",
            Query(by("sum", ("node",), queries.shown(catalog.PROBES_PLANNED, **_HERE)), _ON),
            unit="none",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Runs, and runs missed",
            "A second, for each agent. Missed ones were due while the last run had not ended. "
            "Normal: none missed.",
            Query(queries.rates(("node",), catalog.PROBE_RUNS, **_HERE), f"runs on {_ON}"),
            Query(queries.rates(("node",), catalog.PROBES_MISSED, **_HERE), f"missed on {_ON}"),
            unit="ops",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Under way, and unproven",
            "Probes under way at this moment, and ports that images expose and nothing has "
            "answered on, which count for nothing. Normal: few and steady.",
            Query(
                by("max", ("node",), queries.shown(catalog.PROBES_RUNNING, **_HERE)),
                f"under way on {_ON}",
            ),
            Query(
                by("max", ("node",), queries.shown(catalog.PROBES_UNPROVEN, **_HERE)),
                f"unproven on {_ON}",
            ),
            unit="none",
            links=_TO_NODE,
            width=THIRD,
        ),
    )


def _audit() -> tuple[Panel, ...]:
    return (
        status_history(
            "Checks that could look",
            "Whether each kind of check could look everywhere, on all chosen nodes. Normal: green; "
            "red is not a fault of the network, but nobody would see one.",
            Query(
                by("min", ("check",), queries.shown(catalog.AUDIT_CHECK_SUCCESS, **_HERE)),
                "{{check}}",
            ),
            unit="none",
            mappings=colours.YES,
            steps=colours.bad_below(1),
            links=(links.to("Nodes", Uid.NODES),),
            height=10,
        ),
        timeseries(
            "Rounds of checks",
            "A second, for each agent. Normal: one every 5 s, that is 0.2.",
            Query(queries.rates(("node",), catalog.AUDIT_ROUNDS, **_HERE), _ON),
            unit="ops",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Age of the last round",
            f"Normal: below 20 s; alerts begin at {limits.AUDIT_STALLED_SECONDS} s.",
            Query(
                queries.age(by("max", ("node",), queries.shown(catalog.AUDIT_TIMESTAMP, **_HERE))),
                _ON,
            ),
            unit="s",
            steps=_STALLED,
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Processor time of a round",
            "What the last round of checks took. Normal: some tens of milliseconds.",
            Query(by("max", ("node",), queries.shown(catalog.AUDIT_CPU, **_HERE)), _ON),
            unit="s",
            links=_TO_NODE,
            width=THIRD,
        ),
    )


def _exposed() -> tuple[Panel, ...]:
    return (
        timeseries(
            "Time to scrape",
            "How long Prometheus waited for each agent's metrics. Normal: below a second.",
            Query(by("max", ("node",), queries.foreign("scrape_duration_seconds", **_JOB)), _ON),
            unit="s",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Series exposed",
            "How many series each agent exposes. Normal: thousands; it follows the services that "
            "share networks with the node's tasks.",
            Query(by("max", ("node",), queries.foreign("scrape_samples_scraped", **_JOB)), _ON),
            unit="none",
            links=_TO_NODE,
            width=THIRD,
        ),
        timeseries(
            "Time to collect each part",
            "The slowest agent's time for each part of its metrics. Normal: below half a second "
            "together.",
            Query(
                by("max", ("collector",), queries.shown(catalog.COLLECTOR_DURATION, **_HERE)),
                "{{collector}}",
            ),
            unit="s",
            width=THIRD,
        ),
        status_history(
            "Parts that could be collected",
            "Whether each part of the metrics could be collected, on all chosen nodes. Normal: "
            "green.",
            Query(
                by("min", ("collector",), queries.shown(catalog.COLLECTOR_SUCCESS, **_HERE)),
                "{{collector}}",
            ),
            unit="none",
            mappings=colours.YES,
            steps=colours.bad_below(1),
            links=(links.to("Nodes", Uid.NODES),),
            height=6,
        ),
    )
