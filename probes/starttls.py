"""How is a server asked to go on in TLS?"""

from probes.conversation import Conversation
from probes.errors import BadReplyError, TlsError
from probes.model.probe import StartTls

#: PostgreSQL's SSLRequest: its length, and a code where others have the protocol's version
#: (postgresql.org/docs, "Message Formats").
_SSL_REQUEST = (8).to_bytes(4) + (80_877_103).to_bytes(4)
#: Of what is another protocol, so much is quoted.
_QUOTED_BYTES = 60


async def ask(protocol: StartTls, server: Conversation) -> None:
    """Ask in plain text; TlsError when the server will not, BadReplyError for another protocol."""
    match protocol:
        case StartTls.SMTP:
            await _smtp(server)
        case StartTls.IMAP:
            await _imap(server)
        case StartTls.POSTGRES:
            await postgres(server)


async def postgres(server: Conversation) -> None:
    """Send an SSLRequest."""
    await server.send(_SSL_REQUEST)
    answer = await server.exactly(1)
    if answer == b"N":
        raise TlsError("the server offers no TLS")
    if answer != b"S":
        raise BadReplyError(f"the answer is not PostgreSQL's: it begins with {answer!r}")


async def _smtp(server: Conversation) -> None:
    """RFC 3207."""
    await _smtp_reply(server, b"220")
    await server.send(b"EHLO swarmscope.invalid\r\n")
    offers = await _smtp_reply(server, b"250")
    if not any(offer.upper().startswith(b"STARTTLS") for offer in offers):
        raise TlsError("the server offers no STARTTLS")
    await server.send(b"STARTTLS\r\n")
    await _smtp_reply(server, b"220")


async def _smtp_reply(server: Conversation, code: bytes) -> list[bytes]:
    """Read one reply, which may have several lines (RFC 5321, section 4.2)."""
    lines = []
    while True:
        line = await server.line()
        if not line.startswith(code):
            raise BadReplyError(f"not SMTP's {code.decode()}, but {line[:_QUOTED_BYTES]!r}")
        lines.append(line[4:])
        if line[3:4] != b"-":
            return lines


async def _imap(server: Conversation) -> None:
    """RFC 9051, section 6.2.1."""
    greeting = await server.line()
    if not greeting.upper().startswith(b"* OK"):
        raise BadReplyError(f"not IMAP's greeting, but {greeting[:_QUOTED_BYTES]!r}")
    await server.send(b"a STARTTLS\r\n")
    while (line := await server.line()).startswith(b"* "):
        pass
    if not line.upper().startswith(b"A OK"):
        raise TlsError(f"the server offers no STARTTLS: {line[:_QUOTED_BYTES]!r}")
