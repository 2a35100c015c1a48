"""How do questions about a way travel from one agent to another? As a URL's query."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address

from probes.addresses import parse_address
from probes.explain.journey import Question

_LAST_PORT = 65535
_MOST_DIGITS = len(str(_LAST_PORT))


@dataclass(frozen=True, slots=True, kw_only=True)
class FarQuestion:
    """What the destination's node is asked."""

    question: Question
    backend: str
    network: str
    #: Whether packets of the source came to the backend and back.
    works: bool
    #: Whose frames should arrive from the source's node; None for a way that never leaves it.
    sender: IPv4Address | None


def write_question(question: Question) -> Mapping[str, str]:
    """Write a question; what it leaves open is left out."""
    return {key: str(value) for key, value in asdict(question).items() if value}


def read_question(query: Mapping[str, str]) -> Question:
    """Read what `write_question` wrote; ValueError names what is wrong."""
    port = query.get("port", "")
    digits = port.isascii() and port.isdecimal() and len(port) <= _MOST_DIGITS
    if port and not (digits and 0 < int(port) <= _LAST_PORT):
        raise ValueError(f"port={port[:100]!r} is no port from 1 to {_LAST_PORT}")
    return Question(
        source_task=query.get("source_task", ""),
        destination_service=query.get("destination_service", ""),
        destination_task=query.get("destination_task", ""),
        port=int(port) if port else None,
    )


def write_far_question(asked: FarQuestion) -> Mapping[str, str]:
    """Write what the destination's node is asked."""
    return {
        **write_question(asked.question),
        "backend": asked.backend,
        "network": asked.network,
        "works": str(int(asked.works)),
        "sender": str(asked.sender or ""),
    }


def read_far_question(query: Mapping[str, str]) -> FarQuestion:
    """Read what `write_far_question` wrote; ValueError names what is wrong."""
    sender = query.get("sender", "")
    address = parse_address(sender)
    if sender and address is None:
        raise ValueError(f"sender={sender[:100]!r} is no IPv4 address")
    works = query.get("works", "0")
    if works not in {"0", "1"}:
        raise ValueError(f"works={works[:100]!r} is neither 0 nor 1")
    return FarQuestion(
        question=read_question(query),
        backend=query.get("backend", ""),
        network=query.get("network", ""),
        works=works == "1",
        sender=address,
    )
