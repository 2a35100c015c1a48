"""Who are we, where a server asks? A secret's file says it: user and password, a line each."""

from dataclasses import dataclass, field
from pathlib import Path

from probes.errors import CouldNotLookError

_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Never written anywhere."""

    user: str
    password: str = field(repr=False)


def read_credentials(file: str) -> Credentials | None:
    """Read the file; None where none is named, CouldNotLookError where it is of no use."""
    if not file:
        return None
    try:
        with Path(file).open(encoding="utf-8") as opened:
            lines = opened.read(_MOST_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise CouldNotLookError(f"the credentials in {file} cannot be read: {why}") from exc
    if len(lines) != 2:  # noqa: PLR2004 -- a user and a password
        raise CouldNotLookError(f"{file} should have two lines, the user and the password")
    return Credentials(user=lines[0], password=lines[1])
