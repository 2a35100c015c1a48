"""What would a Swarm be with some stacks' files deployed, and where is each thing written?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from probes.documents.load import read
from probes.documents.yamlfile import Document
from probes.model.topology import Attachment, Network, Port, Service, Topology
from probes.network.stackfile import StackFile, StackNetwork, StackService

_DEFAULT = "default"
#: Networks that every node has of its own: to share one is to share nothing.
_OF_THE_NODE = frozenset({"bridge", "host", "none"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One stack's file, under the name that it is deployed by."""

    name: str
    file: str
    content: StackFile
    document: Document

    def service_name(self, key: str) -> str:
        """Name a service as Swarm does."""
        return f"{self.name}_{key}"

    def network_name(self, key: str) -> str:
        """Name a network as Swarm does."""
        network = self.content.networks.get(key) or StackNetwork()
        return network.name or (key if network.external else f"{self.name}_{key}")

    def makes(self, key: str) -> bool:
        """Tell whether a network is its own."""
        network = self.content.networks.get(key)
        return network is None or not network.external

    def place(self, *location: str | int) -> Place:
        """Find where a key is, or the innermost thing around it."""
        return Place(self.file, self.document.line(location))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A service as its file has it."""

    stack: Stack
    key: str
    content: StackService


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What some files make together; ids are names, since nothing exists yet."""

    stacks: tuple[Stack, ...]
    topology: Topology
    #: By the service's name.
    written: Mapping[str, Written]
    #: Names of networks that the files make themselves.
    made: frozenset[str]

    def service(self, name: str) -> Service:
        """Find a service that is written."""
        return next(item for item in self.topology.services if item.name == name)

    def networks_of(self, service: str) -> set[str]:
        """Name the networks that a service joins."""
        return {item.network_id for item in self.service(service).attachments}

    def place(self, service: str, *location: str | int) -> Place:
        """Find where something of a service is written."""
        written = self.written[service]
        return written.stack.place("services", written.key, *location)

    def joins(self, service: str, network: str) -> Place:
        """Find where a service joins a network."""
        stack, key = self.written[service].stack, self.written[service].key
        for number, name in enumerate(self.written[service].content.networks):
            if stack.network_name(name) == network:
                listed = isinstance(stack.document.at(("services", key, "networks")), list)
                return stack.place("services", key, "networks", number if listed else name)
        return stack.place("services", key)

    def makes(self, network: str) -> Place:
        """Find where a network is made, else where one is named, else who joins it."""
        named = [
            (stack.makes(key), stack.place("networks", key))
            for stack in self.stacks
            for key in stack.content.networks
            if stack.network_name(key) == network
        ]
        if named:
            return max(named, key=lambda item: item[0])[1]
        return self.joins(
            next(name for name in self.written if network in self.networks_of(name)), network
        )


def read_stack(name: str, path: Path) -> Stack:
    """Read one stack's file, or raise DocumentError with each problem on its line."""
    content, document = read(path, StackFile)
    return Stack(name=name, file=str(path), content=content, document=document)


def planned(stacks: Iterable[Stack]) -> Planned:
    """Join stacks to the Swarm that they would make."""
    stacks = tuple(stacks)
    written = {
        stack.service_name(key): Written(stack=stack, key=key, content=service)
        for stack in stacks
        for key, service in stack.content.services.items()
    }
    # What one file makes is external to others: whoever makes it knows it better.
    foreign = {item.name: item for stack in stacks for item in _networks(stack, own=False)}
    own = {item.name: item for stack in stacks for item in _networks(stack, own=True)}
    topology = Topology(
        networks=tuple({**foreign, **own}.values()),
        services=tuple(_service(item) for item in written.values()),
    )
    return Planned(stacks=stacks, topology=topology, written=written, made=frozenset(own))


def _networks(stack: Stack, *, own: bool) -> Iterator[Network]:
    alone = any(not service.networks for service in stack.content.services.values())
    for key in {**({_DEFAULT: None} if alone else {}), **stack.content.networks}:
        if stack.makes(key) is not own or stack.network_name(key) in _OF_THE_NODE:
            continue
        network = stack.content.networks.get(key) or StackNetwork()
        yield Network(
            id=stack.network_name(key),
            name=stack.network_name(key),
            driver=network.driver,
            subnets=tuple(_subnets(network)),
            internal=network.internal,
            attachable=network.attachable,
            encrypted="encrypted" in network.driver_opts,
            options=tuple(network.driver_opts.items()),
        )


def _subnets(network: StackNetwork) -> Iterator[IPv4Network]:
    """List the IPv4 subnets that a network is made with."""
    for pool in network.ipam.config:
        try:
            yield IPv4Network(pool.subnet, strict=False)
        except ValueError:
            continue  # IPv6's, or none: Docker says so itself


def _service(written: Written) -> Service:
    stack, key, content = written.stack, written.key, written.content
    joined = content.networks or {_DEFAULT: None}
    replicated = content.deploy.mode.startswith("replicated")
    return Service(
        id=stack.service_name(key),
        name=stack.service_name(key),
        mode=content.deploy.mode,
        replicas=content.deploy.replicas if replicated else None,
        endpoint_mode=content.deploy.endpoint_mode,
        ports=tuple(
            Port(
                protocol=port.protocol,
                target=port.target,
                published=port.published,
                mode=port.mode,
            )
            for port in content.ports
        ),
        attachments=tuple(
            Attachment(
                network_id=stack.network_name(name),
                # A stack's services answer to their keys, too (docker/cli, compose/convert).
                aliases=(key, *(network.aliases if network else ())),
            )
            for name, network in joined.items()
            if stack.network_name(name) not in _OF_THE_NODE
        ),
        labels=(*content.deploy.labels.items(), ("com.docker.stack.namespace", stack.name)),
        image=content.image,
    )
