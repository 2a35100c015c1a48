"""Does a NATS server take us as a client?

The client protocol (docs.nats.io, "NATS Protocol"): the server speaks first.
"""

import json
from typing import Any

from probes.conversation import Conversation, talking
from probes.credentials import read_credentials
from probes.errors import BadReplyError, DeniedError
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
        if look.tls or info.get("tls_required"):
            await server.secure()
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
            options |= {"user": credentials.user, "pass": credentials.password}
        with phases.timed("login"):
            await server.send(b"CONNECT " + json.dumps(options).encode() + b"\r\nPING\r\n")
            await _pong(server)
    return server.observed


async def _info(server: Conversation) -> dict[str, Any]:
    line = await server.line()
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
            said = line.removeprefix("-ERR").strip(" '")
            kind = DeniedError if said.startswith("Authorization") else BadReplyError
            raise kind(f"the server says: {said[:200]}", server.observed)
        elif not line.startswith(("INFO", "+OK")):
            raise BadReplyError(f"the answer is not NATS: {line[:60]!r}", server.observed)
