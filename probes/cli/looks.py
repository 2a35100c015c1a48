"""How is a look taken and shown, that somebody typed? The exit status says how it ended."""

import asyncio

from probes.cli import show
from probes.cli.around import Around
from probes.cli.options import Addresses, LookOptions
from probes.looks.errors import EXIT_STATUS, CommandError
from probes.looks.looker import Looker
from probes.looks.wants import Want


def look(addresses: Addresses, options: LookOptions, want: Want) -> int:
    """Take the look that is wanted, and print how it ended."""
    try:
        take = want.read()
        looker = Looker(Around(addresses), options.source, options.timeout_seconds)
        report = asyncio.run(take(looker))
    except CommandError as exc:
        return show.told(exc)
    if options.json:
        show.print_json(show.report_document(report))
    else:
        show.print_report(report)
    return EXIT_STATUS[report.result.outcome.verdict]
