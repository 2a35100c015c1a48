from ipaddress import IPv4Address

import pytest

from probes.looks.errors import UsageError
from probes.looks.targets import Url, parse_host_port, parse_server, parse_url


def test_what_can_be_looked_at() -> None:
    """Names as Swarm and DNS have them, addresses, and defaults where there are any."""
    assert parse_host_port("shop_orders-db.2:5432") == ("shop_orders-db.2", 5432)
    assert parse_server("192.0.2.53") == (IPv4Address("192.0.2.53"), 53)
    assert parse_server("192.0.2.53:5353") == (IPv4Address("192.0.2.53"), 5353)
    assert parse_url("http://api") == Url(host="api", port=80, path="/", tls=False, header="api")
    assert parse_url("https://api:8443/a/b?c=d#e") == Url(
        host="api",
        port=8443,
        path="/a/b?c=d",
        tls=True,
        header="api:8443",
    )


def test_an_address_is_no_virtual_host() -> None:
    """The address itself is sent then, as without a name."""
    assert parse_url("http://192.0.2.7:8080/").header == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("api", "'api' has no port: write HOST:PORT, such as api:8080"),
        ("api:", "'' is no port from 1 to 65535"),
        ("api:http", "'http' is no port from 1 to 65535"),
        ("api:65536", "'65536' is no port from 1 to 65535"),
        (":80", "'' is no name and no IPv4 address"),
        ("[::1]:80", "'[::1]' is no name and no IPv4 address"),
        ("a b:80", "'a b' is no name and no IPv4 address"),
        ("-api:80", "'-api' is no name and no IPv4 address"),
    ],
)
def test_what_is_no_host_and_port_is_told(text: str, message: str) -> None:
    """In one line that names it."""
    with pytest.raises(UsageError) as caught:
        parse_host_port(text)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "api:80/healthz",
        "ftp://api/",
        "http:///",
        "http://me@api/",
        "http://api:x/",
        "http://[::1]/",
    ],
)
def test_what_is_no_url_is_told(text: str) -> None:
    """In one line that names it, or its host."""
    with pytest.raises(UsageError, match=r"is no (URL|name)|such as http"):
        parse_url(text)


@pytest.mark.parametrize("text", ["dns.example.org", "192.0.2.53:x", "::1"])
def test_what_is_no_server_is_told(text: str) -> None:
    """Who is to be asked for names cannot go by a name."""
    with pytest.raises(UsageError):
        parse_server(text)
