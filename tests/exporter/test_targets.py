"""Static targets become probes from the host."""

from ipaddress import IPv4Address

from exporter.settings import Settings
from exporter.targets import configured_probes, standalone_probes
from probes.documents.units import Endpoint
from probes.model.probe import (
    DnsLook,
    HttpLook,
    IcmpLook,
    Kind,
    Look,
    Probe,
    ProbeId,
    Target,
    TcpLook,
)
from probes.model.vantage import HOST

SETTINGS = Settings.model_validate(
    {
        "probes": {"interval": "20s", "timeout": "3s", "slow": "1s"},
        "targets": [
            {"name": "resolver", "dns": {"name": "example.org", "server": "192.0.2.53"}},
            {
                "name": "db",
                "tcp": "192.0.2.5:5432",
                "interval": "30s",
                "timeout": "1s",
                "slow": "20ms",
            },
            {
                "name": "api",
                "http": {
                    "url": "https://192.0.2.7:8443/healthz",
                    "host": "api.example.org",
                    "status": [200],
                    "body": "ok",
                    "verify": False,
                    "redirects": 1,
                },
            },
            {"name": "gw", "icmp": "192.0.2.1"},
        ],
    },
)


def probe_id(kind: Kind, name: str, endpoint: str) -> ProbeId:
    return ProbeId(
        probe=kind,
        target=Target.STATIC,
        network="host",
        source_service="swarmscope",
        source_node="node1",
        destination_service=name,
        endpoint=endpoint,
    )


def test_each_kind_of_target_becomes_its_look() -> None:
    """What the configuration says of a target is what is looked at."""
    looks: list[Look] = [probe.look for probe in configured_probes(SETTINGS, "node1")]

    assert looks == [
        DnsLook(name="example.org", server=IPv4Address("192.0.2.53")),
        TcpLook(address=IPv4Address("192.0.2.5"), port=5432),
        HttpLook(
            address=IPv4Address("192.0.2.7"),
            port=8443,
            path="/healthz",
            tls=True,
            host="api.example.org",
            statuses=frozenset({200}),
            body="ok",
            verify=False,
            redirects=1,
        ),
        IcmpLook(address=IPv4Address("192.0.2.1")),
    ]


def test_a_target_is_labelled_by_its_name_and_what_is_asked_there() -> None:
    """No address is in a label: the name stays when the target moves."""
    ids = [probe.id for probe in configured_probes(SETTINGS, "node1")]

    assert ids == [
        probe_id(Kind.DNS, "resolver", "example.org"),
        probe_id(Kind.TCP, "db", "5432"),
        probe_id(Kind.HTTP, "api", "8443/healthz"),
        probe_id(Kind.ICMP, "gw", ""),
    ]


def test_a_target_keeps_its_own_pace_or_takes_the_common_one() -> None:
    """Targets are looked at from the host, and a failure of theirs always counts."""
    probes = configured_probes(SETTINGS, "node1")

    assert [
        (item.interval_seconds, item.timeout_seconds, item.slow_seconds) for item in probes
    ] == [
        (20, 3, 1),
        (30, 1, 0.02),
        (20, 3, 1),
        (20, 3, 1),
    ]
    assert {(item.vantage, item.assumed) for item in probes} == {(HOST, False)}


def test_an_agent_alone_looks_at_itself_and_at_the_resolver() -> None:
    """A resolver that denies "localhost" is no fault, so that probe is only assumed."""
    own = Endpoint(address=IPv4Address("127.0.0.1"), port=9877)

    probes = standalone_probes(Settings(), "node1", own, IPv4Address("192.0.2.53"))

    assert probes == (
        Probe(
            id=probe_id(Kind.HTTP, "agent", "9877/-/healthy"),
            look=HttpLook(address=IPv4Address("127.0.0.1"), port=9877, path="/-/healthy"),
            vantage=HOST,
            interval_seconds=10,
            timeout_seconds=2,
            slow_seconds=0.5,
        ),
        Probe(
            id=probe_id(Kind.DNS, "resolver", "localhost"),
            look=DnsLook(name="localhost", server=IPv4Address("192.0.2.53")),
            vantage=HOST,
            interval_seconds=10,
            timeout_seconds=2,
            slow_seconds=0.5,
            assumed=True,
        ),
    )


def test_without_a_resolver_an_agent_alone_looks_at_itself() -> None:
    """A machine without DNS is not asked for any."""
    own = Endpoint(address=IPv4Address("127.0.0.1"), port=9877)

    (probe,) = standalone_probes(Settings(), "node1", own, None)

    assert probe.id.destination_service == "agent"
