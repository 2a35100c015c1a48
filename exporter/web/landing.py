"""What does a person see who opens the agent in a browser?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from exporter.audit import AuditState
from exporter.collectors.own import OwnState
from exporter.store import Tally
from probes.model.result import Verdict

#: Failures first: that is what somebody opens the page for.
_ORDER = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.WORKED)

_templates = Environment(
    loader=PackageLoader("exporter.web"),
    autoescape=True,  # names and labels come from the network: they are hostile until escaped
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingFacts:
    """What the page shows."""

    version: str
    own: OwnState
    tallies: Sequence[Tally]
    audit: AuditState


def landing_page(facts: LandingFacts) -> str:
    """Render the page."""
    rows = sorted(facts.tallies, key=_worst_first)
    return _templates.get_template("landing.html").render(
        version=facts.version,
        view=facts.own.view,
        plan=facts.own.plan,
        reload=facts.own.reload,
        complaints=facts.own.intent.complaints,
        counts={
            verdict: sum(tally.latest.outcome.verdict is verdict for tally in rows)
            for verdict in _ORDER
        },
        rows=rows,
        audit=facts.audit,
        now=time.time(),
    )


def _worst_first(tally: Tally) -> tuple[object, ...]:
    probe = tally.latest.probe.id
    return (
        _ORDER.index(tally.latest.outcome.verdict),
        probe.source_service,
        probe.destination_service,
        probe.probe,
        probe.network,
        probe.destination_task,
        probe.endpoint,
    )
