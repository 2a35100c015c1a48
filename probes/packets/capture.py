"""Capture VXLAN on one interface, within bounds, and fold it into conversations.

python -m probes.packets.capture < WANTED   # one JSON object in, one JSON object out

A process of its own: scapy takes 80 MB, and what it decodes comes from strangers.
"""

import logging

logging.getLogger("scapy").setLevel(logging.ERROR)  # it speaks of routes as it is imported

# ruff: noqa: E402 -- so the imports come behind that
import resource
import signal
import sys
import time
from contextlib import ExitStack, closing

from pydantic import TypeAdapter

from probes.packets.file import PacketFile
from probes.packets.sorter import HEADER_BYTES, Sorter
from probes.packets.tap import Tap
from probes.packets.wanted import Captured, Ending, Wanted

WANTED, CAPTURED = TypeAdapter(Wanted), TypeAdapter(Captured)

_WHOLE_BYTES = 65535
#: Everything has a bound of its own; this is for what nobody thought of.
_MOST_MEMORY_BYTES = 1024 * 1024 * 1024
#: How soon an interrupt is noticed.
_GLANCE_SECONDS = 0.2
_EXIT_COULD_NOT = 3


def main() -> int:
    """Do what standard input asks for."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))
    wanted = WANTED.validate_json(sys.stdin.read())
    interrupts: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        captured = capture(wanted, interrupts)
    except OSError as exc:
        sys.stderr.write(f"{_why(exc, wanted)}\n")
        return _EXIT_COULD_NOT
    sys.stdout.write(CAPTURED.dump_json(captured).decode())
    return 0


def _why(exc: OSError, wanted: Wanted) -> str:
    if exc.filename:
        return f"cannot write {exc.filename}: {exc.strerror}"
    hint = " (packets need CAP_NET_RAW)" if isinstance(exc, PermissionError) else ""
    return f"cannot capture on {wanted.interface}: {exc.strerror}{hint}"


def capture(wanted: Wanted, interrupts: list[int]) -> Captured:
    """Read packets until there are enough, the time is over, or *interrupts* has one.

    Raises OSError, with a file's name where the file is to blame.
    """
    with ExitStack() as stack:
        longest = _WHOLE_BYTES if wanted.file else HEADER_BYTES
        tap = stack.enter_context(closing(Tap(wanted, longest)))
        file = stack.enter_context(PacketFile(wanted.file)) if wanted.file else None
        sorter, began = Sorter(file), time.monotonic()
        ended_by = _read(tap, sorter, wanted, interrupts)
        seconds, ended_at, dropped = time.monotonic() - began, time.time(), tap.dropped()
    return sorter.captured(ended_at=ended_at, seconds=seconds, dropped=dropped, ended_by=ended_by)


def _read(tap: Tap, sorter: Sorter, wanted: Wanted, interrupts: list[int]) -> Ending:
    """Take packets as they come, and decode them while none does."""
    end = time.monotonic() + wanted.seconds
    while not interrupts:
        left = end - time.monotonic()
        if left <= 0:
            return Ending.TIME
        tapped = tap.next(0 if sorter.behind else min(left, _GLANCE_SECONDS))
        if tapped is not None:
            sorter.take(tapped)
        elif sorter.behind:
            sorter.work()
        if sorter.packets >= wanted.packets:
            return Ending.COUNT
    return Ending.INTERRUPT


if __name__ == "__main__":
    sys.exit(main())
