"""What has been found out about a rule so far, whichever way the kernel tells it?

Both back ends of iptables hand over the same extensions ("matches" and "targets") as a name and
a structure of the kernel's (include/uapi/linux/netfilter/xt_*.h), in the machine's byte order.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Network
from types import MappingProxyType

from probes.kernel.vni_match import find_vni
from probes.model.reading import FirewallRule

#: As iptables names them (/etc/protocols); others go by their number.
_PROTOCOLS = MappingProxyType(
    {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 132: "sctp"}
)

#: struct xt_tcp: source ports from and to, destination ports from and to, option, flags (mask and
#: value), inversions. struct xt_udp: the ports and the inversions.
_TCP = struct.Struct("=4H4B")
_UDP = struct.Struct("=4HB")
_ANY_PORT = (0, 0xFFFF)

#: struct xt_mark_tginfo2: bits to set (or flip), and bits that are cleared before.
_MARK = struct.Struct("=II")
_MARK_REVISION = 2
_WHOLE_MARK = 0xFFFF_FFFF


@dataclass(slots=True)
class RuleDraft:
    """A rule while it is read; what is not understood makes it conditional."""

    destination: IPv4Network | None = None
    protocol: str = ""
    destination_port: int | None = None
    target: str = ""
    mark: int | None = None
    vni: int | None = None
    conditional: bool = False

    def finished(self, table: str, chain: str) -> FirewallRule:
        """Give the rule, of which nothing more will be found out."""
        return FirewallRule(
            table=table,
            chain=chain,
            target=self.target,
            destination=self.destination,
            protocol=self.protocol,
            destination_port=self.destination_port,
            mark=self.mark,
            vni=self.vni,
            conditional=self.conditional,
        )

    def match_destination(self, address: bytes, mask: bytes) -> None:
        """Note `-d`; both in network order. iptables takes masks with holes, and nobody uses it."""
        try:
            prefix = f"{_dotted(address)}/{_dotted(mask)}"
            self.destination = IPv4Network(prefix)
        except ValueError:
            self.conditional = True

    def match_protocol(self, number: int) -> None:
        """Note `-p`."""
        self.protocol = _PROTOCOLS.get(number, str(number))

    def match_extension(self, name: str, revision: int, structure: bytes) -> None:
        """Note `-m`."""
        if name == "tcp":
            *ports, option, flags, _, inverted = _TCP.unpack_from(structure)
            self.conditional |= bool(option or flags)
            self._match_ports(ports, inverted=bool(inverted))
        elif name == "udp":
            *ports, inverted = _UDP.unpack_from(structure)
            self._match_ports(ports, inverted=bool(inverted))
        elif name != "comment":
            # A VNI that was found does not end that: the rest of its match was not looked at.
            self.conditional = True
            self.vni = self.vni or find_vni(name, revision, structure)

    def aim(self, name: str, revision: int, structure: bytes) -> None:
        """Note `-j`."""
        self.target = name
        if name == "MARK" and revision == _MARK_REVISION:
            value, mask = _MARK.unpack_from(structure)
            # --or-mark, --and-mark and --xor-mark leave bits of the old mark.
            self.mark = value if mask == _WHOLE_MARK else None

    def _match_ports(self, ports: list[int], *, inverted: bool) -> None:
        source, destination = tuple(ports[:2]), tuple(ports[2:])
        lowest, highest = destination
        if lowest == highest and not inverted:
            self.destination_port = lowest
        elif destination != _ANY_PORT:
            self.conditional = True
        self.conditional |= inverted or source != _ANY_PORT


def _dotted(address: bytes) -> str:
    return ".".join(map(str, address))
