"""What does each command of `probe` do? Every function returns the exit status."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from ipaddress import IPv4Address
from typing import Any

from probes.cli import audit as auditing
from probes.cli import explain as explaining
from probes.cli import show
from probes.cli.around import Around
from probes.cli.errors import EXIT_STATUS, CommandError
from probes.cli.look import Looker, Report
from probes.cli.options import Addresses, LookOptions
from probes.cli.services import TITLES, cells_of, list_services, services_document
from probes.cli.targets import parse_host, parse_host_port, parse_server, parse_url
from probes.model.probe import HttpLook, IcmpLook, Look, TcpLook
from probes.wire import walk_document

#: Takes a look once there is somewhere to take it from; what was typed has been read by then.
_Want = Callable[[Looker], Coroutine[Any, Any, Report]]


def dns(name: str, server: str) -> _Want:
    """Want a name's addresses."""
    host, asked = parse_host(name), parse_server(server) if server else None
    return lambda looker: looker.at_name(host, asked)


def tcp(target: str) -> _Want:
    """Want a connection."""
    host, port = parse_host_port(target)

    def make(address: IPv4Address) -> Look:
        return TcpLook(address=address, port=port)

    return lambda looker: looker.at_host(host, make, str(port))


def icmp(target: str) -> _Want:
    """Want an echo."""
    host = parse_host(target)

    def make(address: IPv4Address) -> Look:
        return IcmpLook(address=address)

    return lambda looker: looker.at_host(host, make, "")


def http(
    target: str,
    *,
    statuses: frozenset[int],
    body: str,
    verify: bool,
    redirects: int,
) -> _Want:
    """Want an answer to a GET."""
    url = parse_url(target)

    def make(address: IPv4Address) -> Look:
        return HttpLook(
            address=address,
            port=url.port,
            path=url.path,
            tls=url.tls,
            host=url.header,
            statuses=statuses,
            body=body,
            verify=verify,
            redirects=redirects,
        )

    return lambda looker: looker.at_host(url.host, make, f"{url.port}{url.path}")


def look(addresses: Addresses, options: LookOptions, read: Callable[[], _Want]) -> int:
    """Take the look that *read* makes of what was typed, and print how it ended."""
    try:
        want = read()
        looker = Looker(Around(addresses), options.source, options.timeout_seconds)
        report = asyncio.run(want(looker))
    except CommandError as exc:
        return _told(exc)
    if options.json:
        show.print_json(show.report_document(report))
    else:
        show.print_report(report)
    return EXIT_STATUS[report.result.outcome.verdict]


def services(addresses: Addresses, *, json: bool) -> int:
    """Print what can be named."""
    try:
        around = Around(addresses)
        rows = list_services(around.topology, around.local)
    except CommandError as exc:
        return _told(exc)
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
        return _told(exc)
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
        return _told(exc)
    if json:
        show.print_json(walk_document(walk))
    else:
        explaining.print_walk(walk)
    return explaining.status_of(walk)


def _told(exc: CommandError) -> int:
    sys.stderr.write(f"probe: {exc}\n")
    return exc.status
