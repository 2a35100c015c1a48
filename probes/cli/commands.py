"""What does each command of `probe` do? Every function returns the exit status."""

from probes.cli import audit as auditing
from probes.cli import explain as explaining
from probes.cli import show
from probes.cli.around import Around
from probes.cli.options import Addresses
from probes.cli.services import TITLES, cells_of, list_services, services_document
from probes.looks.errors import CommandError
from probes.wire import walk_document


def services(addresses: Addresses, *, json: bool) -> int:
    """Print what can be named."""
    try:
        around = Around(addresses)
        rows = list_services(around.topology, around.local)
    except CommandError as exc:
        return show.told(exc)
    if json:
        show.print_json(services_document(rows))
    else:
        show.print_table(TITLES, cells_of(rows))
    return 0


def audit(addresses: Addresses, node: str, *, everywhere: bool, json: bool) -> int:
    """Print what disagrees with what should be."""
    try:
        document = auditing.fetch_findings(addresses.agent, node, everywhere=everywhere)
    except CommandError as exc:
        return show.told(exc)
    if json:
        show.print_json(document)
    else:
        auditing.print_findings(document)
    return auditing.status_of(document)


def explain(addresses: Addresses, source: str, destination: str, *, json: bool) -> int:
    """Print the way from one service to another, up to where it stops."""
    try:
        around = Around(addresses)
        walk = explaining.fetch_walk(around, addresses.agent, source, destination)
    except CommandError as exc:
        return show.told(exc)
    if json:
        show.print_json(walk_document(walk))
    else:
        explaining.print_walk(walk)
    return explaining.status_of(walk)
