"""What does a colleague get to look at? One file with all that is known, and without secrets."""

import gzip
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from probes.cli.agent import ask_agent
from probes.cli.patient import Patient
from probes.doctor import redact
from probes.doctor.case import Case
from probes.doctor.diagnosis import Diagnosis, document
from probes.doctor.wire import dump_case
from probes.looks.errors import CannotLookError, UsageError
from probes.model.topology import NO_TOPOLOGY
from probes.wire import reading_document

#: What an agent of a large Swarm exposes takes some megabytes; more than that helps nobody.
MOST_FILE_BYTES = 16 * 1024 * 1024
MOST_BYTES = 64 * 1024 * 1024
_FOLDER = "swarmscope-bundle"
_NEVER = (
    "environment variables, commands and mounts of services and containers: never read",
    "values of labels but the stack's name; labels of nodes and Engines",
    "secrets, configs, join tokens, the agents' token, keys of IPsec: never read",
    "what failed tasks said, but where a finding quotes it; bodies and queries of URLs",
    "options of networks; addresses of configured targets; proxies of the Engine",
)


@dataclass(slots=True)
class Bundle:
    """What goes into the file, and what does not, and why."""

    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, name: str, what: str, make: Callable[[], bytes]) -> None:
        """Add a file, unless it cannot be made, or there is no room for it."""
        try:
            body = make()
        except (CannotLookError, ValueError) as exc:
            self.left_out.append(f"{name}: {redact.scrub(str(exc))}")
            return
        room = MOST_BYTES - sum(len(other) for _, other in self.files.values())
        if len(body) > min(room, MOST_FILE_BYTES):
            self.left_out.append(f"{name}: {len(body)} bytes are more than there is room for")
            return
        self.files[name] = what, body

    def manifest(self, diagnosis: Diagnosis) -> str:
        """Say what is in it, and what was left out, and why."""
        node = diagnosis.node or "a node that knows no Swarm"
        made = datetime.fromtimestamp(diagnosis.at, UTC)
        rows = [
            f"  {name} ({len(body)} bytes): {what}" for name, (what, body) in self.files.items()
        ]
        return "\n".join(
            (
                f"Swarmscope bundle of {node}, made at {made:%Y-%m-%d %H:%M:%S} UTC",
                "",
                "What is in it:",
                *rows,
                "",
                "What could not be told:",
                *(f"  {item}" for item in self.left_out or ["nothing"]),
                "",
                "What is never in it:",
                *(f"  {item}" for item in _NEVER),
                "",
                "Names of nodes, services, networks and images are in it, and addresses. Text for",
                "people was searched for what looks like a credential: read it before you send it.",
                "",
            )
        )


def collect(patient: Patient, agent: str, diagnosis: Diagnosis, case: Case | None) -> Bundle:
    """Gather what may be shown; each document is written anew from the names in a list."""
    bundle = Bundle()
    bundle.add(
        "diagnosis.json",
        "what the doctor says",
        lambda: _json(redact.scrubbed(document(diagnosis))),
    )
    if patient.facts is not None:
        facts = asdict(patient.facts)
        bundle.add("engine.json", "this node's Engine", lambda: _json(redact.scrubbed(facts)))
    if case is not None:
        known = json.loads(dump_case(case))
        bundle.add(
            "topology.json",
            "what Swarm says exists",
            lambda: _json(redact.topology(known["topology"])),
        )
        for told in known["told"]:
            name = "".join(
                char if char.isalnum() or char in "-_." else "_" for char in told["node"]
            )
            bundle.add(
                f"nodes/{name}.json",
                "findings and looks of a node, as its agent tells them",
                lambda told=told: _json(redact.told(told)),  # type: ignore[misc]
            )
        bundle.left_out += [f"nodes/{item.node}: {redact.scrub(item.why)}" for item in case.silent]
    bundle.add(
        "results.json",
        "the last result of each probe of this node",
        lambda: _json(redact.results(_asked(agent, "/api/v1/results"))),
    )
    bundle.add(
        "configuration.json",
        "the configuration of this node's agent",
        lambda: _json(redact.scrubbed(_asked(agent, "/api/v1/doctor/configuration"))),
    )
    bundle.add(
        "metrics.txt",
        "what this node's agent exposes",
        lambda: "".join(redact.lines(ask_agent(agent, "/metrics").decode())).encode(),
    )
    topology, own = case.topology if case else NO_TOPOLOGY, patient.node_id
    bundle.add(
        "reading.json",
        "what this node's kernel holds",
        lambda: _json(redact.scrubbed(reading_document(patient.read(topology, own)))),
    )
    bundle.left_out.append("readings of other nodes: their agents hand out none")
    return bundle


def _asked(agent: str, path: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(ask_agent(agent, path))
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode() + b"\n"


def refuse(file: Path, *, force: bool) -> None:
    """Say early what would be refused in the end; raises UsageError."""
    if file.is_dir():
        raise UsageError(f"{file} is a folder: name a file in it")
    if file.exists() and not force:
        raise UsageError(f"{file} is there already: name another, or write --force")
    if not file.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {file.absolute().parent}")


def write(bundle: Bundle, diagnosis: Diagnosis, to: BinaryIO) -> None:
    """Write it as a .tar.gz."""
    at = int(diagnosis.at)
    manifest = bundle.manifest(diagnosis).encode()
    with (
        gzip.GzipFile(fileobj=to, mode="wb", mtime=at, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for name, body in (
            ("MANIFEST", manifest),
            *((name, body) for name, (_, body) in bundle.files.items()),
        ):
            entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
            entry.size, entry.mtime, entry.mode = len(body), at, 0o600
            tar.addfile(entry, io.BytesIO(body))


@contextmanager
def opened(file: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file that only its owner can read, and that is there once it is whole.

    Raises CannotLookError where it cannot be written, UsageError where one was there before.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.")
        with os.fdopen(handle, "wb") as stream:
            yield stream
        if force:
            Path(temporary).replace(file)
        else:
            os.link(temporary, file)
    except FileExistsError as exc:
        raise UsageError(f"{file} is there already: name another, or write --force") from exc
    except OSError as exc:
        raise CannotLookError(
            f"{file} cannot be written: {exc.strerror}; `--bundle -` writes to standard output"
        ) from exc
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
