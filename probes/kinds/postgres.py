"""Does a PostgreSQL server let us in, as far as a session that runs nothing?

The frontend/backend protocol, version 3 (PostgreSQL documentation, chapters "Message Flow" and
"Message Formats").
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType

from probes import starttls
from probes.conversation import Conversation, talking
from probes.credentials import Credentials, read_credentials
from probes.errors import BadReplyError, DeniedError, NotReadyError
from probes.kinds.scram import Scram, md5_response
from probes.model.probe import PostgresLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

_PROTOCOL = 196608
_LONGEST_MESSAGE = 64 * 1024
_NOBODY = "swarmscope"
_OK, _CLEARTEXT, _MD5, _SASL, _SASL_GOES_ON, _SASL_ENDS = 0, 3, 5, 10, 11, 12
_METHODS: Mapping[int, str] = MappingProxyType(
    {_CLEARTEXT: "password", _MD5: "md5", _SASL: "scram-sha-256", 7: "gss", 9: "sspi"}
)
#: Classes of SQLSTATE (appendix "PostgreSQL Error Codes").
_AUTHORIZATION, _OPERATOR, _RESOURCES = "28", "57P", "53"


async def look(look: PostgresLook, net: Net, phases: Phases) -> Observation:
    """Say hello; with credentials, log in and wait until the server is ready for a query."""
    credentials = read_credentials(look.credentials_file)
    async with talking(look, net, phases) as server:
        if look.tls:
            await starttls.postgres(server)
            await server.secure()
        with phases.timed("login"):
            await server.send(_startup(look, credentials.user if credentials else _NOBODY))
            await _Login(server, credentials).run()
        return server.observed


def _startup(look: PostgresLook, user: str) -> bytes:
    words = ["user", user, "database", look.database or user, "application_name", "swarmscope"]
    body = b"".join(word.encode() + b"\0" for word in words) + b"\0"
    return struct.pack("!II", len(body) + 8, _PROTOCOL) + body


class _Login:
    """From the startup message to the server's being ready, or to what stops us."""

    def __init__(self, server: Conversation, credentials: Credentials | None) -> None:
        self._server = server
        self._credentials = credentials
        self._scram: Scram | None = None

    async def run(self) -> None:
        """Answer what is asked until there is a session, or nothing more that we can answer."""
        while True:
            kind, body = await self._message()
            match kind:
                case b"R":
                    if not await self._authenticate(body):
                        return
                case b"S":
                    name, value, *_ = body.decode(errors="replace").split("\0")
                    if name == "server_version":
                        self._server.tell("version", value)
                case b"E":
                    if not self._is_only_asking(body):
                        self._raise(body)
                    return
                case b"Z":
                    await self._send(b"X", b"")
                    return
                case b"K" | b"N":
                    pass
                case _:
                    raise BadReplyError(
                        f"the answer is not PostgreSQL: a message of type {kind!r}",
                        self._server.observed,
                    )

    async def _message(self) -> tuple[bytes, bytes]:
        kind = await self._server.exactly(1)
        (length,) = struct.unpack("!I", await self._server.exactly(4))
        if not 4 <= length <= _LONGEST_MESSAGE or not kind.isalpha():  # noqa: PLR2004 -- its own length
            raise BadReplyError("the answer is not PostgreSQL", self._server.observed)
        return kind, await self._server.exactly(length - 4)

    async def _send(self, kind: bytes, body: bytes) -> None:
        await self._server.send(kind + struct.pack("!I", len(body) + 4) + body)

    async def _authenticate(self, body: bytes) -> bool:
        """Answer one request; False where we have no answer, which is no fault of the server's."""
        (method,) = struct.unpack("!I", body[:4].rjust(4, b"\0"))
        if method == _OK:
            return True
        if method in _METHODS:
            self._server.tell("authentication", _METHODS[method])
        if self._credentials is None:
            self._server.tell("note", "it wants credentials, and got none")
            return False
        user, password = self._credentials.user, self._credentials.password
        match method:
            case 3:
                await self._send(b"p", password.encode() + b"\0")
            case 5:
                await self._send(b"p", md5_response(user, password, body[4:8]))
            case 10 if b"SCRAM-SHA-256\0" in body[4:]:
                self._scram = Scram(password)
                first = self._scram.first()
                named = b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first
                await self._send(b"p", named)
            case 11 if self._scram:
                await self._send(b"p", self._answer(self._scram, body[4:]))
            case 12 if self._scram:
                if not self._scram.is_from_the_server(body[4:]):
                    raise DeniedError("the server does not know the password", self._observed)
            case _:
                raise BadReplyError(
                    f"the server wants a way of logging in that we do not know ({method})",
                    self._observed,
                )
        return True

    def _answer(self, scram: Scram, challenge: bytes) -> bytes:
        try:
            return scram.answer(challenge)
        except ValueError as exc:
            why = f"the server's challenge makes no sense: {exc}"
            raise BadReplyError(why, self._observed) from exc

    @property
    def _observed(self) -> Observation:
        return self._server.observed

    def _is_only_asking(self, body: bytes) -> bool:
        """Tell whether a server refuses only because we did not say who we are."""
        if self._credentials is None and _fields(body).get("C", "").startswith(_AUTHORIZATION):
            self._server.tell("note", "it wants credentials, and got none")
            return True
        return False

    def _raise(self, body: bytes) -> None:
        fields = _fields(body)
        state, message = fields.get("C", ""), fields.get("M", "an error without words")
        kind: type[BadReplyError | DeniedError | NotReadyError] = BadReplyError
        if state.startswith(_AUTHORIZATION) or state == "3D000":
            kind = DeniedError
        elif state.startswith((_OPERATOR, _RESOURCES)):
            kind = NotReadyError
        raise kind(f"the server says: {message} (SQLSTATE {state})"[:300], self._observed)


def _fields(body: bytes) -> dict[str, str]:
    """Read an ErrorResponse: fields of one letter and a text each."""
    texts = (item.decode(errors="replace") for item in body.split(b"\0") if item)
    return {text[0]: text[1:] for text in texts}
