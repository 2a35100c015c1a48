"""How full are the kernel's tables, and what has it refused?"""

import os
import struct
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from socket import AF_INET

from pyroute2.netlink.rtnl import RTM_GETNEIGHTBL
from pyroute2.netlink.rtnl.ndtmsg import ndtmsg

from probes.errors import CouldNotLookError
from probes.kernel.netlink import dump_table, picked
from probes.kernel.sysctls import read_setting
from probes.model.reading import Usage

_CONNTRACK = Path("/proc/sys/net/netfilter")
#: Of the calling thread's namespace; /proc/net is the main thread's.
_NET = Path("/proc/thread-self/net")

_ATTRIBUTES = frozenset({"NDTA_NAME", "NDTA_THRESH3", "NDTA_CONFIG", "NDTA_STATS"})
_ARP = "arp_cache"
#: ndts_table_fulls, the eleventh counter of struct ndt_stats (kernel
#: include/uapi/linux/neighbour.h), behind the attribute's header.
_TABLE_FULLS_OFFSET = 4 + 10 * 8


def read_conntrack() -> Usage | None:
    """Count the connections that the namespace tracks; None where the kernel tracks none.

    *refused* is the counter "drop": packets of new connections that had no place (kernel
    net/netfilter/nf_conntrack_core.c, nf_conntrack_in), and, rarely, packets that lost a race
    against an equal one (nf_ct_resolve_clash). So it means "full" beside a full table only.
    "early_drop" is no refusal: the newcomer got the place of an unfinished connection. The limit
    is the kernel's, and holds for each namespace. Raises CouldNotLookError.
    """
    entries = read_setting(_CONNTRACK / "nf_conntrack_count")
    most = read_setting(_CONNTRACK / "nf_conntrack_max")
    if entries is None or most is None:
        return None
    refused = sum_column(_lines(_NET / "stat/nf_conntrack"), "drop")
    return Usage(entries=int(entries), most=int(most), refused=refused)


def read_neighbour_table() -> Usage | None:
    """Count the IPv4 neighbours of all namespaces together; None where the kernel does not say.

    Since Linux 5.0 permanent entries, such as those that Docker writes, are among *entries* but
    do not count towards *most* (net/core/neighbour.c, neigh_alloc): more than *most* can be fine,
    and *refused* ("neighbor table overflow") never is. Asked by netlink, since
    /proc/net/stat/arp_cache is in the first namespace alone. Raises CouldNotLookError.
    """
    request = ndtmsg()
    request["family"] = AF_INET
    with closing(dump_table(RTM_GETNEIGHTBL, request)) as tables:
        for table in tables:
            found = picked(table, _ATTRIBUTES)
            if found.get("NDTA_NAME") == _ARP and "NDTA_CONFIG" in found:
                counters = found["NDTA_STATS"]
                (refused,) = struct.unpack_from(
                    "=Q", counters.data, counters.offset + _TABLE_FULLS_OFFSET
                )
                return Usage(
                    entries=found["NDTA_CONFIG"]["entries"],
                    most=found["NDTA_THRESH3"],
                    refused=refused,
                )
    return None


def read_xfrm_errors() -> tuple[tuple[str, int], ...]:
    """List the counters of /proc/net/xfrm_stat (Linux Documentation/networking/xfrm_proc.rst).

    Nothing where the kernel does not count them. Raises CouldNotLookError.
    """
    rows = (line.split() for line in _lines(_NET / "xfrm_stat"))
    return tuple((name, int(count)) for name, count in rows)


def sum_column(lines: Iterable[str], name: str) -> int:
    """Add up one counter of a file that has names first, and then hexadecimal rows, one a CPU.

    0 where there is no such counter.
    """
    names, *rows = [line.split() for line in lines] or [[]]
    if name not in names:
        return 0
    column = names.index(name)
    return sum(int(row[column], base=16) for row in rows)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise CouldNotLookError(f"{file} cannot be read: {why}") from error
