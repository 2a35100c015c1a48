"""How is the kernel asked for the tables of iptables-legacy?

By socket options that take a structure and fill it, for which Python's own getsockopt has no room
(kernel include/uapi/linux/netfilter_ipv4/ip_tables.h).
"""

import ctypes
import errno
import os
import socket
import sys
from pathlib import Path

from probes.errors import CouldNotLookError
from probes.kernel.legacy_rules import INFO, parse_info
from probes.kernel.transport import RefusedByKernelError

#: Of the calling thread's namespace. Other tables must not be asked for: that makes them.
_TABLE_NAMES = Path("/proc/thread-self/net/ip_tables_names")
_GET_INFO = 64
_GET_ENTRIES = 65
_NAME_BYTES = 32
#: struct ipt_get_entries: name and size, then the entries, which start at a multiple of 8.
_ENTRIES_OFFSET = 40

#: An entry takes 150 bytes and more: such a table has a hundred thousand of them.
_MAX_BYTES = 16 << 20

_libc = ctypes.CDLL(None, use_errno=True)


def table_names() -> tuple[str, ...]:
    """Name the tables that the calling thread's namespace has; none in a kernel without ip_tables.

    Raises CouldNotLookError.
    """
    try:
        return tuple(_TABLE_NAMES.read_text().split())
    except FileNotFoundError:
        return ()
    except OSError as exc:
        raise CouldNotLookError(f"{_TABLE_NAMES} cannot be read: {exc.strerror}") from exc


def fetch_table(name: str) -> tuple[bytes, bytes]:
    """Ask for a table, one of `table_names`.

    Gives its layout, which is struct ipt_getinfo, and its entries: struct ipt_entry after another.
    Raises CouldNotLookError.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            padded = name.encode().ljust(_NAME_BYTES, b"\0")
            layout = _get(raw, _GET_INFO, padded, INFO.size)
            info = parse_info(layout)
            if info.size_bytes > _MAX_BYTES:
                why = f"{info.entries} entries are more than are read"
                raise CouldNotLookError(f"table {name} of iptables-legacy: {why}")
            question = padded + info.size_bytes.to_bytes(4, sys.byteorder)
            answer = _get(raw, _GET_ENTRIES, question, _ENTRIES_OFFSET + info.size_bytes)
            return layout, answer[_ENTRIES_OFFSET:]
    except OSError as exc:
        if exc.errno == errno.EAGAIN:
            raise CouldNotLookError("the table changed while the kernel listed it") from exc
        what = f"table {name} of iptables-legacy cannot be read"
        raise RefusedByKernelError(what, exc.errno or 0) from exc


def _get(raw: socket.socket, option: int, question: bytes, size: int) -> bytes:
    buffer = ctypes.create_string_buffer(question, size)
    length = ctypes.c_uint32(size)
    if _libc.getsockopt(raw.fileno(), socket.IPPROTO_IP, option, buffer, ctypes.byref(length)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return buffer.raw
