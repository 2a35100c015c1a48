"""What the configuration file gives, and what is said about one that cannot be used."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from exporter.settings import Settings, TargetSettings
from probes.documents.load import DocumentError, load
from probes.documents.units import Endpoint, Listen, Url

FULL = """
listen: 192.0.2.1:9900
socket: ""
engine: tcp://192.0.2.2:2375
netns_folder: /run/docker/netns
token_file: /run/secrets/swarmscope_token
log_level: debug
topology: {resync: 1m}
probes: {interval: 5s, timeout: 250ms, slow: 50ms, response_bytes: 128KiB}
budget: {probes_per_second: 100, concurrent_probes: 32, series: 10000}
kernel: {cache: 1.5s}
targets:
  - {name: resolver, dns: {name: example.org, server: 192.0.2.53, port: 5353}, interval: 30s}
  - {name: db, tcp: "192.0.2.5:5432", timeout: 1s, slow: 20ms}
  - name: api
    http:
      url: https://192.0.2.7:8443/healthz?deep=1
      host: api.example.org
      status: [200, 204]
      body: o[kK]
      verify: false
      redirects: 2
  - {name: gw, icmp: 192.0.2.1}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "agent.yml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(path: Path) -> str:
    """Give what is said about the file, less the folder that it is in."""
    with pytest.raises(DocumentError) as caught:
        load(path, Settings)
    return str(caught.value).replace(f"{path.parent}/", "")


def test_every_key_is_read_with_its_unit(tmp_path: Path) -> None:
    """A file that says everything gives exactly the settings that it says."""
    path = written(tmp_path, FULL)

    settings = load(path, Settings)

    assert settings.listen == Listen(host="192.0.2.1", port=9900)
    assert settings.socket == ""
    assert settings.engine == "tcp://192.0.2.2:2375"
    assert settings.netns_folder == "/run/docker/netns"
    assert settings.token_file == "/run/secrets/swarmscope_token"
    assert settings.log_level == "debug"
    assert settings.topology.resync_seconds == 60
    assert settings.probes.interval_seconds == 5
    assert settings.probes.timeout_seconds == 0.25
    assert settings.probes.slow_seconds == 0.05
    assert settings.probes.response_bytes == 128 * 1024
    assert settings.budget.probes_per_second == 100
    assert settings.budget.concurrent_probes == 32
    assert settings.budget.series == 10_000
    assert settings.kernel.cache_seconds == 1.5


def test_every_kind_of_target_is_read(tmp_path: Path) -> None:
    """A target keeps its kind, what it expects, and a pace of its own."""
    resolver, db, api, gateway = load(written(tmp_path, FULL), Settings).targets

    assert resolver.dns is not None
    assert resolver.dns.name == "example.org"
    assert (resolver.dns.server, resolver.dns.port) == (IPv4Address("192.0.2.53"), 5353)
    assert (resolver.interval_seconds, resolver.timeout_seconds) == (30, None)
    assert db.tcp == Endpoint(address=IPv4Address("192.0.2.5"), port=5432)
    assert (db.timeout_seconds, db.slow_seconds) == (1, 0.02)
    assert api.http is not None
    assert api.http.url == Url(
        endpoint=Endpoint(address=IPv4Address("192.0.2.7"), port=8443),
        path="/healthz?deep=1",
        tls=True,
    )
    assert api.http.status == {200, 204}
    assert (api.http.host, api.http.body) == ("api.example.org", "o[kK]")
    assert (api.http.verify, api.http.redirects) == (False, 2)
    assert gateway.icmp == IPv4Address("192.0.2.1")


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "---\n", "probes:\n  # interval: 5s\ntargets:\n", "{}"],
)
def test_what_is_not_said_is_the_default(tmp_path: Path, text: str) -> None:
    """An empty file, and sections with every line commented out, change nothing."""
    assert load(written(tmp_path, text), Settings) == Settings()


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("auto", Listen(host="auto", port=9877)),
        ("auto:9900", Listen(host="auto", port=9900)),
        (":9900", Listen(host="", port=9900)),
        ("127.0.0.1:9900", Listen(host="127.0.0.1", port=9900)),
    ],
)
def test_the_ways_to_name_a_place_to_listen(tmp_path: Path, text: str, listen: Listen) -> None:
    """The Swarm address, one address, and every interface can be named."""
    assert load(written(tmp_path, f"listen: {text}"), Settings).listen == listen


def test_settings_cannot_be_changed() -> None:
    """A reload makes new settings; nobody changes those in use."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().log_level = "debug"


BAD = {
    "misspelt key": (
        "probes:\n  intervall: 5s\n",
        "agent.yml:2: probes.intervall: no such key; did you mean interval?",
    ),
    "unknown key": (
        "kernel: {zzz: 1}",
        "agent.yml:1: kernel.zzz: no such key; known here: cache",
    ),
    "unknown key of a target": (
        "targets:\n- name: a\n  icmp: 192.0.2.1\n  intervals: 5s\n",
        "agent.yml:4: targets[0].intervals: no such key; did you mean interval?",
    ),
    "unknown key of a target's kind": (
        "targets:\n- name: a\n  http:\n    url: http://192.0.2.1\n    zzz: 1\n",
        (
            "agent.yml:5: targets[0].http.zzz: no such key; "
            "known here: url, host, status, body, verify, redirects"
        ),
    ),
    "attribute in place of the key": (
        "probes: {interval_seconds: 5}",
        "agent.yml:1: probes.interval_seconds: no such key; did you mean interval?",
    ),
    "key twice": (
        "log_level: info\nsocket: ''\nlog_level: debug\n",
        "agent.yml:3: not YAML: the key 'log_level' stands twice",
    ),
    "key twice, deep inside": (
        "targets:\n- name: a\n  icmp: 192.0.2.1\n  name: b\n",
        "agent.yml:4: not YAML: the key 'name' stands twice",
    ),
    "not YAML": (
        "probes: {interval: 5s\nbudget: 1\n",
        "agent.yml:2: not YAML: expected ',' or '}', but got ':'",
    ),
    "a tab": (
        "probes:\n\tinterval: 5s\n",
        "agent.yml:2: not YAML: found character '\\t' that cannot start any token",
    ),
    "a control character": (
        "log_level: \x07",
        "agent.yml:1: not YAML: U+0007 is no character of a text",
    ),
    "an object of Python's": (
        "listen: !!python/object/apply:os.getcwd []",
        (
            "agent.yml:1: not YAML: could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/object/apply:os.getcwd'"
        ),
    ),
    "two documents": (
        "log_level: info\n---\nlog_level: debug\n",
        "agent.yml:2: not YAML: but found another document",
    ),
    "nested without end": (
        "[" * 100_000,
        "agent.yml: not a configuration: nested too deep",
    ),
    "a list": ("- a\n- b\n", "agent.yml:1: should be a mapping of keys to values"),
    "a text": ("hello\n", "agent.yml:1: should be a mapping of keys to values"),
    "a key that is a number": ("5: 1", "agent.yml:1: 5: is no key: keys are words"),
    "a key that is a list": ("? [a]\n: 1\n", "agent.yml:1: not YAML: found unhashable key"),
    "a section that is none": (
        "probes: fast",
        "agent.yml:1: probes: should be a mapping, not 'fast'",
    ),
    "targets that are no list": (
        "targets: {name: a}",
        "agent.yml:1: targets: should be a list, not {'name': 'a'}",
    ),
    "a target that is no mapping": (
        "targets: [gateway]",
        "agent.yml:1: targets[0]: should be a mapping, not 'gateway'",
    ),
    "duration without unit": (
        "probes: {interval: 5}",
        "agent.yml:1: probes.interval: 5 is no duration with its unit, such as 250ms, 5s or 1m",
    ),
    "duration of another unit": (
        "probes: {interval: 5sec}",
        "agent.yml:1: probes.interval: '5sec' is no duration above zero, such as 250ms, 5s or 1m",
    ),
    "duration below zero": (
        "probes: {interval: -5s}",
        "agent.yml:1: probes.interval: '-5s' is no duration above zero, such as 250ms, 5s or 1m",
    ),
    "duration out of range": (
        "topology: {resync: 2h}",
        "agent.yml:1: topology.resync: '2h' is not from 1s to 1h",
    ),
    "size without unit": (
        "probes: {response_bytes: 65536}",
        (
            "agent.yml:1: probes.response_bytes: 65536 is no size with its unit, "
            "such as 512B, 64KiB or 1MiB"
        ),
    ),
    "size of another unit": (
        "probes: {response_bytes: 64kB}",
        (
            "agent.yml:1: probes.response_bytes: '64kB' is no size with its unit, "
            "such as 512B, 64KiB or 1MiB"
        ),
    ),
    "size out of range": (
        "probes: {response_bytes: 1B}",
        "agent.yml:1: probes.response_bytes: '1B' is not from 1KiB to 16MiB",
    ),
    "timeout that reaches the interval": (
        "probes:\n  interval: 2s\n  timeout: 2s\n",
        "agent.yml:3: probes.timeout: 2s is not below interval, which is 2s",
    ),
    "default timeout above the interval": (
        "probes:\n  interval: 1s\n",
        "agent.yml:1: probes.timeout: 2s is not below interval, which is 1s",
    ),
    "number that is a text": (
        "budget: {series: many}",
        "agent.yml:1: budget.series: should be a whole number, not 'many'",
    ),
    "number that is a truth": (
        "budget: {series: yes}",
        "agent.yml:1: budget.series: should be a whole number, not True",
    ),
    "number too small": (
        "budget: {concurrent_probes: 0}",
        "agent.yml:1: budget.concurrent_probes: should be greater than or equal to 1, not 0",
    ),
    "number too large": (
        "budget: {probes_per_second: 1000000}",
        "agent.yml:1: budget.probes_per_second: should be less than or equal to 10000, not 1000000",
    ),
    "log level": (
        "log_level: verbose",
        "agent.yml:1: log_level: should be 'debug', 'info', 'warning' or 'error', not 'verbose'",
    ),
    "listen without port": (
        "listen: everywhere",
        "agent.yml:1: listen: 'everywhere' is none of auto, auto:PORT, ADDRESS:PORT or :PORT",
    ),
    "listen on a name": (
        "listen: node1:9877",
        (
            "agent.yml:1: listen: 'node1' is no IPv4 address; names are not looked up, "
            "so that a fault of DNS is not taken for a fault of the target"
        ),
    ),
    "listen on no port": (
        "listen: auto:99999",
        "agent.yml:1: listen: '99999' is no port from 1 to 65535",
    ),
    "relative socket": (
        "socket: agent.sock",
        "agent.yml:1: socket: 'agent.sock' is no absolute path, nor \"\" for none",
    ),
    "socket with too long a path": (
        f"socket: /{'a' * 107}",
        "agent.yml:1: socket: a Unix socket's path takes at most 107 bytes",
    ),
    "relative folder": (
        "netns_folder: ''",
        "agent.yml:1: netns_folder: '' is no absolute path",
    ),
    "engine": (
        "engine: /var/run/docker.sock",
        (
            "agent.yml:1: engine: '/var/run/docker.sock' is no Engine's address, "
            "such as unix:///var/run/docker.sock or tcp://ADDRESS:PORT"
        ),
    ),
    "target without name": (
        "targets:\n- icmp: 192.0.2.1\n",
        "agent.yml:2: targets[0].name: is missing",
    ),
    "target with a name that is no label": (
        "targets:\n- name: a b\n  icmp: 192.0.2.1\n",
        (
            "agent.yml:2: targets[0].name: 'a b' is no name of up to 63 letters, digits, "
            "'.', '_' and '-'"
        ),
    ),
    "target of no kind": (
        "targets:\n- name: a\n",
        "agent.yml:2: targets[0]: takes exactly one of dns, tcp, icmp, http; here: none of them",
    ),
    "target of two kinds": (
        "targets:\n- name: a\n  icmp: 192.0.2.1\n  tcp: 192.0.2.1:80\n",
        "agent.yml:2: targets[0]: takes exactly one of dns, tcp, icmp, http; here: tcp and icmp",
    ),
    "two targets of one name": (
        "targets:\n- {name: a, icmp: 192.0.2.1}\n- {name: a, icmp: 192.0.2.2}\n",
        "agent.yml:3: targets[1].name: 'a' is the name of targets[0] already",
    ),
    "target at a host name": (
        "targets:\n- {name: a, tcp: 'db.example.org:5432'}\n",
        (
            "agent.yml:2: targets[0].tcp: 'db.example.org' is no IPv4 address; names are not "
            "looked up, so that a fault of DNS is not taken for a fault of the target"
        ),
    ),
    "target at an IPv6 address": (
        "targets:\n- {name: a, icmp: '2001:db8::1'}\n",
        (
            "agent.yml:2: targets[0].icmp: '2001:db8::1' is no IPv4 address; names are not "
            "looked up, so that a fault of DNS is not taken for a fault of the target"
        ),
    ),
    "target without port": (
        "targets:\n- {name: a, tcp: 192.0.2.1}\n",
        "agent.yml:2: targets[0].tcp: '192.0.2.1' is no ADDRESS:PORT, such as 192.0.2.5:5432",
    ),
    "target's interval below the common timeout": (
        "targets:\n- name: a\n  icmp: 192.0.2.1\n  interval: 1s\n",
        (
            "agent.yml:4: targets[0].interval: its timeout of 2s is not below its interval of 1s; "
            "what it does not say itself, it takes from probes"
        ),
    ),
    "target's timeout above the common interval": (
        "targets:\n- name: a\n  icmp: 192.0.2.1\n  timeout: 10s\n",
        (
            "agent.yml:4: targets[0].timeout: its timeout of 10s is not below its interval of 10s; "
            "what it does not say itself, it takes from probes"
        ),
    ),
    "URL of another scheme": (
        "targets:\n- {name: a, http: {url: ftp://192.0.2.1/}}\n",
        (
            "agent.yml:2: targets[0].http.url: 'ftp://192.0.2.1/' is no URL of the form "
            "http[s]://ADDRESS[:PORT][/PATH][?QUERY]"
        ),
    ),
    "URL with a password": (
        "targets:\n- {name: a, http: {url: 'http://u:p@192.0.2.1/'}}\n",
        (
            "agent.yml:2: targets[0].http.url: 'http://u:p@192.0.2.1/' is no URL of the form "
            "http[s]://ADDRESS[:PORT][/PATH][?QUERY]"
        ),
    ),
    "URL with a line's end": (
        'targets:\n- {name: a, http: {url: "http://192.0.2.1/\\r\\nX: y"}}\n',
        (
            "agent.yml:2: targets[0].http.url: 'http://192.0.2.1/\\r\\nX: y' is no URL of the form "
            "http[s]://ADDRESS[:PORT][/PATH][?QUERY]"
        ),
    ),
    "URL at a host name": (
        "targets:\n- {name: a, http: {url: 'https://api.example.org/'}}\n",
        (
            "agent.yml:2: targets[0].http.url: 'api.example.org' is no IPv4 address; names are not "
            "looked up, so that a fault of DNS is not taken for a fault of the target"
        ),
    ),
    "status that is none": (
        "targets:\n- {name: a, http: {url: 'http://192.0.2.1', status: [200, 20]}}\n",
        "agent.yml:2: targets[0].http.status[1]: should be greater than or equal to 100, not 20",
    ),
    "status outside a list": (
        "targets:\n- {name: a, http: {url: 'http://192.0.2.1', status: 200}}\n",
        "agent.yml:2: targets[0].http.status: should be a list, not 200",
    ),
    "body that is no text": (
        "targets:\n- {name: a, http: {url: 'http://192.0.2.1', body: 1}}\n",
        "agent.yml:2: targets[0].http.body: should be a valid string, not 1",
    ),
    "host with a header in it": (
        'targets:\n- {name: a, http: {url: "http://192.0.2.1", host: "a\\r\\nX: y"}}\n',
        "agent.yml:2: targets[0].http.host: 'a\\r\\nX: y' is no host name",
    ),
    "truth that is a text": (
        "targets:\n- {name: a, http: {url: 'http://192.0.2.1', verify: 'no'}}\n",
        "agent.yml:2: targets[0].http.verify: should be true or false, not 'no'",
    ),
    "name that is none": (
        "targets:\n- {name: a, dns: {name: 'a..b', server: 192.0.2.1}}\n",
        "agent.yml:2: targets[0].dns.name: 'a..b' is no DNS name",
    ),
    "modules without a target": (
        "blackbox:\n  modules_file: /etc/swarmscope/blackbox.yml\n",
        (
            "agent.yml:2: blackbox.modules_file: nothing can be probed by it while allow lists no "
            "network, address or name"
        ),
    ),
    "network with host bits": (
        "blackbox:\n  allow: [10.0.0.0/8, 10.0.1.5/24]\n",
        (
            "agent.yml:2: blackbox.allow[1]: '10.0.1.5/24' is no IPv4 network (without host bits), "
            "address or name, such as 10.0.1.0/24, 192.0.2.1, api.example.org or *.example.org"
        ),
    ),
    "several problems, in the file's order": (
        "log_level: loud\nprobes: {timeout: 1}\nnode: a\n",
        (
            "agent.yml:1: log_level: should be 'debug', 'info', 'warning' or 'error', not 'loud'\n"
            "agent.yml:2: probes.timeout: 1 is no duration with its unit, such as 250ms, 5s or 1m\n"
            "agent.yml:3: node: no such key; known here: listen, socket, engine, netns_folder, "
            "token_file, network_config, service_discovery, log_level, topology, probes, budget, "
            "kernel, audit, blackbox, targets"
        ),
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_answered_exactly(tmp_path: Path, text: str, message: str) -> None:
    """Each problem is one line: file, line, key, reason, and what is allowed."""
    assert complaint(written(tmp_path, text)) == message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """What cannot be read is told with the system's reason."""
    assert complaint(tmp_path / "no.yml") == "no.yml: cannot be read: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Whoever names a folder is told so."""
    (tmp_path / "agent.yml").mkdir()

    assert complaint(tmp_path / "agent.yml") == "agent.yml: cannot be read: Is a directory"


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    """Naming a device by mistake takes no memory."""
    assert complaint(Path("/dev/zero")) == (
        "zero: larger than 1048576 bytes: this is no configuration"
    )


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A file of another encoding is told by the byte that gives it away."""
    (tmp_path / "agent.yml").write_bytes(b"listen: \xff")

    assert complaint(tmp_path / "agent.yml") == (
        "agent.yml: not UTF-8: invalid start byte at byte 8"
    )


def test_a_target_cannot_be_made_wrong_in_code_either() -> None:
    """The checks belong to the settings, not to the file."""
    with pytest.raises(ValueError, match="exactly one of"):
        TargetSettings(name="a")
