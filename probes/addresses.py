"""Which IPv4 address does a text name?"""

from ipaddress import AddressValueError, IPv4Address


def parse_address(text: str) -> IPv4Address | None:
    """Read an IPv4 address; None for anything else."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def first_nameserver(resolv_conf: str) -> IPv4Address | None:
    """Find the first IPv4 nameserver in the text of a resolv.conf(5)."""
    return next(iter(nameservers(resolv_conf)), None)


def nameservers(resolv_conf: str) -> tuple[IPv4Address, ...]:
    """List the IPv4 nameservers in the text of a resolv.conf(5).

    Comments, IPv6 and scoped addresses are passed over.
    """
    found = []
    for line in resolv_conf.splitlines():
        match line.split():
            case ["nameserver", text, *_] if address := parse_address(text):
                found.append(address)
    return tuple(found)
