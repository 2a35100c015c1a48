"""Which function looks how? One file per protocol, and the one table of them all."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from probes.kinds import dns, http, icmp, mtu, policy, tcp
from probes.model.probe import DnsLook, HttpLook, IcmpLook, Look, MtuLook, PolicyLook, TcpLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

#: Each takes its own type of look, tries once, and raises LookError when that fails.
LookFunction = Callable[[Any, Net, Phases], Awaitable[Observation]]

LOOKS: Mapping[type[Look], LookFunction] = MappingProxyType(
    {
        DnsLook: dns.look,
        TcpLook: tcp.look,
        IcmpLook: icmp.look,
        HttpLook: http.look,
        MtuLook: mtu.look,
        PolicyLook: policy.look,
    },
)
