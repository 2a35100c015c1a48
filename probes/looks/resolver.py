"""Which resolver do programs on this node's host ask?"""

from ipaddress import IPv4Address
from pathlib import Path

from probes.addresses import first_nameserver

_FILE = Path("/etc/resolv.conf")
_LOOPBACK = IPv4Address("127.0.0.1")


def host_resolver() -> IPv4Address:
    """Find the first that is named; none named means this machine (resolv.conf(5))."""
    try:
        return first_nameserver(_FILE.read_text()) or _LOOPBACK
    except OSError:
        return _LOOPBACK
