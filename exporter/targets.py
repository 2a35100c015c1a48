"""Which static targets are looked at from the host?

Those that the configuration lists; and where there is neither a Swarm nor any of these, the agent's
own web server and the machine's resolver, so that a first start shows something true.
"""

from ipaddress import IPv4Address

from exporter.settings import HttpTarget, Settings, TargetSettings
from probes.documents.units import Endpoint
from probes.model.probe import (
    KIND_OF,
    DnsLook,
    HttpLook,
    IcmpLook,
    Look,
    Probe,
    ProbeId,
    Target,
    TcpLook,
    endpoint_of,
)
from probes.model.vantage import HOST

SOURCE_SERVICE = "swarmscope"
NETWORK = "host"

#: A resolver answers this name itself and asks nobody (RFC 6761, section 6.3): no internet needed.
_NAME_THAT_NEEDS_NOBODY = "localhost"


def configured_probes(settings: Settings, node: str) -> tuple[Probe, ...]:
    """Make a probe of each configured target, from the host of *node*."""
    return tuple(_configured(target, settings, node) for target in settings.targets)


def standalone_probes(
    settings: Settings,
    node: str,
    own: Endpoint,
    resolver: IPv4Address | None,
) -> tuple[Probe, ...]:
    """Make the probes of an agent that has nothing else to look at.

    *own* is where its web server listens. Some resolvers say that "localhost" does not exist, and
    are none the worse for it: that probe is an assumption, which counts once it has been answered.
    """
    health = HttpLook(address=own.address, port=own.port, path="/-/healthy")
    probes = [_probe("agent", health, settings, node)]
    if resolver is not None:
        question = DnsLook(name=_NAME_THAT_NEEDS_NOBODY, server=resolver)
        probes.append(_probe("resolver", question, settings, node, assumed=True))
    return tuple(probes)


def _configured(target: TargetSettings, settings: Settings, node: str) -> Probe:
    return _probe(
        target.name,
        _look(target),
        settings,
        node,
        interval_seconds=target.interval_seconds,
        timeout_seconds=target.timeout_seconds,
        slow_seconds=target.slow_seconds,
    )


def _look(target: TargetSettings) -> Look:
    if target.dns is not None:
        dns = target.dns
        return DnsLook(name=dns.name, server=dns.server, port=dns.port)
    if target.tcp is not None:
        return TcpLook(address=target.tcp.address, port=target.tcp.port)
    if target.http is not None:
        return _http_look(target.http)
    if target.icmp is not None:
        return IcmpLook(address=target.icmp)
    raise AssertionError(f"the settings let {target.name} through without a kind")


def _http_look(http: HttpTarget) -> HttpLook:
    return HttpLook(
        address=http.url.endpoint.address,
        port=http.url.endpoint.port,
        path=http.url.path,
        tls=http.url.tls,
        host=http.host,
        statuses=http.status,
        body=http.body,
        verify=http.verify,
        redirects=http.redirects,
    )


def _probe(
    name: str,
    look: Look,
    settings: Settings,
    node: str,
    *,
    interval_seconds: float | None = None,
    timeout_seconds: float | None = None,
    slow_seconds: float | None = None,
    assumed: bool = False,
) -> Probe:
    return Probe(
        id=ProbeId(
            probe=KIND_OF[type(look)],
            target=Target.STATIC,
            network=NETWORK,
            source_service=SOURCE_SERVICE,
            source_node=node,
            destination_service=name,
            endpoint=endpoint_of(look),
        ),
        look=look,
        vantage=HOST,
        interval_seconds=interval_seconds or settings.probes.interval_seconds,
        timeout_seconds=timeout_seconds or settings.probes.timeout_seconds,
        slow_seconds=slow_seconds or settings.probes.slow_seconds,
        assumed=assumed,
    )
