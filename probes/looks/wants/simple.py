"""What can be wanted of an address, a name or a port?"""

from dataclasses import dataclass

from probes.looks.names import Place
from probes.looks.targets import parse_bytes, parse_host, parse_host_port, parse_server, parse_url
from probes.looks.wants.take import Take
from probes.model.probe import HttpLook, IcmpLook, Look, TcpLook, UdpLook


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsWant:
    """A name's addresses."""

    name: str
    #: ADDRESS[:PORT] of a resolver; "" for the one that programs there ask.
    server: str = ""

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, asked = parse_host(self.name), parse_server(self.server) if self.server else None
        return lambda looker: looker.at_name(host, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpWant:
    """A connection to HOST:PORT."""

    target: str

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, port = parse_host_port(self.target)

        def make(place: Place) -> Look:
            return TcpLook(address=place.address, port=port)

        return lambda looker: looker.at_host(host, make, str(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpWant:
    """An echo."""

    target: str

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host = parse_host(self.target)

        def make(place: Place) -> Look:
            return IcmpLook(address=place.address)

        return lambda looker: looker.at_host(host, make, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpWant:
    """An answer to a GET."""

    target: str
    statuses: frozenset[int] = frozenset()
    body: str = ""
    verify: bool = True
    redirects: int = 0

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        url = parse_url(self.target)

        def make(place: Place) -> Look:
            return HttpLook(
                address=place.address,
                port=url.port,
                path=url.path,
                tls=url.tls,
                host=url.header,
                statuses=self.statuses,
                body=self.body,
                verify=self.verify,
                redirects=self.redirects,
            )

        return lambda looker: looker.at_host(url.host, make, f"{url.port}{url.path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpWant:
    """An answer to a datagram, or at least no refusal."""

    target: str
    #: Text, or hexadecimal digits after "0x".
    send: str = ""
    expect: str = ""

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host, port = parse_host_port(self.target)
        payload, expect = parse_bytes(self.send).hex(), parse_bytes(self.expect).hex()

        def make(place: Place) -> Look:
            return UdpLook(address=place.address, port=port, payload=payload, expect=expect)

        return lambda looker: looker.at_host(host, make, str(port))
