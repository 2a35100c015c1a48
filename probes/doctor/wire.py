"""How does what the doctor knows travel, between agents and to the command?"""

from pydantic import TypeAdapter

from probes.doctor.case import Case, Told

_TOLD = TypeAdapter(Told)
_CASE = TypeAdapter(Case)


def dump_told(told: Told) -> bytes:
    """Write what one node tells as one JSON object."""
    return _TOLD.dump_json(told)


def load_told(document: bytes) -> Told:
    """Read what `dump_told` wrote; ValueError for anything else."""
    return _TOLD.validate_json(document)


def dump_case(case: Case) -> bytes:
    """Write all that is known as one JSON object."""
    return _CASE.dump_json(case)


def load_case(document: bytes) -> Case:
    """Read what `dump_case` wrote; ValueError for anything else."""
    return _CASE.validate_json(document)
