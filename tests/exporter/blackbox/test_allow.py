"""What may be looked at, whatever a resolver says."""

from ipaddress import IPv4Address

import pytest

from exporter.blackbox.allow import AllowList, read_allowed


def permits(entries: list[str], host: str, address: str, *owned: str) -> bool:
    """Ask a list whether it lets *host* be looked at, at *address*."""
    allow = AllowList(tuple(read_allowed(entry) for entry in entries))
    return allow.permits(host, IPv4Address(address), lambda: {IPv4Address(a) for a in owned})


@pytest.mark.parametrize(
    ("entries", "host", "address"),
    [
        (["10.0.1.0/24"], "10.0.1.7", "10.0.1.7"),
        (["10.0.1.7"], "whatever.test", "10.0.1.7"),
        (["example.org"], "example.org", "1.1.1.1"),
        (["example.org"], "Example.ORG.", "1.1.1.1"),
        (["*.example.org"], "a.b.example.org", "1.1.1.1"),
        (["0.0.0.0/0"], "10.0.1.7", "10.0.1.7"),
    ],
)
def test_what_is_listed_is_allowed(entries: list[str], host: str, address: str) -> None:
    """By its address, or by its name where that leads to the Internet."""
    assert permits(entries, host, address)


@pytest.mark.parametrize(
    ("entries", "host", "address"),
    [
        ([], "1.1.1.1", "1.1.1.1"),
        (["10.0.1.0/24"], "10.0.2.7", "10.0.2.7"),
        (["*.example.org"], "example.org", "1.1.1.1"),
        (["*.example.org"], "badexample.org", "1.1.1.1"),
        (["example.org"], "example.org.evil.test", "1.1.1.1"),
        (["example.org"], "1.1.1.1", "1.1.1.1"),
    ],
)
def test_what_is_not_listed_is_not(entries: list[str], host: str, address: str) -> None:
    """Nor what only looks like it."""
    assert not permits(entries, host, address)


@pytest.mark.parametrize(
    "inner",
    [
        "10.0.1.7",
        "127.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "224.0.0.1",
    ],
)
def test_a_listed_name_leads_nowhere_inside(inner: str) -> None:
    """Whoever answers for a name cannot rebind it to what is not listed itself."""
    assert not permits(["example.org"], "example.org", inner)


def test_a_service_leads_to_what_swarm_gave_it() -> None:
    """And to no other address."""
    assert permits(["shop_api"], "shop_api", "10.0.1.20", "10.0.1.20")
    assert not permits(["shop_api"], "shop_api", "10.0.1.21", "10.0.1.20")
    assert not permits(["shop_api"], "shop_db", "10.0.1.20", "10.0.1.20")


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10.0.0", "1.2.3.4.5", "", "a b", "*", "*.", "-a", 7]
)
def test_what_is_neither_is_told(text: object) -> None:
    """A slip must not become a name that nobody has."""
    with pytest.raises(ValueError, match="is no IPv4 network"):
        read_allowed(text)
