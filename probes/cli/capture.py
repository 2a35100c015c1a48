"""How are captured packets joined with names, and shown?"""

import fcntl
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from rich.table import Table as Grid
from rich.text import Text

from probes.cli import show
from probes.cli.around import Around
from probes.cli.options import Addresses
from probes.looks.errors import CannotLookError, CommandError, UsageError
from probes.model.topology import Topology
from probes.packets.conversations import Conversation, Judgement, one_sided
from probes.packets.wanted import MOST_PACKETS, MOST_SECONDS, Captured, Wanted
from probes.wire import DOCUMENT_VERSION

_WANTED, _CAPTURED = TypeAdapter(Wanted), TypeAdapter(Captured)
_SIOCGIFADDR = 0x8915  # include/uapi/linux/sockios.h
_MOST_SHOWN = 40
_STYLES = {
    Judgement.UNANSWERED: "bold red",
    Judgement.ONE_WAY: "bold red",
    Judgement.REFUSED: "yellow",
}


def capture(
    addresses: Addresses,
    wanted: Wanted,
    *,
    network: str,
    service: str,
    peer: str,
    json: bool,
) -> int:
    """Capture for a while, and print who talks to whom; 1 where somebody gets no answer."""
    try:
        topology = Around(addresses).topology
        names = _Names(topology)
        _check(wanted)
        full = Wanted(
            interface=wanted.interface or _underlay(topology),
            seconds=wanted.seconds,
            packets=wanted.packets,
            port=wanted.port,
            peers=names.vteps_of(peer) if peer else (),
            file=wanted.file,
        )
        vni = names.vni_of(network) if network else None
        captured = _run(full)
    except CommandError as exc:
        return show.told(exc)
    found = [
        item
        for item in captured.conversations
        if vni in {None, item.vni} and (not service or names.belongs(item, service))
    ]
    if json:
        show.print_json(_document(full, captured, found, names))
    else:
        _print(full, captured, found, names)
    return int(bool(one_sided(found)))


def _check(wanted: Wanted) -> None:
    if not 0 < wanted.seconds <= MOST_SECONDS:
        raise UsageError(f"--seconds is above 0 and at most {MOST_SECONDS:g}")
    if not 0 < wanted.packets <= MOST_PACKETS:
        raise UsageError(f"--count is from 1 to {MOST_PACKETS}")
    if wanted.file and Path(wanted.file).exists():
        raise UsageError(f"{wanted.file} is there already: name another file")


class _Names:
    """Who has which address, and which VNI is whose."""

    def __init__(self, topology: Topology) -> None:
        # Addresses may be the same on two networks, so they are known by the VNI.
        vnis = {network.id: network.vnis for network in topology.networks}
        services = {service.id: service for service in topology.services}
        self._networks = {vni: item.name for item in topology.networks for vni in item.vnis}
        self._nodes = {node.address: node.name for node in topology.nodes if node.address}
        self._owners: dict[tuple[int, IPv4Address], str] = {}
        for task in topology.tasks:
            service = services.get(task.service_id)
            slot = task.slot or self._node_of(topology, task.node_id)
            name = f"{service.name if service else task.service_id}.{slot}"
            for item in task.addresses if task.running else ():
                for vni in vnis.get(item.network_id, ()):
                    self._owners[vni, item.address] = name
        for report in topology.reports:
            for item in report.balancers:
                for vni in vnis.get(item.network_id, ()):
                    node = self._node_of(topology, report.node_id)
                    self._owners[vni, item.address] = f"balancer of {node}"

    @staticmethod
    def _node_of(topology: Topology, node_id: str) -> str:
        return next((node.name for node in topology.nodes if node.id == node_id), node_id)

    def network(self, vni: int) -> str:
        return self._networks.get(vni, f"vni {vni}")

    def end(self, vni: int, address: IPv4Address) -> str:
        return self._owners.get((vni, address), str(address))

    def node(self, vtep: IPv4Address) -> str:
        return self._nodes.get(vtep, f"{vtep}, no node")

    def vni_of(self, network: str) -> int:
        found = next((vni for vni, name in self._networks.items() if name == network), None)
        if found is None:
            raise UsageError(f"there is no overlay {network!r}, only {_listed(self._networks)}")
        return found

    def vteps_of(self, node: str) -> tuple[IPv4Address, ...]:
        found = tuple(address for address, name in self._nodes.items() if name == node)
        if not found:
            raise UsageError(f"there is no node {node!r}, only {_listed(self._nodes)}")
        return found

    def belongs(self, item: Conversation, service: str) -> bool:
        ends = (self.end(item.vni, address) for address in (item.source, item.destination))
        return any(f"_{service}." in f"_{end}." for end in ends)


def _listed(names: Mapping[Any, str]) -> str:
    return ", ".join(sorted({*names.values()})) or "none"


def _underlay(topology: Topology) -> str:
    """Find the interface that has a node's address: this node's."""
    wanted = {node.address for node in topology.nodes}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("256s", name.encode()))
            except OSError:
                continue  # it has no address
            if IPv4Address(answer[20:24]) in wanted:
                return name
    raise CannotLookError("no interface here has a node's address: name one with --interface")


def _run(wanted: Wanted) -> Captured:
    """Capture in a process of its own, which cannot outlast its time by much."""
    command = (sys.executable, "-m", "probes.packets.capture")
    try:
        done = subprocess.run(  # noqa: S603 -- ourselves, with nothing of a stranger's
            command,
            input=_WANTED.dump_json(wanted),
            capture_output=True,
            timeout=wanted.seconds + 30,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotLookError("the capture did not come to an end and was stopped") from None
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CannotLookError(last[0] if last else f"the capture ended with {done.returncode}")
    return _CAPTURED.validate_json(done.stdout)


def _document(
    wanted: Wanted, captured: Captured, found: Sequence[Conversation], names: _Names
) -> Mapping[str, Any]:
    return {
        "version": DOCUMENT_VERSION,
        "interface": wanted.interface,
        "seconds": captured.seconds,
        "packets": captured.packets,
        "undecoded": captured.undecoded,
        "left_out": captured.left_out,
        "encrypted": [
            {"from": names.node(peer), "packets": count} for peer, count in captured.encrypted
        ],
        "conversations": [
            {
                "network": names.network(item.vni),
                "from": names.end(item.vni, item.source),
                "to": names.end(item.vni, item.destination),
                "from_node": names.node(item.source_vtep),
                "to_node": names.node(item.destination_vtep),
                **{
                    key: str(value) if isinstance(value, IPv4Address) else value
                    for key, value in asdict(item).items()
                },
            }
            for item in found
        ],
    }


def _print(
    wanted: Wanted, captured: Captured, found: Sequence[Conversation], names: _Names
) -> None:
    if found:
        titles = ("NETWORK", "FROM", "TO", "", "THERE", "BACK", "AGAIN", "NODES", "SEEN")
        table = Grid(*titles, box=None, pad_edge=False, header_style="bold")
        for item in found[:_MOST_SHOWN]:
            port = f":{item.destination_port}" if item.protocol in {"tcp", "udp"} else ""
            table.add_row(
                names.network(item.vni),
                Text(names.end(item.vni, item.source)),
                Text(f"{names.end(item.vni, item.destination)}{port}"),
                item.protocol,
                str(item.packets_there),
                str(item.packets_back),
                str(item.repeated or ""),
                Text(f"{names.node(item.source_vtep)} > {names.node(item.destination_vtep)}"),
                Text(str(item.judgement), _STYLES.get(item.judgement, "")),
            )
        show.console_for().print(table)
    if len(found) > _MOST_SHOWN:
        show.say(f"and {len(found) - _MOST_SHOWN} conversations more: --json has them all")
    show.say(
        f"{captured.packets} packets on {wanted.interface} in {captured.seconds:.1f} s, "
        f"{len(found)} conversations, {len(one_sided(found))} without an answer"
    )
    for peer, count in captured.encrypted:
        show.say(f"{count} encrypted packets from {names.node(peer)}, which nobody can read")
    if captured.left_out:
        show.say(f"{captured.left_out} packets of further conversations were left out")
    if wanted.file:
        show.say(f"written to {wanted.file}")
