"""What a file of modules gives, and what is said about one that cannot be used."""

import ssl
from pathlib import Path

import pytest
import yaml

from exporter.blackbox.modules import load_modules
from exporter.blackbox.shown import shown
from probes.documents.load import DocumentError
from tests.exporter.blackbox.targets import Certificates


def complaint(folder: Path, text: str) -> str:
    """Give what is said about a file, less the folder that it is in."""
    path = folder / "blackbox.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_modules(path)
    return str(caught.value).replace(f"{folder}/", "")


def http(line: str) -> str:
    """Write a module of the http prober with one line of options, the fifth of the file."""
    return f"modules:\n  a:\n    prober: http\n    http:\n      {line}\n"


def tcp(line: str) -> str:
    return f"modules:\n  a:\n    prober: tcp\n    tcp:\n      {line}\n"


def dns(line: str) -> str:
    return f"modules:\n  a:\n    prober: dns\n    dns:\n      query_name: a\n      {line}\n"


AT = "blackbox.yml:5: modules.a.http"

BAD = {
    "no modules": ("{}", "blackbox.yml:1: modules: is missing"),
    "a module that says nothing": (
        "modules:\n  a:\n",
        "blackbox.yml:2: modules.a: should be a mapping, not None",
    ),
    "no prober": (
        "modules:\n  a: {timeout: 5s}\n",
        "blackbox.yml:2: modules.a.prober: is missing",
    ),
    "an unknown prober": (
        "modules:\n  a: {prober: htp}\n",
        (
            "blackbox.yml:2: modules.a.prober: should be 'http', 'tcp', 'dns', 'icmp' or 'grpc', "
            "not 'htp'"
        ),
    ),
    "a prober that we lack": (
        "modules:\n  a: {prober: unix}\n",
        "blackbox.yml:2: modules.a.prober: blackbox_exporter's prober 'unix' is not supported",
    ),
    "options of another prober": (
        "modules:\n  a:\n    prober: icmp\n    http: {method: POST}\n",
        "blackbox.yml:4: modules.a.http: would be ignored: the prober is icmp",
    ),
    "a timeout without its unit": (
        "modules:\n  a: {prober: icmp, timeout: 5}\n",
        "blackbox.yml:2: modules.a.timeout: 5 is no duration, such as 5s or 1m30s",
    ),
    "a misspelt key": (
        http("valid_status_code: [200]"),
        f"{AT}.valid_status_code: no such key; did you mean valid_status_codes?",
    ),
    "a proxy": (
        http("proxy_url: http://192.0.2.1:3128"),
        (
            f"{AT}.proxy_url: is not supported: what a proxy connects to could not be held against "
            "`blackbox.allow`"
        ),
    ),
    "oauth2": (
        http("oauth2: {client_id: a}"),
        f"{AT}.oauth2: is not supported: use authorization, or basic_auth",
    ),
    "http/3": (http("enable_http3: true"), f"{AT}.enable_http3: HTTP/3 is not supported"),
    "cel": (
        http("fail_if_body_json_matches_cel: body.a"),
        (
            f"{AT}.fail_if_body_json_matches_cel: is not supported: search the body with "
            "fail_if_body_matches_regexp"
        ),
    ),
    "a compression that we lack": (
        http("compression: br"),
        f"{AT}.compression: should be 'gzip', 'deflate' or 'identity', not 'br'",
    ),
    "ipv6": (
        http("preferred_ip_protocol: ip6"),
        (
            f"{AT}.preferred_ip_protocol: ip6 is not supported: looks are taken over IPv4, which "
            "Swarm's networks are"
        ),
    ),
    "an expression that is none": (
        http('fail_if_body_matches_regexp: ["fine", "[a"]'),
        (
            f"{AT}.fail_if_body_matches_regexp[1]: '[a' is no regular expression of RE2: "
            "missing ]: [a"
        ),
    ),
    "an expression that Go lacks": (
        http('fail_if_body_matches_regexp: ["(?=a)"]'),
        (
            f"{AT}.fail_if_body_matches_regexp[0]: '(?=a)' is no regular expression of RE2: "
            "invalid perl operator: (?="
        ),
    ),
    "one expression outside a list": (
        http("fail_if_body_matches_regexp: fine"),
        f"{AT}.fail_if_body_matches_regexp: should be a list, not 'fine'",
    ),
    "a header's name without an expression": (
        http("fail_if_header_matches: [{header: X}]"),
        f"{AT}.fail_if_header_matches[0].regexp: is missing",
    ),
    "a truth that is a text": (
        http('fail_if_ssl: "yes"'),
        f"{AT}.fail_if_ssl: should be true or false, not 'yes'",
    ),
    "old tls": (
        http("tls_config: {min_version: TLS10}"),
        (
            f"{AT}.tls_config.min_version: 'TLS10' is neither TLS12 nor TLS13; older TLS is not "
            "spoken here"
        ),
    ),
    "a certificate in the file": (
        http("tls_config: {ca: PEM}"),
        f"{AT}.tls_config.ca: is not supported: name a file",
    ),
    "a certificate without its key": (
        http("tls_config: {cert_file: /a.pem}"),
        f"{AT}.tls_config: cert_file and key_file go together",
    ),
    "an authority that is not there": (
        http("tls_config: {ca_file: /nowhere/a.pem}"),
        (f"{AT}.tls_config.ca_file: /nowhere/a.pem cannot be read: No such file or directory"),
    ),
    "a relative path": (
        http("tls_config: {ca_file: a.pem}"),
        f"{AT}.tls_config.ca_file: 'a.pem' is no absolute path",
    ),
    "a password that is not there": (
        http("basic_auth: {username: a, password_file: /nowhere/p}"),
        f"{AT}.basic_auth.password_file: /nowhere/p cannot be read: No such file or directory",
    ),
    "two ways to say who we are": (
        http("{basic_auth: {username: a}, authorization: {credentials: b}}"),
        f"{AT}.authorization: goes not with basic_auth",
    ),
    "a header that is ours": (
        http("headers: {Content-Length: 5}"),
        f"{AT}.headers.Content-Length: is not supported: the request says it itself",
    ),
    "a header with a line's end": (
        http('headers: {X-A: "a\\r\\nX-B: b"}'),
        f"{AT}.headers.X-A: is no header that can be sent",
    ),
    "a size without its unit": (
        http("body_size_limit: 5"),
        f"{AT}.body_size_limit: 5 is no size, such as 64KB or 1MiB",
    ),
    "no source address": (
        tcp("source_ip_address: localhost"),
        (
            "blackbox.yml:5: modules.a.tcp.source_ip_address: 'localhost' is no IPv4 address; "
            "names are not looked up, so that a fault of DNS is not taken for a fault of the target"
        ),
    ),
    "labels of nothing": (
        tcp('query_response: [{labels: [{name: a, value: "${1}"}]}]'),
        (
            "blackbox.yml:5: modules.a.tcp.query_response[0].labels: takes its values from expect, "
            "which is missing"
        ),
    ),
    "no query": (
        "modules:\n  a: {prober: dns}\n",
        "blackbox.yml:2: modules.a.prober: dns needs dns.query_name",
    ),
    "a type that is none": (
        dns("query_type: AAA"),
        (
            "blackbox.yml:6: modules.a.dns.query_type: 'AAA' is no type of DNS records, such as A "
            "or SOA"
        ),
    ),
    "a code that is none": (
        dns("valid_rcodes: [OK]"),
        (
            "blackbox.yml:6: modules.a.dns.valid_rcodes[0]: 'OK' is no DNS code, such as NOERROR "
            "or NXDOMAIN"
        ),
    ),
    "tls over udp": (
        dns("dns_over_tls: true"),
        "blackbox.yml:6: modules.a.dns.dns_over_tls: needs transport_protocol: tcp",
    ),
    "an echo that no packet holds": (
        "modules:\n  a: {prober: icmp, icmp: {payload_size: 65508}}\n",
        (
            "blackbox.yml:2: modules.a.icmp.payload_size: should be less than or equal to 65507, "
            "not 65508"
        ),
    ),
    "an unknown option of grpc": (
        "modules:\n  a: {prober: grpc, grpc: {deadline: 5s}}\n",
        (
            "blackbox.yml:2: modules.a.grpc.deadline: no such key; known here: "
            "preferred_ip_protocol, ip_protocol_fallback, service, metadata, tls, tls_config"
        ),
    ),
    "several problems, in the file's order": (
        "modules:\n  a: {prober: http, http: {no_proxy: a}}\n  b: {prober: websocket}\n",
        (
            "blackbox.yml:2: modules.a.http.no_proxy: is not supported: what a proxy connects to "
            "could not be held against `blackbox.allow`\n"
            "blackbox.yml:3: modules.b.prober: blackbox_exporter's prober 'websocket' is not "
            "supported"
        ),
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_answered_exactly(tmp_path: Path, text: str, message: str) -> None:
    """Each problem is one line: file, line, key, reason; nothing is ignored."""
    assert complaint(tmp_path, text) == message


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    """The file is named by its key."""
    (tmp_path / "ca.pem").write_text("nothing")

    said = complaint(tmp_path, http(f"tls_config: {{ca_file: {tmp_path}/ca.pem}}"))

    assert said.startswith("blackbox.yml:5: modules.a.http.tls_config: ca_file cannot be used: ")


def test_debians_own_example_can_be_used() -> None:
    """Every module that the package comes with is one of ours."""
    path = Path("/etc/prometheus/blackbox.yml")
    if not path.exists():
        pytest.skip("needs the configuration of Debian's prometheus-blackbox-exporter")

    modules = load_modules(path)

    assert set(modules) == set(yaml.safe_load(path.read_text())["modules"])


def test_what_files_hold_is_read_with_the_module(
    tmp_path: Path, certificates: Certificates
) -> None:
    """Passwords, headers, bodies and certificates of our own."""
    key, password = tmp_path / "key.pem", tmp_path / "password"
    certificates.good.private_key_and_cert_chain_pem.write_to_path(str(key))
    password.write_text("secret\n")
    (tmp_path / "blackbox.yml").write_text(
        http(
            f"{{basic_auth: {{username: me, password_file: {password}}}, "
            f"http_headers: {{X-Key: {{values: [a], secrets: [b], files: [{password}]}}}}, "
            f"body_file: {password}, compression: gzip, "
            f"tls_config: {{cert_file: {key}, key_file: {key}, min_version: TLS13}}}}",
        ),
    )

    module = load_modules(tmp_path / "blackbox.yml")["a"]

    assert module.authorization == "Basic bWU6c2VjcmV0"
    assert module.body == b"secret\n"
    assert module.headers == (
        ("X-Key", "a"),
        ("X-Key", "b"),
        ("X-Key", "secret"),
        ("Accept-Encoding", "gzip"),
    )
    assert module.tls is not None
    assert module.tls.minimum_version is ssl.TLSVersion.TLSv1_3


def test_secrets_are_not_shown() -> None:
    """Whatever is, or is called as if it were, one."""
    module = {
        "prober": "http",
        "http": {
            "basic_auth": {"username": "me", "password": "s3cret"},
            "authorization": {"credentials": "s3cret", "credentials_file": "/run/secrets/c"},
            "headers": {"Authorization": "s3cret", "X-Api-Key": "s3cret", "X-Place": "here"},
            "http_headers": {"Cookie": {"values": ["s3cret"]}, "X-A": {"secrets": ["s3cret"]}},
        },
        "grpc": {"metadata": {"token": ["s3cret"], "place": ["there"]}},
    }

    text = shown(module)

    assert "s3cret" not in text
    assert yaml.safe_load(text)["http"]["basic_auth"] == {"username": "me", "password": "<secret>"}
    assert yaml.safe_load(text)["http"]["headers"]["X-Place"] == "here"
    assert yaml.safe_load(text)["grpc"]["metadata"]["place"] == ["there"]
    assert "/run/secrets/c" in text
