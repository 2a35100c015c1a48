"""What does a YAML file of a known shape say?

`load` either returns a section that cannot be wrong, or one DocumentError that tells every problem,
a line each: file, line, key, reason, and what is allowed.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from probes.documents.section import Section
from probes.documents.yamlfile import Document, YamlError, parse

#: Far above any configuration: whoever names /dev/zero gets an answer.
_MOST_BYTES = 1024 * 1024

_Location = Sequence[int | str]
_Shape = TypeVar("_Shape", bound=Section)

#: pydantic's error types whose own words are about Python, not about YAML.
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "bool_type": "should be true or false",
        "dict_type": "should be a mapping",
        "frozen_set_type": "should be a list",
        "int_type": "should be a whole number",
        "invalid_key": "is no key: keys are words",
        "missing": "is missing",
        "model_type": "should be a mapping",
        "tuple_type": "should be a list",
    },
)
#: Error types where the value that was found explains nothing.
_SPEAKS_FOR_ITSELF = frozenset({"contradiction", "invalid_key", "missing", "value_error"})


class DocumentError(Exception):
    """The file cannot be used; the message has one line per problem."""


def load(path: Path, shape: type[_Shape]) -> _Shape:
    """Read the file, or raise DocumentError; an empty one says nothing, which may be enough."""
    return read(path, shape)[0]


def read(path: Path, shape: type[_Shape]) -> tuple[_Shape, Document]:
    """Read the file, and give what is on which of its lines, too."""
    try:
        document = parse(_read(path))
    except YamlError as exc:
        where = f"{path}:{exc.line}" if exc.line else str(path)
        raise DocumentError(f"{where}: {exc}") from exc
    try:
        value = {} if document.value is None else document.value
        return shape.model_validate(value), document
    except ValidationError as exc:
        problems = [_problem(error, document, shape) for error in exc.errors(include_url=False)]
    lines = [f"{path}:{line}: {text}" for line, text in sorted(problems)]
    raise DocumentError("\n".join(lines))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise DocumentError(f"{path}: cannot be read: {exc.strerror}") from exc
    if len(content) > _MOST_BYTES:
        raise DocumentError(f"{path}: larger than {_MOST_BYTES} bytes: this is no configuration")
    try:
        return content.decode()
    except UnicodeDecodeError as exc:
        raise DocumentError(f"{path}: not UTF-8: {exc.reason} at byte {exc.start}") from exc


def _problem(error: ErrorDetails, document: Document, shape: type[BaseModel]) -> tuple[int, str]:
    """Give the line of a problem, and its key and reason."""
    location = (*error["loc"], *error.get("ctx", {}).get("key", ()))
    if location[-1:] == ("[key]",):  # pydantic's word for the key itself, not what is under it
        location = location[:-1]
    if error["type"] == "invalid_key":
        location = (*location[:-1], str(location[-1]))
    key = _dotted(location)
    return document.line(location), f"{key}: {_reason(error, shape)}" if key else _reason(
        error, shape
    )


def _reason(error: ErrorDetails, shape: type[BaseModel]) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown(error["loc"], shape)
    if kind == "value_error":
        return str(error["ctx"]["error"])
    reason = _REASONS.get(kind, error["msg"].removeprefix("Input "))
    return reason if kind in _SPEAKS_FOR_ITSELF else f"{reason}, not {error['input']!r}"


def _unknown(location: _Location, shape: type[BaseModel]) -> str:
    section = _section_at(location[:-1], shape)
    if location[-1] in section.WITHOUT:
        return section.WITHOUT[str(location[-1])]
    known = [field.alias or name for name, field in section.model_fields.items()]
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"no such key; {hint}"


def _section_at(location: _Location, shape: type[BaseModel]) -> type[Section]:
    at: Any = shape
    for step in location:
        at = _inside(at, step)
    return _section(at)


def _inside(annotation: Any, step: int | str) -> Any:  # noqa: ANN401 -- typing has no type of annotations
    """Find what stands under a key, or at a place of a list."""
    container = _plain(annotation)
    origin, arguments = get_origin(container), get_args(container)
    if isinstance(step, int):
        return arguments[0]
    if origin is not None and issubclass(origin, Mapping):
        return arguments[1]
    fields = _section(container).model_fields
    return next(field.annotation for name, field in fields.items() if (field.alias or name) == step)


def _plain(annotation: Any) -> Any:  # noqa: ANN401
    """Take "X | None" and Annotated[X, ...] for X."""
    origin = get_origin(annotation)
    if origin is Annotated or origin in {Union, UnionType}:
        return _plain(get_args(annotation)[0])
    return annotation


def _section(annotation: Any) -> type[Section]:  # noqa: ANN401
    section: type[Section] = _plain(annotation)
    return section


def _dotted(location: _Location) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".")
