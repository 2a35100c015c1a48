"""Who are we, where a server asks? A secret's file says it, and nothing of it gets out."""

from dataclasses import dataclass, field
from pathlib import Path

from probes.documents.yamlfile import YamlError, parse
from probes.errors import CouldNotLookError

_MOST_BYTES = 4096
_KEYS = ("user", "password")
_SHAPES = "should have two lines, the user and the password, or be YAML with these two keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Never written anywhere."""

    #: "" where the server knows no users.
    user: str
    password: str = field(repr=False)


def read_credentials(file: str) -> Credentials | None:
    """Read the file; None where none is named, CouldNotLookError where it is of no use."""
    if not file:
        return None
    text = _read(file)
    if text.lstrip().startswith(tuple(f"{key}:" for key in _KEYS)):
        return _from_yaml(file, text)
    lines = text.splitlines()
    if len(lines) != 2 or not lines[1]:  # noqa: PLR2004 -- a user and a password
        raise CouldNotLookError(f"{file} {_SHAPES}")
    return Credentials(user=lines[0], password=lines[1])


def _read(file: str) -> str:
    try:
        with Path(file).open(encoding="utf-8") as opened:
            return opened.read(_MOST_BYTES)
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise CouldNotLookError(f"the credentials in {file} cannot be read: {why}") from exc


def _from_yaml(file: str, text: str) -> Credentials:
    try:
        found = parse(text).value
    except YamlError as exc:
        # Why it is none may quote what stands there, and so may the error that says so.
        raise CouldNotLookError(
            f"{file}:{exc.line}: not YAML; quote what has signs in it"
        ) from None
    if not isinstance(found, dict) or "password" not in found or not found.keys() <= {*_KEYS}:
        raise CouldNotLookError(f"{file} {_SHAPES}")
    if not all(isinstance(value, str) for value in found.values()):
        raise CouldNotLookError(f"{file}: user and password should be texts: quote them")
    return Credentials(user=found.get("user", ""), password=found["password"])
