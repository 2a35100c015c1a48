"""Do names answer, with the right addresses, and fast?"""

from grafanalib.core import Dashboard, Panel

from dashboards import colours, links, queries
from dashboards.house import dashboard
from dashboards.panels import (
    HALF,
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
from dashboards.queries import NODES, SERVICES
from dashboards.uids import Uid
from dashboards.variables import NODE, SERVICE
from exporter import catalog, limits
from exporter.promql import Matcher, by, one_of

_ASKED = {"probe": "dns", "destination_service": SERVICES, "source_node": NODES}
_PATHS = {"probe": "dns", "destination_service": SERVICES}
_WORKING = colours.bad_below(limits.SUCCESS_OBJECTIVE)
_SLOW = colours.bad_from(limits.SLOW_SECONDS)
_WRONG = one_of("missing", "unexpected", "duplicate")
_TO_SERVICE = (links.line("Service", Uid.SERVICES, service="destination_service"),)


def board() -> Dashboard:
    """Lay it out."""
    return dashboard(
        Uid.DNS,
        "DNS and discovery",
        "Does the resolver in every container answer, with the right addresses, and fast?",
        (SERVICE, NODE),
        (
            Section("Now", (*_figures(), _wrong(), _findings())),
            Section("Answers", _answers()),
            Section("How fast", _latency()),
        ),
    )


def _figures() -> tuple[Panel, ...]:
    def answers(state: str) -> str:
        return by("sum", (), queries.shown(catalog.DNS_ANSWERS, **_ASKED, state=state))

    return (
        stat(
            "Names that answer well",
            "Share of names whose last answer was as Swarm says it should be. Normal: 100 %.",
            Query(queries.success((), **_ASKED)),
            unit="percentunit",
            steps=_WORKING,
        ),
        stat(
            "Addresses missing",
            "Addresses that answers should have had: tasks that get no traffic. Normal: 0.",
            Query(answers("missing")),
            unit="none",
            steps=colours.bad_from(1),
        ),
        stat(
            "Addresses too many",
            "Addresses that nobody has any more: clients time out on them. Normal: 0.",
            Query(answers("unexpected")),
            unit="none",
            steps=colours.bad_from(1),
        ),
        stat(
            "Addresses given twice",
            "Addresses that were in one answer more than once. Normal: 0.",
            Query(answers("duplicate")),
            unit="none",
            steps=colours.warn_from(1),
        ),
        stat(
            "Slowest percent",
            "99 of 100 answers came faster. Normal: below a few milliseconds: the resolver is on "
            "the same node.",
            Query(queries.quantile(0.99, (), catalog.PROBE_DURATION, **_PATHS)),
            unit="s",
            steps=_SLOW,
            width=8,
        ),
    )


def _wrong() -> Panel:
    names = ("source_service", "source_node", "destination_service", "endpoint", "state")
    wrong = queries.shown(catalog.DNS_ANSWERS, **_ASKED, state=_WRONG)
    return table(
        "Wrong answers",
        "Who got them, for which name, and what is wrong with them. Normal: empty, but for seconds "
        "while tasks come and go.",
        Query(f"{by('max', names, wrong)} > 0"),
        columns=(
            Column(of="endpoint", title="Name"),
            Column(
                of="source_service",
                title="Asked from",
                links=(links.cell("Service", Uid.SERVICES, service="source_service"),),
            ),
            Column(
                of="source_node",
                title="On",
                links=(links.cell("Node", Uid.NODES, node="source_node"),),
            ),
            Column(
                of="destination_service",
                title="Service",
                links=(links.cell("Service", Uid.SERVICES, service="destination_service"),),
            ),
            Column(of="state", title="What"),
            Column(
                of="Value",
                title="Addresses",
                unit="none",
                steps=colours.bad_from(1),
                links=(links.cell("Service", Uid.SERVICES, service="destination_service"),),
            ),
        ),
        sort="Value",
        width=HALF,
    )


def _findings() -> Panel:
    return state_timeline(
        "Findings about names",
        "From when to when the resolver's answers disagreed with Swarm. Normal: empty.",
        Query(
            queries.findings(("code", "node", "service"), code=Matcher("=~", "dns_.+"), node=NODES),
            "{{code}}: {{service}} on {{node}}",
        ),
        steps=colours.bad_from(1),
        links=(links.line("Node", Uid.NODES, node="node"),),
        width=HALF,
    )


def _answers() -> tuple[Panel, ...]:
    expected = queries.shown(catalog.DNS_ANSWERS, **_ASKED, state="expected")
    return (
        status_history(
            "Each service's names, from each node",
            "The share of lookups that answered as they should. Normal: green. A red node is its "
            "resolver, a red service its tasks' registration.",
            Query(
                queries.success(("destination_service", "source_node"), **_ASKED),
                "{{destination_service}} from {{source_node}}",
            ),
            steps=_WORKING,
            links=_TO_SERVICE,
            height=10,
        ),
        timeseries(
            "Addresses in answers",
            "The fewest right addresses that anybody got for each name. Normal: as many as tasks "
            "for `tasks.` names, 1 for the others.",
            Query(by("min", ("endpoint",), expected), "{{endpoint}}"),
            unit="none",
        ),
        timeseries(
            "How lookups ended that did not end well",
            "A second, by outcome: timeouts are a silent resolver, nxdomain a name that it does "
            "not know. Normal: none.",
            Query(
                queries.rates(("destination_service", "outcome"), catalog.PROBE_OUTCOMES, **_PATHS),
                "{{destination_service}}: {{outcome}}",
            ),
            unit="ops",
            links=_TO_SERVICE,
        ),
    )


def _latency() -> tuple[Panel, ...]:
    return (
        timeseries(
            "Who waits",
            "Nine in ten answers came faster, for each service that asks. Normal: alike, and below "
            "a few milliseconds.",
            Query(
                queries.quantile(0.9, ("source_service",), catalog.PROBE_DURATION, **_PATHS),
                "{{source_service}}",
            ),
            unit="s",
            steps=_SLOW,
            links=(links.line("Service", Uid.SERVICES, service="source_service"),),
        ),
        heatmap(
            "All answers",
            "Answers by how long they took. Normal: one band below a few milliseconds.",
            queries.buckets(catalog.PROBE_DURATION, **_PATHS),
        ),
    )
