"""What does a stack's file say of networks and services, as `docker stack deploy` would read it?

Only the keys that the network depends on are read; all others are Docker's own matter.
"""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from probes.documents.section import Section

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:?[-?])([^}]*))?\}|(\w+))")
#: [ADDRESS:][PUBLISHED:]TARGET[/PROTOCOL], both a port or a range (the Compose specification).
_PORT = re.compile(r"(?:(?:.*:)?(\d+)(?:-(\d+))?:)?(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?")


class _Open(Section):
    """A mapping of which we know some keys; Docker's YAML takes "2" for 2."""

    model_config = ConfigDict(extra="ignore", strict=False)


class Published(_Open):
    """One port that a service publishes."""

    target: int
    #: None: the Engine chooses.
    published: int | None = None
    protocol: str = "tcp"
    mode: str = "ingress"


class Joined(_Open):
    """A network that a service joins."""

    aliases: tuple[str, ...] = ()


class UpdateConfig(_Open):
    """How a service's tasks are replaced."""

    #: 0 is all at once.
    parallelism: int = 1
    order: str = "stop-first"


def _pairs(value: object) -> object:
    """Take a list of KEY=VALUE for a mapping; YAML's numbers and booleans for their text."""
    if isinstance(value, list):
        value = dict(str(item).partition("=")[::2] for item in value)
    return {key: _text(item) for key, item in value.items()} if isinstance(value, dict) else value


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


class Deploy(_Open):
    """How a service is deployed."""

    mode: str = "replicated"
    replicas: int = 1
    endpoint_mode: Literal["vip", "dnsrr"] = "vip"
    labels: Annotated[Mapping[str, str], BeforeValidator(_pairs)] = Field(default_factory=dict)
    update_config: UpdateConfig = UpdateConfig()


def _ports(value: object) -> object:
    return [one for item in value for one in _port(item)] if isinstance(value, list) else value


def _port(value: object) -> list[object]:
    """Make of a short form its long one; a range is many ports."""
    if isinstance(value, dict):
        return [value]
    match = _PORT.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{value!r} is no port such as 80, 8080:80 or 8080:80/udp")
    first, last, target, target_last, protocol = match.groups()
    targets = range(int(target), int(target_last or target) + 1)
    published = range(int(first), int(last or first) + 1) if first else None
    if published is not None and len(published) != len(targets):
        raise ValueError(f"{value!r} publishes {len(published)} ports of {len(targets)}")
    return [
        {
            "target": port,
            "published": published[number] if published else None,
            "protocol": protocol or "tcp",
        }
        for number, port in enumerate(targets)
    ]


def _named(value: object) -> object:
    """Take a list of names for a mapping to nothing."""
    return {str(item): None for item in value} if isinstance(value, list) else value


class StackService(_Open):
    """One service, without the stack's name."""

    image: str = ""
    networks: Annotated[Mapping[str, Joined | None], BeforeValidator(_named)] = Field(
        default_factory=dict
    )
    ports: Annotated[tuple[Published, ...], BeforeValidator(_ports)] = ()
    deploy: Deploy = Deploy()


class AddressPool(_Open):
    """One pool of a network's addresses."""

    subnet: str = ""


class Addressing(_Open):
    """How a network's addresses are given."""

    config: tuple[AddressPool, ...] = ()


class StackNetwork(_Open):
    """One network, by the stack's own key."""

    #: "" is the stack's name and the key.
    name: str = ""
    driver: str = "overlay"
    driver_opts: Annotated[Mapping[str, str], BeforeValidator(_pairs)] = Field(default_factory=dict)
    external: bool = False
    internal: bool = False
    attachable: bool = False
    ipam: Addressing = Addressing()

    @model_validator(mode="before")
    @classmethod
    def _older_external(cls, value: Any) -> Any:  # noqa: ANN401 -- whatever YAML gave
        """Take `external: {name: NAME}`, of versions before 3.5, for two keys."""
        external = value.get("external") if isinstance(value, dict) else None
        if isinstance(external, dict):
            return {**value, "external": True, "name": external.get("name", "")}
        return value


class StackFile(_Open):
    """The whole file."""

    services: Mapping[str, StackService]
    networks: Mapping[str, StackNetwork | None] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _with_variables(cls, value: Any) -> Any:  # noqa: ANN401
        """Put the environment's variables in, as `docker stack deploy` does."""
        return _interpolated(value, os.environ)


def _interpolated(value: Any, environment: Mapping[str, str]) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _interpolated(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_interpolated(item, environment) for item in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: _variable(match, environment), value)


def _variable(match: re.Match[str], environment: Mapping[str, str]) -> str:
    dollar, braced, operator, other, bare = match.groups()
    if dollar:
        return "$"
    given = environment.get(braced or bare)
    unset = given is None or (not given and (operator or "").startswith(":"))
    if unset and operator and operator.endswith("?"):
        raise ValueError(f"the variable {braced} is not set: {other}".removesuffix(": "))
    return (other or "") if unset else given or ""
