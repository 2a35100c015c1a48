"""What does this node's agent answer? HTTP over its Unix socket, which the file system guards."""

from contextlib import closing
from http import HTTPStatus

from probes.looks.errors import CannotLookError, NoAgentError, UsageError

#: The agent itself gives other nodes' agents 5 s each, all at once.
_ANSWERS_WITHIN_SECONDS = 10
_REMEDY = "run `probe` where the agent runs (docker exec AGENT probe ...)"


def ask_agent(
    path: str,
    target: str,
    within_seconds: float = _ANSWERS_WITHIN_SECONDS,
    body: bytes | None = None,
) -> bytes:
    """GET *target* of the agent at the socket *path*, or POST *body* to it.

    NoAgentError says why there is no answer, CannotLookError what the agent could not do, and
    UsageError what it says is asked wrongly.
    """
    # Whoever asks no agent should not wait for what it takes.
    from probes.cli.unixhttp import HTTPException, UnixConnection  # noqa: PLC0415

    try:
        with closing(UnixConnection(path, within_seconds)) as connection:
            connection.request("GET" if body is None else "POST", target, body)
            response = connection.getresponse()
            answer = response.read()
    except (OSError, HTTPException) as exc:
        raise NoAgentError(f"the agent at {path} cannot be asked: {exc}; {_REMEDY}") from exc
    if response.status == HTTPStatus.OK:
        return answer
    why = answer.decode(errors="replace").strip()
    if body is not None and response.status == HTTPStatus.BAD_REQUEST:
        raise UsageError(why)
    raise CannotLookError(f"the agent at {path}: {response.status} {why}")
