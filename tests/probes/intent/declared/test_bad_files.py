"""What is said about a declaration that cannot be used? File, line, key, and what is allowed."""

from pathlib import Path

import pytest

from probes.documents.load import DocumentError, load
from probes.documents.section import Section
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import ServiceDiscovery

NETWORKS = {
    "nothing": ("", "1: version: is missing"),
    "no version": ("networks: {}", "1: version: is missing"),
    "another version": ("version: 2", "1: version: should be 1, not 2"),
    "misspelt key": (
        "version: 1\nnetwork: {}\n",
        "2: network: no such key; did you mean networks?",
    ),
    "misspelt key of a network": (
        "version: 1\nnetworks:\n  app:\n    subnets: 10.0.0.0/24\n",
        "4: networks.app.subnets: no such key; did you mean subnet?",
    ),
    "name that Swarm does not take": (
        "version: 1\nnetworks:\n  'my app': {}\n",
        "3: networks.my app: 'my app' is no name of letters, digits, '.', '_' and '-'",
    ),
    "subnet that is an address": (
        "version: 1\nnetworks:\n  app: {subnet: 10.0.0.1}\n",
        "3: networks.app.subnet: '10.0.0.1' is no subnet such as 10.20.0.0/24",
    ),
    "subnet with host bits": (
        "version: 1\nnetworks:\n  app: {subnet: 10.0.0.1/24}\n",
        (
            "3: networks.app.subnet: '10.0.0.1/24' is no subnet such as 10.20.0.0/24: "
            "10.0.0.1/24 has host bits set"
        ),
    ),
    "subnet without room": (
        "version: 1\nnetworks:\n  app: {subnet: 10.0.0.0/31}\n",
        "3: networks.app.subnet: 10.0.0.0/31 has no address for a task",
    ),
    "more head-room than addresses": (
        "version: 1\nnetworks:\n  app:\n    subnet: 10.0.0.0/29\n    head_room: 5\n",
        "5: networks.app.head_room: 5 addresses cannot be left of 10.0.0.0/29, which has 5",
    ),
    "subnets that overlap": (
        "version: 1\nnetworks:\n  a: {subnet: 10.0.0.0/16}\n  b: {subnet: 10.0.9.0/24}\n",
        "4: networks.b.subnet: 10.0.9.0/24 overlaps 10.0.0.0/16 of a",
    ),
    "mtu that carries nothing": (
        "version: 1\nnetworks:\n  app: {mtu: 100}\n",
        "3: networks.app.mtu: should be greater than or equal to 576, not 100",
    ),
    "encrypted by a word": (
        "version: 1\nnetworks:\n  app: {encrypted: maybe}\n",
        "3: networks.app.encrypted: should be true or false, not 'maybe'",
    ),
    "labels that are no mapping": (
        "version: 1\nnetworks:\n  app: {labels: [a]}\n",
        "3: networks.app.labels: should be a mapping, not ['a']",
    ),
    "segment of nothing": (
        "version: 1\nsegments:\n  door: {}\n",
        "3: segments.door: names neither services nor networks",
    ),
    "segment of an unknown network": (
        "version: 1\nnetworks: {app: {}}\nsegments:\n  logic: {networks: [ap]}\n",
        "4: segments.logic.networks[0]: no network 'ap' is declared; did you mean app?",
    ),
    "flow from nowhere": (
        (
            "version: 1\nsegments: {door: {services: a}}\npolicy:\n  allow:\n"
            "  - {from: dor, to: door}\n"
        ),
        "5: policy.allow[0].from: no segment 'dor' is declared; did you mean door?",
    ),
    "flow without an end": (
        "version: 1\nsegments: {door: {services: a}}\npolicy: {never: [{from: door}]}\n",
        "3: policy.never[0].to: is missing",
    ),
    "port beyond the last": (
        (
            "version: 1\nsegments: {a: {services: a}}\npolicy:\n  allow:\n"
            "  - {from: a, to: a, ports: 70000}\n"
        ),
        "5: policy.allow[0].ports[0]: should be less than or equal to 65535, not 70000",
    ),
    "default that is none": (
        "version: 1\npolicy: {default: maybe}\n",
        "2: policy.default: should be 'allow' or 'deny', not 'maybe'",
    ),
    "allowed and never": (
        (
            "version: 1\nsegments: {a: {services: a}, b: {services: b}}\npolicy:\n"
            "  allow: [{from: a, to: b, ports: 80}]\n  never: [{from: a, to: b}]\n"
        ),
        "4: policy.allow[0]: a to b is allowed here, and never under never",
    ),
}

SERVICES = {
    "key twice": (
        "version: 1\nservices:\n  a: {}\n  a: {}\n",
        "4: not YAML: the key 'a' stands twice",
    ),
    "a list of services": (
        "version: 1\nservices: [a]\n",
        "2: services: should be a mapping, not ['a']",
    ),
    "protocol that nobody speaks": (
        "version: 1\nservices:\n  a:\n    ports: [{port: 80, protocol: htpp}]\n",
        (
            "4: services.a.ports[0].protocol: should be 'tcp', 'http', 'https', 'grpc', "
            "'postgres', 'redis' or 'nats', not 'htpp'"
        ),
    ),
    "health without a port": (
        "version: 1\nservices:\n  a: {health: {path: /up}}\n",
        "3: services.a.health.port: is missing",
    ),
    "path without a slash": (
        "version: 1\nservices:\n  a: {health: {port: 80, path: up}}\n",
        "3: services.a.health.path: 'up' is no path that begins with a slash",
    ),
    "status that is none": (
        "version: 1\nservices:\n  a: {health: {port: 80, status: [20]}}\n",
        "3: services.a.health.status[0]: should be greater than or equal to 100, not 20",
    ),
    "objective of a hundred": (
        "version: 1\nservices:\n  a: {slo: {success: 100%}}\n",
        "3: services.a.slo.success: '100%' is no percentage above 0% and below 100%, such as 99.9%",
    ),
    "latency without a share": (
        "version: 1\nservices:\n  a: {slo: {latency: 1s}}\n",
        "3: services.a.slo: latency and within go together: within is missing",
    ),
    "endpoint mode that is none": (
        "version: 1\nservices:\n  a: {endpoint_mode: dns}\n",
        "3: services.a.endpoint_mode: should be 'vip' or 'dnsrr', not 'dns'",
    ),
    "name of two": (
        "version: 1\nservices:\n  a: {aliases: x}\n  b: {aliases: x}\n",
        "4: services.b.aliases[0]: 'x' is a name of a already",
    ),
    "gateway of no kind": (
        "version: 1\ngateway: {kind: haproxy, service: a, entry_points: {web: {port: 80}}}\n",
        "2: gateway.kind: should be 'traefik', 'caddy' or 'nginx', not 'haproxy'",
    ),
    "gateway without a door": (
        "version: 1\ngateway: {kind: caddy, service: a, entry_points: {}}\n",
        "2: gateway.entry_points: names no entry point",
    ),
    "route to nobody": (
        (
            "version: 1\nservices: {api: {}}\ngateway:\n  kind: caddy\n  service: gw\n"
            "  entry_points: {web: {port: 80}}\n  routes:\n"
            "  - {host: a.example, service: app, port: 80}\n"
        ),
        "8: gateway.routes[0].service: no service 'app' is declared; did you mean api?",
    ),
    "route to a port that nobody listens on": (
        (
            "version: 1\nservices: {api: {ports: 8080}}\ngateway:\n  kind: caddy\n  service: gw\n"
            "  entry_points: {web: {port: 80}}\n  routes:\n"
            "  - {host: a.example, service: api, port: 80}\n"
        ),
        "8: gateway.routes[0].port: api listens on 8080, not on 80",
    ),
    "route through no entry point": (
        (
            "version: 1\nservices: {api: {}}\ngateway:\n  kind: caddy\n  service: gw\n"
            "  entry_points: {web: {port: 80}}\n  routes:\n"
            "  - {host: a.example, service: api, port: 80, via: wed}\n"
        ),
        "8: gateway.routes[0].via: no entry point 'wed'; did you mean web?",
    ),
    "TLS where none is spoken": (
        (
            "version: 1\nservices: {api: {}}\ngateway:\n  kind: caddy\n  service: gw\n"
            "  entry_points: {web: {port: 80}}\n  routes:\n"
            "  - {host: a.example, service: api, port: 80, tls: {}}\n"
        ),
        "8: gateway.routes[0].tls: its entry point does not speak TLS",
    ),
    "external address without a port": (
        "version: 1\nexternal:\n  db: {kind: postgres, address: db.example}\n",
        "3: external.db.address: 'db.example' is no HOST:PORT, such as db.example.org:5432",
    ),
    "external port that is none": (
        "version: 1\nexternal:\n  db: {kind: postgres, address: 'db.example:99999'}\n",
        "3: external.db.address: '99999' is no port from 1 to 65535",
    ),
    "credentials nobody asks for": (
        (
            "version: 1\nexternal:\n  a:\n    kind: tcp\n    address: a.example:1\n"
            "    credentials: /run/secrets/a\n"
        ),
        "6: external.a.credentials: tcp takes none; postgres, redis and nats do",
    ),
    "credentials by a relative path": (
        "version: 1\nexternal:\n  a: {kind: redis, address: 'a.example:1', credentials: a}\n",
        "3: external.a.credentials: 'a' is no absolute path, nor \"\" for none",
    ),
    "resolver without a name to ask for": (
        "version: 1\nexternal:\n  a: {kind: dns, address: 'ns.example:53'}\n",
        "3: external.a.name: a dns server is asked for one",
    ),
    "needed by nobody that is declared": (
        (
            "version: 1\nservices: {api: {}}\nexternal:\n"
            "  db: {kind: tcp, address: 'a.example:1', must_reach: aip}\n"
        ),
        "4: external.db.must_reach[0]: no service 'aip' is declared; did you mean api?",
    ),
    "must and may": (
        (
            "version: 1\nservices: {api: {}}\nexternal:\n"
            "  db: {kind: tcp, address: 'a.example:1', must_reach: api, may_reach: api}\n"
        ),
        "4: external.db.may_reach: api stands under must_reach already",
    ),
}


@pytest.mark.parametrize(
    ("shape", "text", "said"),
    [
        *(pytest.param(NetworkConfig, *case, id=name) for name, case in NETWORKS.items()),
        *(pytest.param(ServiceDiscovery, *case, id=name) for name, case in SERVICES.items()),
    ],
)
def test_a_bad_file_is_told_where_and_why(
    tmp_path: Path, shape: type[Section], text: str, said: str
) -> None:
    """Exactly one line, with the line of the file and the key."""
    path = tmp_path / "declared.yml"
    path.write_text(text)

    with pytest.raises(DocumentError) as caught:
        load(path, shape)

    assert str(caught.value).removeprefix(f"{path}:") == said
