"""How long is "5s"?"""

import re
from types import MappingProxyType

_SECONDS = MappingProxyType({"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0})


def parse_seconds(text: str) -> float:
    """Read "250ms", "5s", "1m" or "2h" as seconds; ValueError for anything else, and for zero."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if seconds <= 0:
        raise ValueError(f"{text!r} is no duration above zero, such as 250ms, 5s or 1m")
    return seconds
