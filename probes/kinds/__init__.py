"""Which function looks how? One file per protocol, and the one table of them all."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from probes.kinds import dns, grpc, http, icmp, mtu, nats, policy, postgres, redis, tcp, tls, udp
from probes.model.probe import (
    DnsLook,
    GrpcLook,
    HttpLook,
    IcmpLook,
    Look,
    MtuLook,
    NatsLook,
    PolicyLook,
    PostgresLook,
    RedisLook,
    TcpLook,
    TlsLook,
    UdpLook,
)
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
        UdpLook: udp.look,
        TlsLook: tls.look,
        GrpcLook: grpc.look,
        PostgresLook: postgres.look,
        RedisLook: redis.look,
        NatsLook: nats.look,
    },
)
