"""How are looks at servers typed, that speak a protocol of their own?

What the commands need is imported when they run: `probe --help` must not wait for it.
"""
# ruff: noqa: PLC0415 -- see above

from typing import Annotated

import typer

from probes.cli.options import Addresses, LookOptions
from probes.cli.typed.common import HOST, look_command

_Target = Annotated[str, typer.Argument(metavar="HOST:PORT", help=f"HOST: {HOST}.")]
_Tls = Annotated[bool, typer.Option("--tls", help="Speak TLS.")]
_Name = Annotated[str, typer.Option(metavar="NAME", help="The certificate must be for NAME.")]
_Verify = Annotated[bool, typer.Option(help="Verify the certificate.")]
_Authorities = Annotated[
    str,
    typer.Option("--ca", metavar="FILE", help="Trust these authorities (PEM), not the machine's."),
]
_Credentials = Annotated[
    str,
    typer.Option(metavar="FILE", help="Log in: user and password, a line each."),
]


def _look(
    addresses: Addresses,
    options: LookOptions,
    kind: str,
    target: str,
    *,
    tls: bool,
    name: str,
    verify: bool,
    authorities: str,
    starttls: str = "",
    **own: str,
) -> typer.Exit:
    from probes.cli import looks
    from probes.looks.wants import ServerWant

    want = ServerWant(
        kind=kind,
        target=target,
        tls=tls,
        name=name,
        verify=verify,
        authorities_file=authorities,
        starttls=starttls,
        options=own,
    )
    return typer.Exit(looks.look(addresses, options, want))


@look_command(
    epilog="Example: probe tls gateway:443 --name shop.example.org --from web", timeout="5s"
)
def tls(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
    *,
    name: _Name = "",
    verify: _Verify = True,
    authorities: _Authorities = "",
    starttls: Annotated[
        str,
        typer.Option(metavar="PROTOCOL", help="Ask for TLS in smtp, imap or postgres first."),
    ] = "",
) -> None:
    """Show the certificates of a server, and whether they are good for it."""
    raise _look(
        context.obj,
        options,
        "tls",
        target,
        tls=True,
        name=name,
        verify=verify,
        authorities=authorities,
        starttls=starttls,
    )


@look_command(epilog="Example: probe udp resolver:53 --send 0x0001 --from web")
def udp(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
    *,
    send: Annotated[str, typer.Option(metavar="DATA", help="Send it: text, or 0x and hex.")] = "",
    expect: Annotated[str, typer.Option(metavar="DATA", help="The answer must contain it.")] = "",
) -> None:
    """Send one datagram; a refusal is a no, silence is one where an answer is expected."""
    from probes.cli import looks
    from probes.looks.wants import UdpWant

    want = UdpWant(target=target, send=send, expect=expect)
    raise typer.Exit(looks.look(context.obj, options, want))


@look_command(epilog="Example: probe grpc api:50051 --service shop.Orders --from web")
def grpc(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
    *,
    service: Annotated[str, typer.Option(help="Ask for this service, not the server.")] = "",
    tls: _Tls = False,
    name: _Name = "",
    verify: _Verify = True,
    authorities: _Authorities = "",
) -> None:
    """Ask a gRPC server whether it serves (grpc.health.v1)."""
    raise _look(
        context.obj,
        options,
        "grpc",
        target,
        tls=tls,
        name=name,
        verify=verify,
        authorities=authorities,
        service=service,
    )


@look_command(epilog="Example: probe postgres orders-db:5432/orders --from api")
def postgres(
    context: typer.Context,
    options: LookOptions,
    target: Annotated[str, typer.Argument(metavar="HOST:PORT[/DB]", help=f"HOST: {HOST}.")],
    *,
    credentials: _Credentials = "",
    tls: _Tls = False,
    name: _Name = "",
    verify: _Verify = True,
    authorities: _Authorities = "",
) -> None:
    """Say hello to PostgreSQL; with credentials, log in. Nothing is run."""
    server, _, database = target.partition("/")
    raise _look(
        context.obj,
        options,
        "postgres",
        server,
        tls=tls,
        name=name,
        verify=verify,
        authorities=authorities,
        credentials_file=credentials,
        database=database,
    )


@look_command(epilog="Example: probe redis cache:6379 --from api")
def redis(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
    *,
    credentials: _Credentials = "",
    tls: _Tls = False,
    name: _Name = "",
    verify: _Verify = True,
    authorities: _Authorities = "",
) -> None:
    """PING a Redis server, and ask for its role."""
    raise _look(
        context.obj,
        options,
        "redis",
        target,
        tls=tls,
        name=name,
        verify=verify,
        authorities=authorities,
        credentials_file=credentials,
    )


@look_command(epilog="Example: probe nats bus:4222 --from worker")
def nats(
    context: typer.Context,
    options: LookOptions,
    target: _Target,
    *,
    credentials: _Credentials = "",
    tls: _Tls = False,
    name: _Name = "",
    verify: _Verify = True,
    authorities: _Authorities = "",
) -> None:
    """Connect to a NATS server as a client would, and PING it."""
    raise _look(
        context.obj,
        options,
        "nats",
        target,
        tls=tls,
        name=name,
        verify=verify,
        authorities=authorities,
        credentials_file=credentials,
    )
