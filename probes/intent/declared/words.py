"""How are names, networks and shares written in declarations?"""

import difflib
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from probes.documents import units

#: As Swarm allows names of services and networks (moby api/types/swarm: letters, digits, -, _, .).
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
#: A name as DNS carries it, with a wildcard at most in front.
_HOST = r"(\*\.)?(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?)+"


def subnet(value: object) -> IPv4Network:
    """Read "10.20.0.0/24"."""
    allowed = "subnet such as 10.20.0.0/24"
    if not isinstance(value, str) or "/" not in value:
        raise ValueError(f"{value!r} is no {allowed}")
    try:
        return IPv4Network(value)
    except ValueError as exc:
        raise ValueError(f"{value!r} is no {allowed}: {exc}") from None


def share(value: object) -> float:
    """Read "99.9%" as 0.999."""
    text = value.removesuffix("%") if isinstance(value, str) and value.endswith("%") else ""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 100:  # noqa: PLR2004 -- per cent
        raise ValueError(f"{value!r} is no percentage above 0% and below 100%, such as 99.9%")
    return number / 100


def listed(value: object) -> object:
    """Take one value for a list of one, as people write it."""
    return [value] if isinstance(value, str | int) and not isinstance(value, bool) else value


class OneOrMany:
    """Marks a list of which one item may be written alone, for editors."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Allow the item beside the list."""
        many = handler(core)
        return {"anyOf": [many, many["items"]]}


class NumberOrMapping:
    """Marks a mapping that a mere number may stand for, for editors."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Allow the number beside the mapping."""
        return {"anyOf": [handler(core), {"type": "integer", "minimum": 1, "maximum": 65535}]}


def nearest(name: str, known: Iterable[str]) -> str:
    """Say what may have been meant, or what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(names)}" if names else "there are none"


Name = Annotated[
    str, BeforeValidator(units.matching(_NAME, "name of letters, digits, '.', '_' and '-'"))
]
HostName = Annotated[str, BeforeValidator(units.matching(_HOST, "host name"))]
Subnet = Annotated[
    IPv4Network,
    BeforeValidator(subnet),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+/[0-9]+$"}),
]
Share = Annotated[
    float,
    BeforeValidator(share),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$"}),
]
Path = Annotated[str, BeforeValidator(units.matching(r"/[!-~]*", "path that begins with a slash"))]
Names = Annotated[tuple[Name, ...], BeforeValidator(listed), Field(strict=False), OneOrMany()]
