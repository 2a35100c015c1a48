"""Which resolvers does the node ask?

An agent on the host network has the node's own /etc/resolv.conf (moby daemon, setupDNS).
"""

import os
from ipaddress import IPv4Address
from pathlib import Path

from probes.addresses import nameservers
from probes.errors import CouldNotLookError

RESOLV_CONF = Path("/etc/resolv.conf")


def read_nameservers(file: Path = RESOLV_CONF) -> tuple[IPv4Address, ...]:
    """List the IPv4 ones; none where there is no file. Raises CouldNotLookError."""
    try:
        return nameservers(file.read_text(errors="replace"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise CouldNotLookError(f"{file} cannot be read: {why}") from error
