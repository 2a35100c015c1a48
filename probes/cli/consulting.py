"""What does `probe doctor` do? Returns the exit status."""

import sys
from functools import partial
from pathlib import Path

from probes.cli import bundle as bundling
from probes.cli import doctor as doctoring
from probes.cli.options import Addresses
from probes.cli.patient import Patient
from probes.cli.show import print_json
from probes.doctor.case import Case
from probes.doctor.diagnosis import Diagnosis, document
from probes.doctor.steps import Step
from probes.looks.errors import CommandError, UsageError

#: As a file's name, it is standard output: an agent's container has nowhere to write to.
_STANDARD_OUTPUT = "-"


def doctor(addresses: Addresses, file: Path | None, *, force: bool, json: bool) -> int:
    """Examine the Swarm, print what came of it, and write it down where that is wanted."""
    piped = str(file) == _STANDARD_OUTPUT
    try:
        _check(file, piped=piped, force=force, json=json)
        patient = Patient(addresses)
        show = _quiet if json else partial(doctoring.show_step, stderr=piped)
        diagnosis, case = doctoring.examine(patient, show)
        if json:
            print_json(document(diagnosis))
        else:
            doctoring.show_end(diagnosis, stderr=piped)
        if file is not None:
            _write(patient, addresses.agent, diagnosis, case, file, force=force)
    except CommandError as exc:
        sys.stderr.write(f"probe: {exc}\n")
        return exc.status
    return doctoring.status_of(diagnosis)


def _check(file: Path | None, *, piped: bool, force: bool, json: bool) -> None:
    """Refuse at once what could not be done in the end."""
    if file is None:
        if force:
            raise UsageError("--force is for --bundle FILE: there is nothing to overwrite")
    elif not piped:
        bundling.refuse(file, force=force)
    elif json:
        raise UsageError("standard output takes one of them: --json, or --bundle -")
    elif sys.stdout.isatty():
        raise UsageError("a bundle is no text for a terminal: write --bundle - > FILE")


def _quiet(_: Step) -> None:
    """Print nothing: one document comes in the end."""


def _write(
    patient: Patient,
    agent: str,
    diagnosis: Diagnosis,
    case: Case | None,
    file: Path,
    *,
    force: bool,
) -> None:
    bundle = bundling.collect(patient, agent, diagnosis, case)
    if str(file) == _STANDARD_OUTPUT:
        bundling.write(bundle, diagnosis, sys.stdout.buffer)
    else:
        with bundling.opened(file, force=force) as stream:
            bundling.write(bundle, diagnosis, stream)
    name = "standard output" if str(file) == _STANDARD_OUTPUT else file
    sys.stderr.write(
        f"Written to {name}: {len(bundle.files) + 1} files. MANIFEST says what is in it, and what "
        "was left out.\n"
    )
