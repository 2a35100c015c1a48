"""Does a NATS server take us as a client?

The client protocol (docs.nats.io, "NATS Protocol"): the server speaks first.
"""

import json
from typing import Any

from probes.conversation import Conversation, talking
from probes.credentials import Credentials, read_credentials
from probes.errors import BadReplyError, DeniedError, LookError, NotReadyError, TlsError
from probes.model.probe import NatsLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_SHOWN = {"version": "version", "server_name": "name", "cluster": "cluster"}


async def look(look: NatsLook, net: Net, phases: Phases) -> Observation:
    """Read INFO, go on through TLS where wanted, CONNECT and PING."""
    credentials = read_credentials(look.credentials_file)
    async with talking(look, net, phases) as server:
        with phases.timed("hello"):
            info = await _info(server)
        if look.tls and not (info.get("tls_required") or info.get("tls_available")):
            raise TlsError("the server offers no TLS")
        if look.tls or info.get("tls_required"):
            await server.secure()
        if info.get("ldm"):
            raise NotReadyError("the server is about to end, and wants its clients elsewhere")
        if info.get("auth_required") and not credentials:
            server.tell("note", "it wants credentials, and got none")
            return server.observed
        options: dict[str, Any] = {
            "verbose": False,
            "pedantic": False,
            "lang": "python",
            "version": "1",
            "name": "swarmscope",
            "protocol": 1,
        }
        if credentials:
            options |= _login(credentials)
        with phases.timed("login"):
            await server.send(b"CONNECT " + json.dumps(options).encode() + b"\r\nPING\r\n")
            await _pong(server)
    return server.observed


async def _info(server: Conversation) -> dict[str, Any]:
    line = await server.line()
    if line.startswith(b"-ERR"):
        raise _complaint(line.decode(errors="replace"), server)
    word, _, text = line.partition(b" ")
    try:
        info = json.loads(text) if word.upper() == b"INFO" else None
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise BadReplyError(f"the greeting is not NATS: {line[:60]!r}", server.observed)
    for key, name in _SHOWN.items():
        server.tell(name, str(info.get(key, "")))
    server.tell("jetstream", "yes" if info.get("jetstream") else "")
    return info


async def _pong(server: Conversation) -> None:
    """Wait for the answer to our PING; others may come first (an INFO, the server's PING)."""
    while True:
        line = (await server.line()).decode(errors="replace")
        if line == "PONG":
            return
        if line == "PING":
            await server.send(b"PONG\r\n")
        elif line.startswith("-ERR"):
            raise _complaint(line, server)
        elif not line.startswith(("INFO", "+OK")):
            raise BadReplyError(f"the answer is not NATS: {line[:60]!r}", server.observed)


def _login(credentials: Credentials) -> dict[str, str]:
    """Give a user and a password or, where there is no user, a token."""
    if not credentials.user:
        return {"auth_token": credentials.password}
    return {"user": credentials.user, "pass": credentials.password}


def _complaint(line: str, server: Conversation) -> LookError:
    """Tell a login that is wrong from a server that takes nobody (nats-server, errors.go)."""
    said = line.removeprefix("-ERR").strip(" '")
    kind: type[LookError] = BadReplyError
    if said.lower().startswith(("authorization", "authentication", "user authentication")):
        kind = DeniedError
    elif said.lower().startswith("maximum"):
        kind = NotReadyError
    return kind(f"the server says: {said[:200]}", server.observed)
