"""How does the model travel as JSON, between agents and to a terminal?"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from probes.mesh.model import Mesh, NodeMesh
from probes.model.finding import HeldFinding
from probes.model.path import Hop, Walk
from probes.model.probe import KIND_OF, Kind, Probe, ProbeId
from probes.model.reading import NodeReading
from probes.model.result import Observation, Outcome, Phase, Result
from probes.model.topology import NodeReport, Topology
from probes.model.vantage import Vantage
from probes.state.table import Table

#: Of every document for people and scripts; raised when a field changes its meaning or goes.
DOCUMENT_VERSION = 1

_TOPOLOGY = TypeAdapter(Topology)
_REPORT = TypeAdapter(NodeReport)
_RESULT = TypeAdapter(Result)
_ID = TypeAdapter(ProbeId)
_VANTAGE = TypeAdapter(Vantage)
_OBSERVATION = TypeAdapter(Observation)
_HELD = TypeAdapter(HeldFinding)
_READING = TypeAdapter(NodeReading)
_WALK = TypeAdapter(Walk)
_TABLE = TypeAdapter(Table)
_NODE_MESH, _MESH = TypeAdapter(NodeMesh), TypeAdapter(Mesh)
_HOPS = TypeAdapter(tuple[Hop, ...])


def dump_topology(topology: Topology) -> bytes:
    """Write a topology as one JSON object, its fields named as in the model."""
    return _TOPOLOGY.dump_json(topology)


def load_topology(document: bytes) -> Topology:
    """Read what `dump_topology` wrote; ValueError for anything else."""
    return _TOPOLOGY.validate_json(document)


def dump_report(report: NodeReport) -> bytes:
    """Write a node's report as one JSON object."""
    return _REPORT.dump_json(report)


def load_report(document: bytes) -> NodeReport:
    """Read what `dump_report` wrote; ValueError for anything else."""
    return _REPORT.validate_json(document)


def result_document(result: Result) -> Mapping[str, Any]:
    """Describe one run of a probe; the shape that `--json` prints and `/api/v1/results` lists."""
    whole = _RESULT.dump_python(result, mode="json")
    probe = whole["probe"]
    return {
        "version": DOCUMENT_VERSION,
        "probe": probe["id"],
        "from": probe["vantage"],
        "look": probe["look"],
        "outcome": whole["outcome"],
        "verdict": str(result.outcome.verdict),
        "detail": whole["detail"],
        "started_at": whole["started_at"],
        "seconds": whole["seconds"],
        "timeout_seconds": probe["timeout_seconds"],
        "phases": {phase["name"]: phase["seconds"] for phase in whole["phases"]},
        "observed": whole["observed"],
    }


def load_result(document: Mapping[str, Any]) -> Result:
    """Read what `result_document` wrote; ValueError for anything else.

    A document does not tell how often a probe is run: once, so its interval is its timeout.
    """
    try:
        probe_id = _ID.validate_python(document["probe"])
        look = _look_adapter(probe_id.probe).validate_python(document["look"])
        timeout_seconds = float(document["timeout_seconds"])
        return Result(
            probe=Probe(
                id=probe_id,
                look=look,
                vantage=_VANTAGE.validate_python(document["from"]),
                interval_seconds=timeout_seconds,
                timeout_seconds=timeout_seconds,
            ),
            outcome=Outcome(document["outcome"]),
            detail=str(document["detail"]),
            started_at=float(document["started_at"]),
            seconds=float(document["seconds"]),
            phases=tuple(
                Phase(name=str(name), seconds=float(seconds))
                for name, seconds in document["phases"].items()
            ),
            observed=_OBSERVATION.validate_python(document["observed"]),
        )
    except (AttributeError, KeyError, TypeError) as exc:
        raise ValueError(f"this is no result of a look: {exc!r}") from exc


@cache
def _look_adapter(kind: Kind) -> TypeAdapter[Any]:
    """Find how a kind's look is read: several have the same fields, so a union would guess."""
    return TypeAdapter(next(look for look, its in KIND_OF.items() if its is kind))


def finding_document(held: HeldFinding) -> Mapping[str, Any]:
    """Describe one finding; the shape that `/api/v1/findings` and `probe audit --json` list."""
    whole = _HELD.dump_python(held, mode="json")
    finding = whole["finding"]
    return {
        "code": finding["code"],
        "severity": whole["severity"],
        "subject": finding["subject"],
        "since": whole["since"],
        "meaning": whole["meaning"],
        "evidence": finding["evidence"],
        "remedy": whole["remedy"],
        "references": whole["references"],
    }


def reading_document(reading: NodeReading) -> Mapping[str, Any]:
    """Describe what a node's kernel held, its fields named as in the model."""
    return {"version": DOCUMENT_VERSION, **_READING.dump_python(reading, mode="json")}


def dump_walk(walk: Walk) -> bytes:
    """Write an explanation as one JSON object."""
    return _WALK.dump_json(walk)


def load_walk(document: bytes) -> Walk:
    """Read what `dump_walk` wrote; ValueError for anything else."""
    return _WALK.validate_json(document)


def dump_hops(hops: tuple[Hop, ...]) -> bytes:
    """Write one node's part of an explanation as a JSON list."""
    return _HOPS.dump_json(hops)


def load_hops(document: bytes) -> tuple[Hop, ...]:
    """Read what `dump_hops` wrote; ValueError for anything else."""
    return _HOPS.validate_json(document)


def walk_document(walk: Walk) -> Mapping[str, Any]:
    """Describe an explanation for `--json`."""
    return {
        "version": DOCUMENT_VERSION,
        **_WALK.dump_python(walk, mode="json"),
        "cause": walk.cause,
        "remedy": walk.remedy,
    }


def dump_table(table: Table) -> bytes:
    """Write a table of state as one JSON object."""
    return _TABLE.dump_json(table)


def load_table(document: bytes) -> Table:
    """Read what `dump_table` wrote; ValueError for anything else."""
    return _TABLE.validate_json(document)


def table_document(table: Table) -> Mapping[str, Any]:
    """Describe a table for `--json`: each row by its columns' names."""
    return {
        "version": DOCUMENT_VERSION,
        "kind": table.kind,
        "node": table.node,
        "note": table.note,
        "rows": [
            {**dict(zip(table.columns, row.cells, strict=True)), "wrong": row.wrong}
            for row in table.rows
        ],
    }


def dump_node_mesh(mesh: NodeMesh) -> bytes:
    """Write what one node looked at as one JSON object."""
    return _NODE_MESH.dump_json(mesh)


def load_node_mesh(document: bytes) -> NodeMesh:
    """Read what `dump_node_mesh` wrote; ValueError for anything else."""
    return _NODE_MESH.validate_json(document)


def dump_mesh(mesh: Mesh) -> bytes:
    """Write what all nodes looked at as one JSON object."""
    return _MESH.dump_json(mesh)


def load_mesh(document: bytes) -> Mesh:
    """Read what `dump_mesh` wrote; ValueError for anything else."""
    return _MESH.validate_json(document)
