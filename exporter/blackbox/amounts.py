"""How does blackbox_exporter's configuration write durations, sizes and versions of TLS?

Every function takes what YAML gave, or raises a ValueError that says what is allowed.
"""

import re
from ssl import TLSVersion
from types import MappingProxyType

_SECONDS = MappingProxyType(
    {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0},
)
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)"
_BYTES = MappingProxyType({"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30})
_VERSIONS = MappingProxyType({"TLS12": TLSVersion.TLSv1_2, "TLS13": TLSVersion.TLSv1_3})


def duration(value: object) -> float:
    """Read Go's durations: "5s", "1m30s", "500ms", and 0 for none."""
    if value in (0, "0"):
        return 0.0
    if not isinstance(value, str) or not re.fullmatch(f"(?:{_PART})+", value):
        raise ValueError(f"{value!r} is no duration, such as 5s or 1m30s")
    return sum(float(amount) * _SECONDS[unit] for amount, unit in re.findall(_PART, value))


def size(value: object) -> int:
    """Read "512B", "64KB" or "1MiB", of 1024 each, and 0 for no limit."""
    if value in (0, "0"):
        return 0
    match = re.fullmatch(r"(\d{1,9})([KMG]?)i?B", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no size, such as 64KB or 1MiB")
    return int(match[1]) * _BYTES[match[2]]


def tls_version(value: object) -> TLSVersion:
    """Read "TLS12" or "TLS13"."""
    version = _VERSIONS.get(value) if isinstance(value, str) else None
    if version is None:
        raise ValueError(f"{value!r} is neither TLS12 nor TLS13; older TLS is not spoken here")
    return version


def text(value: object) -> object:
    """Take a number, where YAML made one of it, for the text that was meant."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
