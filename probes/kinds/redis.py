"""Does a Redis server answer, to us, and in which role?

RESP, version 2 (redis.io, "Redis serialization protocol specification").
"""

from probes.conversation import Conversation, talking
from probes.credentials import read_credentials
from probes.errors import BadReplyError, DeniedError, NotReadyError
from probes.model.probe import RedisLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_SHOWN = {"redis_version": "version", "role": "role", "master_link_status": "link to master"}
_DENIED = frozenset({"WRONGPASS", "NOPERM", "DENIED"})
_NOT_READY = frozenset({"LOADING", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "TRYAGAIN"})
_LONGEST_ANSWER = 64 * 1024


async def look(look: RedisLook, net: Net, phases: Phases) -> Observation:
    """Log in where there are credentials; PING; and ask for version and role where we may."""
    credentials = read_credentials(look.credentials_file)
    async with talking(look, net, phases) as server:
        if look.tls:
            await server.secure()
        if credentials:
            user = [credentials.user] if credentials.user else []
            with phases.timed("login"):
                _expect("+OK", await _ask(server, "AUTH", *user, credentials.password), server)
        with phases.timed("answer"):
            answer = await _ask(server, "PING")
            if answer.startswith("-NOAUTH") and not credentials:
                server.tell("note", "it wants credentials, and got none")
                return server.observed
            _expect("+PONG", answer, server)
            for section in ("server", "replication"):
                _read(await _ask(server, "INFO", section), server)
    return server.observed


async def _ask(server: Conversation, *words: str) -> str:
    encoded = [word.encode() for word in words]
    parts = [b"*%d\r\n" % len(encoded), *(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded)]
    await server.send(b"".join(parts))
    line = (await server.line()).decode(errors="replace")
    if not line.startswith("$") or line == "$-1":
        return line
    length = line[1:]
    if not length.isdecimal() or int(length) > _LONGEST_ANSWER:
        raise BadReplyError(f"the answer is not Redis: {line[:60]!r}", server.observed)
    text = await server.exactly(int(length) + 2)
    return text.decode(errors="replace")


def _expect(wanted: str, answer: str, server: Conversation) -> None:
    if answer == wanted:
        return
    if not answer.startswith("-"):
        raise BadReplyError(f"the answer is not Redis: {answer[:60]!r}", server.observed)
    word = answer[1:].partition(" ")[0]
    said = f"the server says: {answer[1:200]}"
    if word in _NOT_READY:
        raise NotReadyError(said, server.observed)
    # What AUTH is answered with besides: that no password is set.
    if word in _DENIED or wanted == "+OK":
        raise DeniedError(said, server.observed)
    raise BadReplyError(said, server.observed)


def _read(info: str, server: Conversation) -> None:
    """Keep what is worth showing; a user who may not ask is told nothing."""
    for line in info.splitlines():
        key, _, value = line.partition(":")
        if key in _SHOWN:
            server.tell(_SHOWN[key], value)
