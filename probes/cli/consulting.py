"""What does `probe doctor` do? Returns the exit status."""

import sys
from pathlib import Path

from probes.cli import doctor as doctoring
from probes.cli.options import Addresses
from probes.cli.patient import Patient
from probes.cli.show import print_json
from probes.doctor.diagnosis import document
from probes.doctor.steps import Step
from probes.looks.errors import CommandError, UsageError


def doctor(addresses: Addresses, bundle: Path | None, *, force: bool, json: bool) -> int:
    """Examine the Swarm, print what came of it, and write it down where that is wanted."""
    try:
        if force and bundle is None:
            raise UsageError("--force is for --bundle FILE: there is nothing to overwrite")
        patient = Patient(addresses)
        diagnosis, _ = doctoring.examine(patient, _quiet if json else doctoring.show_step)
        if json:
            print_json(document(diagnosis))
        else:
            doctoring.show_end(diagnosis)
    except CommandError as exc:
        sys.stderr.write(f"probe: {exc}\n")
        return exc.status
    return doctoring.status_of(diagnosis)


def _quiet(_: Step) -> None:
    """Print nothing: one document comes in the end."""
