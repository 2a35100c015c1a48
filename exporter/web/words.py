"""How are times and durations written on a page?"""

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(seconds: float) -> str:
    """Write how long something lasts or how old it is: "8 s", "12 min", "3 h", "2 d"."""
    whole = max(0, round(seconds))
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} d"


def milliseconds(seconds: float) -> str:
    """Write a latency's number of milliseconds with two or three digits that count."""
    value = seconds * 1000
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004 -- three digits


def clock(at: float) -> str:
    """Write a moment as everybody reads it alike: in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def iso(at: float) -> str:
    """Write a moment for machines."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
