"""What does the configuration file say?

`load` either returns settings that cannot be wrong, or one ConfigError that tells every problem, a
line each: file, line, key, reason, and what is allowed.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exporter.settings import Settings
from exporter.yamlfile import Document, YamlError, parse

#: Far above any configuration: whoever names /dev/zero gets an answer.
_MOST_BYTES = 1024 * 1024

_Location = Sequence[int | str]
_Model = TypeVar("_Model", bound=BaseModel)

#: pydantic's error types whose own words are about Python, not about YAML.
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "bool_type": "should be true or false",
        "frozen_set_type": "should be a list",
        "int_type": "should be a whole number",
        "invalid_key": "is no key: keys are words",
        "dict_type": "should be a mapping",
        "mapping_type": "should be a mapping",
        "missing": "is missing",
        "model_type": "should be a mapping",
        "tuple_type": "should be a list",
    },
)
#: Error types where the value that was found explains nothing.
_SPEAKS_FOR_ITSELF = frozenset({"contradiction", "invalid_key", "missing", "value_error"})


class ConfigError(Exception):
    """The configuration cannot be used; the message has one line per problem."""


def load(path: Path) -> Settings:
    """Read the configuration file, or raise ConfigError."""
    return read(path, Settings)[0]


def read(path: Path, model: type[_Model]) -> tuple[_Model, Document]:
    """Read a YAML file into *model*, and give the text's lines too; or raise ConfigError."""
    try:
        document = parse(_read(path))
    except YamlError as exc:
        where = f"{path}:{exc.line}" if exc.line else str(path)
        raise ConfigError(f"{where}: {exc}") from exc
    try:
        value = {} if document.value is None else document.value
        return model.model_validate(value), document
    except ValidationError as exc:
        problems = [_problem(error, document, model) for error in exc.errors(include_url=False)]
    lines = [f"{path}:{line}: {text}" for line, text in sorted(problems)]
    raise ConfigError("\n".join(lines))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror}") from exc
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{path}: larger than {_MOST_BYTES} bytes: this is no configuration")
    try:
        return content.decode()
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: not UTF-8: {exc.reason} at byte {exc.start}") from exc


def _problem(error: ErrorDetails, document: Document, model: type[BaseModel]) -> tuple[int, str]:
    """Give the line of a problem, and its key and reason."""
    location = (*error["loc"], *error.get("ctx", {}).get("key", ()))
    if error["type"] == "invalid_key":
        location = (*location[:-1], str(location[-1]))
    key = _dotted(location)
    return document.line(location), f"{key}: {_reason(error, model)}" if key else _reason(
        error, model
    )


def _reason(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown(error["loc"], model)
    if kind == "value_error":
        return str(error["ctx"]["error"])
    reason = _REASONS.get(kind, error["msg"].removeprefix("Input "))
    return reason if kind in _SPEAKS_FOR_ITSELF else f"{reason}, not {error['input']!r}"


def _unknown(location: _Location, model: type[BaseModel]) -> str:
    section = _section(location[:-1], model)
    without: Mapping[str, str] = getattr(section, "WITHOUT", {})
    if location[-1] in without:
        return without[str(location[-1])]
    known = [field.alias or name for name, field in section.model_fields.items()]
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"no such key; {hint}"


def _section(location: _Location, model: type[BaseModel]) -> type[BaseModel]:
    """Find the section at *location*, in lists and in mappings from names to sections, too."""
    found: Any = model
    for step in location:
        if isinstance(step, str) and isinstance(found, type) and issubclass(found, BaseModel):
            fields = {field.alias or name: field for name, field in found.model_fields.items()}
            found = _bare(fields[step].annotation)
        else:
            found = _bare(get_args(found)[-1 if isinstance(step, str) else 0])
    section: type[BaseModel] = found
    return section


def _bare(annotation: Any) -> Any:  # noqa: ANN401 -- typing has no type of annotations
    """Take "Model | None" for "Model"."""
    arguments = get_args(annotation)
    return _bare(arguments[0]) if type(None) in arguments else annotation


def _dotted(location: _Location) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".")
