"""How are packets captured, joined with names, and shown?"""

import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

from pydantic import TypeAdapter

import probes
from probes.cli import captured as shown
from probes.cli import show
from probes.cli.around import Around
from probes.cli.options import Addresses
from probes.looks.errors import CannotLookError, CommandError, UsageError
from probes.model.topology import NO_TOPOLOGY, Topology
from probes.packets.names import Names
from probes.packets.wanted import MOST_PACKETS, MOST_SECONDS, Captured, Wanted

_WANTED, _CAPTURED = TypeAdapter(Wanted), TypeAdapter(Captured)
_SIOCGIFADDR = 0x8915  # include/uapi/linux/sockios.h
#: To start, and to decode what still waits: some milliseconds a packet on a slow machine.
_START_SECONDS, _DECODE_SECONDS = 30.0, 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of the traffic is wanted, by names; "" where anything is."""

    network: str
    service: str
    peer: str
    interface: str


def capture(
    addresses: Addresses,
    choice: Choice,
    wanted: Wanted,
    port: int | None,
    *,
    json: bool,
) -> int:
    """Capture for a while, and print who talks to whom.

    1 where an answer was due and none came, or a packet is for or of no node; 3 where that cannot
    be told, since packets were missed.
    """
    try:
        _check(wanted)
        topology = _topology(addresses, choice)
        names = Names(topology)
        full = replace(
            wanted,
            interface=choice.interface or _underlay(topology, names),
            port=port or topology.data_path_port,
            peers=(names.vtep_of(choice.peer),) if choice.peer else (),
            vnis=names.vnis_of(choice.network) if choice.network else (),
            addresses=names.addresses_of(choice.service) if choice.service else (),
        )
        if sys.stderr.isatty():
            show.say(f"{full.interface}, for {full.seconds:g} s; Ctrl-C ends it sooner")
        captured = _run(full)
    except CommandError as exc:
        return show.told(exc)
    if json:
        show.print_json(shown.document(full, captured, names))
    else:
        shown.print_captured(full, captured, names)
    return shown.status_of(captured, names)


def _check(wanted: Wanted) -> None:
    if not 0 < wanted.seconds <= MOST_SECONDS:
        raise UsageError(f"--seconds is above 0 and at most {MOST_SECONDS:g}")
    if not 0 < wanted.packets <= MOST_PACKETS:
        raise UsageError(f"--count is from 1 to {MOST_PACKETS}")
    if wanted.file and Path(wanted.file).exists():
        raise UsageError(f"{wanted.file} is there already: name another file")


def _topology(addresses: Addresses, choice: Choice) -> Topology:
    """Ask what there is; an interface that is named can be looked at without."""
    try:
        return Around(addresses).reported_topology
    except CannotLookError as exc:
        if not choice.interface:
            raise CannotLookError(
                f"{exc}; without names it can be looked at: --interface DEVICE"
            ) from exc
        show.say(f"without names: {exc}")
        return NO_TOPOLOGY


def _underlay(topology: Topology, names: Names) -> str:
    """Find the interface that packets of overlays leave by: this node's VTEP is on it."""
    vteps = {names.vtep_of(node.name) for node in topology.nodes if node.address}
    found = {address: name for name, address in _interfaces()}
    here = [name for address, name in found.items() if address in vteps]
    if not here:
        raise CannotLookError("no interface here has a node's address: name one with --interface")
    return here[0]


def _interfaces() -> Iterator[tuple[str, IPv4Address]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("256s", name.encode()))
            except OSError:
                continue  # it has no address
            yield name, IPv4Address(answer[20:24])


def _run(wanted: Wanted) -> Captured:
    """Capture in a process of its own, which cannot outlast its time by much."""
    within = wanted.seconds + _START_SECONDS + wanted.packets * _DECODE_SECONDS
    # -P: nothing of the folder that somebody happens to stand in.
    command = (sys.executable, "-P", "-m", "probes.packets.capture")
    with _left_to_the_other():
        try:
            done = subprocess.run(  # noqa: S603 -- ourselves, with nothing of a stranger's
                command,
                input=_WANTED.dump_json(wanted),
                capture_output=True,
                timeout=within,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CannotLookError("the capture did not come to an end and was stopped") from None
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CannotLookError(last[0] if last else f"the capture ended with {done.returncode}")
    return _CAPTURED.validate_json(done.stdout)


def _environment() -> Mapping[str, str]:
    """Let the other process find the same code as this one, a checkout's too."""
    own = str(Path(probes.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": own}


@contextmanager
def _left_to_the_other() -> Iterator[None]:
    """Leave Ctrl-C, which the terminal sends to both, to the one that captures."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
