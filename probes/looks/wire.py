"""How do looks travel, between agents and to a script? As versioned JSON."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, get_args

from pydantic import TypeAdapter

from probes.looks.asking import LONGEST_TIMEOUT_SECONDS, Answer, Asked
from probes.looks.errors import UsageError
from probes.looks.looker import Report
from probes.looks.wants import ServerWant, Want
from probes.wire import DOCUMENT_VERSION, load_result, result_document

_TYPES: Mapping[str, type[Want]] = {
    kind.__name__.removesuffix("Want").lower(): kind for kind in get_args(Want)
}
_NAMES = {kind: name for name, kind in _TYPES.items()}


def dump_asked(asked: Asked) -> bytes:
    """Write a question as one JSON object; UsageError for one that must not leave its node."""
    _refuse_files(asked.want)
    document = {
        "version": DOCUMENT_VERSION,
        "type": _NAMES[type(asked.want)],
        "want": TypeAdapter(type(asked.want)).dump_python(asked.want, mode="json"),
        "source": asked.source,
        "timeout_seconds": asked.timeout_seconds,
        "here": asked.here,
    }
    return json.dumps(document).encode()


def load_asked(body: bytes) -> Asked:
    """Read what `dump_asked` wrote; ValueError names what is wrong, UsageError what is refused.

    A field that this version does not know is an error: it would be looked at something else.
    """
    document = _object(body)
    try:
        kind = _TYPES[document["type"]]
        said, source, here = document["want"], document["source"], document["here"]
        timeout_seconds = float(document["timeout_seconds"])
        strangers = said.keys() - {field.name for field in fields(kind)}
    except (AttributeError, KeyError, TypeError) as exc:
        raise ValueError(f"this is no look that can be asked for: {exc!r}") from exc
    if strangers:
        raise ValueError(f"{document['type']} has no {', '.join(sorted(strangers))} here")
    if not 0 < timeout_seconds <= LONGEST_TIMEOUT_SECONDS:
        raise ValueError(f"a look through the agents takes at most {LONGEST_TIMEOUT_SECONDS:g} s")
    if not isinstance(source, str) or not isinstance(here, bool):
        raise ValueError("source is a text, and here is true or false")  # noqa: TRY004 -- as above
    want: Want = TypeAdapter(kind).validate_python(said)
    _refuse_files(want)
    return Asked(want=want, source=source, timeout_seconds=timeout_seconds, here=here)


def _refuse_files(want: Want) -> None:
    """Let nobody have a file sent that is on another node, and no secret travel."""
    match want:
        case ServerWant(options={"credentials_file": file}) if file:
            raise UsageError(
                "credentials are a file on one node, which no other reads: "
                "run `probe` where the task runs",
            )
        case ServerWant(authorities_file=file) if file:
            raise UsageError(
                "authorities are a file on one node, which no other reads: "
                "run `probe` where the task runs",
            )


def dump_answers(answers: Iterable[Answer]) -> bytes:
    """Write answers as one JSON object."""
    places = [
        {
            "node": answer.node,
            "report": report_document(answer.report) if answer.report else None,
            "why": answer.why,
            "pointless": answer.pointless,
        }
        for answer in answers
    ]
    return json.dumps({"version": DOCUMENT_VERSION, "places": places}).encode()


def load_answers(body: bytes) -> tuple[Answer, ...]:
    """Read what `dump_answers` wrote; ValueError for anything else."""
    try:
        return tuple(
            Answer(
                node=str(place["node"]),
                report=_load_report(place["report"]) if place["report"] else None,
                why=str(place["why"]),
                pointless=bool(place["pointless"]),
            )
            for place in _object(body)["places"]
        )
    except (KeyError, TypeError) as exc:
        raise ValueError(f"this is no answer to a look: {exc!r}") from exc


def report_document(report: Report) -> Mapping[str, Any]:
    """Describe a report: the result's document, those of the looks around it, and a hint."""
    return {
        **result_document(report.result),
        "resolution": result_document(report.resolution) if report.resolution else None,
        "beneath": result_document(report.beneath) if report.beneath else None,
        "hint": report.hint,
    }


def _load_report(document: Mapping[str, Any]) -> Report:
    resolution, beneath = document["resolution"], document["beneath"]
    return Report(
        result=load_result(document),
        resolution=load_result(resolution) if resolution else None,
        beneath=load_result(beneath) if beneath else None,
        hint=str(document["hint"]),
    )


def _object(body: bytes) -> Mapping[str, Any]:
    document = json.loads(body)
    if not isinstance(document, dict) or document.get("version") != DOCUMENT_VERSION:
        raise ValueError(f"this is no document of version {DOCUMENT_VERSION}")
    return document
