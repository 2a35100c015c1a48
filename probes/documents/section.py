"""What is a mapping of a YAML file of ours made of?

Sections are complete, frozen, and closed to keys that they do not know.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from probes.documents import units
from probes.documents.units import within

Duration = Annotated[
    float,
    BeforeValidator(within(units.seconds, "100ms", "24h")),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"}),
]
Address = Annotated[IPv4Address, BeforeValidator(units.address)]
Port = Annotated[int, Field(ge=1, le=65535)]
Status = Annotated[int, Field(ge=100, le=599)]


class Section(BaseModel):
    """A mapping of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: Keys of another program's format that we lack, and what is said about them.
    WITHOUT: ClassVar[Mapping[str, str]] = MappingProxyType({})


def contradiction(key: tuple[str | int, ...], reason: str) -> PydanticCustomError:
    """Make the error of a key that is right by itself, but not beside the others."""
    return PydanticCustomError("contradiction", "{reason}", {"reason": reason, "key": key})
