"""What can be wanted of a look, as it was typed? Plain data, which can be sent to another node."""

from probes.looks.wants.servers import ServerWant
from probes.looks.wants.simple import DnsWant, HttpWant, IcmpWant, TcpWant, UdpWant
from probes.looks.wants.take import Take
from probes.looks.wants.ways import RouteWant, SweepWant, TraceWant

__all__ = [
    "DnsWant",
    "HttpWant",
    "IcmpWant",
    "RouteWant",
    "ServerWant",
    "SweepWant",
    "Take",
    "TcpWant",
    "TraceWant",
    "UdpWant",
    "Want",
]

Want = (
    DnsWant
    | TcpWant
    | IcmpWant
    | HttpWant
    | UdpWant
    | ServerWant
    | SweepWant
    | RouteWant
    | TraceWant
)
