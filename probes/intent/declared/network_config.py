"""What does `network-config.yml` say: which networks are there, and who may talk to whom?"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from probes.documents.section import Port, Section, contradiction
from probes.intent.declared.words import Name, Names, OneOrMany, Subnet, listed, nearest

#: VXLAN's own headers on the underlay (RFC 7348).
VXLAN_BYTES = 50
#: The Engine leaves these of a subnet to nobody: network, broadcast, gateway.
TAKEN_BY_THE_ENGINE = 3


class DeclaredNetwork(Section):
    """One overlay network."""

    #: None: whatever the Engine chose from its pools.
    subnet: Subnet | None = None
    #: None: whatever the Engine derives from the underlay's.
    mtu: Annotated[int, Field(ge=576, le=65535)] | None = None
    encrypted: bool = False
    internal: bool = False
    attachable: bool = False
    labels: Mapping[str, str] = Field(default_factory=dict)
    #: So many addresses should always be left, for scaling and updates.
    head_room: int = Field(default=0, ge=0, le=65535)

    @model_validator(mode="after")
    def _has_room_at_all(self) -> Self:
        if self.subnet is None:
            return self
        usable = self.subnet.num_addresses - TAKEN_BY_THE_ENGINE
        if usable < 1:
            raise contradiction(("subnet",), f"{self.subnet} has no address for a task")
        if self.head_room >= usable:
            raise contradiction(
                ("head_room",),
                f"{self.head_room} addresses cannot be left of {self.subnet}, which has {usable}",
            )
        return self


class Segment(Section):
    """A part of the platform: services by name, and all services on some networks."""

    services: Names = ()
    networks: Names = ()

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if not (self.services or self.networks):
            raise contradiction((), "names neither services nor networks")
        return self


class Flow(Section):
    """Who talks to whom; no ports are all ports."""

    source: Name = Field(alias="from")
    destination: Name = Field(alias="to")
    ports: Annotated[
        tuple[Port, ...], BeforeValidator(listed), Field(strict=False), OneOrMany()
    ] = ()


class Policy(Section):
    """Which flows there may be; `never` holds whatever else is allowed."""

    #: What holds for flows that no line names. Within a segment, everything is allowed.
    default: Literal["allow", "deny"] = "allow"
    allow: Annotated[tuple[Flow, ...], Field(strict=False)] = ()
    never: Annotated[tuple[Flow, ...], Field(strict=False)] = ()


class NetworkConfig(Section):
    """The whole file."""

    version: Literal[1]
    networks: Mapping[Name, DeclaredNetwork] = Field(default_factory=dict)
    segments: Mapping[Name, Segment] = Field(default_factory=dict)
    policy: Policy = Policy()

    @model_validator(mode="after")
    def _subnets_are_apart(self) -> Self:
        given = [(name, item.subnet) for name, item in self.networks.items() if item.subnet]
        for (first, one), (second, other) in combinations(given, 2):
            if one.overlaps(other):
                raise contradiction(
                    ("networks", second, "subnet"), f"{other} overlaps {one} of {first}"
                )
        return self

    @model_validator(mode="after")
    def _segments_are_of_declared_networks(self) -> Self:
        for name, segment in self.segments.items():
            for number, network in enumerate(segment.networks):
                if network not in self.networks:
                    raise contradiction(
                        ("segments", name, "networks", number),
                        f"no network {network!r} is declared; {nearest(network, self.networks)}",
                    )
        return self

    @model_validator(mode="after")
    def _policy_is_of_declared_segments(self) -> Self:
        for where, flow in self._flows():
            for key, name in (("from", flow.source), ("to", flow.destination)):
                if name not in self.segments:
                    raise contradiction(
                        (*where, key),
                        f"no segment {name!r} is declared; {nearest(name, self.segments)}",
                    )
        return self

    @model_validator(mode="after")
    def _nothing_is_both_allowed_and_never(self) -> Self:
        never = {(flow.source, flow.destination): flow for flow in self.policy.never}
        for number, flow in enumerate(self.policy.allow):
            against = never.get((flow.source, flow.destination))
            if against and _meet(flow, against):
                raise contradiction(
                    ("policy", "allow", number),
                    f"{flow.source} to {flow.destination} is allowed here, and never under never",
                )
        return self

    def _flows(self) -> Iterator[tuple[tuple[str | int, ...], Flow]]:
        for key, flows in (("allow", self.policy.allow), ("never", self.policy.never)):
            for number, flow in enumerate(flows):
                yield ("policy", key, number), flow


def _meet(one: Flow, other: Flow) -> bool:
    """Tell whether both speak of the same port; no ports are all."""
    return not one.ports or not other.ports or bool({*one.ports} & {*other.ports})
