"""What does `--json` print of looks? One versioned shape, whether one, many, or from many nodes.

`docs/schemas/look.schema.json` is made of this: `python -m probes.looks.documents`.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter
from typing_extensions import TypedDict  # pydantic asks for it before Python 3.12

from probes.looks.asking import Answer
from probes.looks.session import Session
from probes.looks.tally import Summary
from probes.looks.wire import report_document
from probes.model.probe import Look, ProbeId
from probes.model.result import Observation, Outcome, Verdict
from probes.model.vantage import Vantage
from probes.wire import DOCUMENT_VERSION

ResultDocument = TypedDict(
    "ResultDocument",
    {
        "version": Literal[1],
        "probe": ProbeId,
        "from": Vantage,
        "look": Look,
        "outcome": Outcome,
        "verdict": Verdict,
        "detail": str,
        "started_at": float,
        "seconds": float,
        "timeout_seconds": float,
        "phases": dict[str, float],
        "observed": Observation,
    },
)


class ReportDocument(ResultDocument):
    """A look, and what came before it."""

    #: The look at the resolver that gave the address; null when the Swarm told it.
    resolution: ResultDocument | None
    #: The same on the underlay, between the nodes that the two stand on.
    beneath: ResultDocument | None
    hint: str


class PlaceDocument(TypedDict):
    """What looks from one place brought."""

    #: "" for the node that the command runs on.
    node: str
    verdict: Verdict
    #: Why it could not be looked the last time; "" when it could.
    why: str
    summary: Summary
    #: The latest 1,000, in the order in which they were taken.
    looks: list[ReportDocument]


class LeftOut(TypedDict):
    """A node that has nothing to look from, by what was asked for."""

    node: str
    why: str


#: `from` is what was typed after `--from`; `places` has the worst first.
LookDocument = TypedDict(
    "LookDocument",
    {
        "version": Literal[1],
        "from": str,
        "verdict": Verdict,
        "places": list[PlaceDocument],
        "left_out": list[LeftOut],
    },
)

_SUMMARY = TypeAdapter(Summary)


def look_document(session: Session, source: str) -> Mapping[str, Any]:
    """Describe all looks of one command."""
    return {
        "version": DOCUMENT_VERSION,
        "from": source,
        "verdict": str(session.verdict),
        "places": [
            {
                "node": place.node,
                "verdict": str(place.verdict),
                "why": place.answers[-1].why,
                "summary": _SUMMARY.dump_python(place.tally.summary(), mode="json"),
                "looks": _reports(place.answers),
            }
            for place in session.places
        ],
        "left_out": [{"node": node, "why": why} for node, why in session.left_out.items()],
    }


def _reports(answers: Iterable[Answer]) -> list[Mapping[str, Any]]:
    return [report_document(answer.report) for answer in answers if answer.report]


def look_schema() -> Mapping[str, Any]:
    """Make the JSON schema of `look_document`; fields may be added in the same version."""
    schema = TypeAdapter(LookDocument).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "What `probe tcp` and its like print with --json",
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look_schema(), indent=2, sort_keys=True) + "\n")
