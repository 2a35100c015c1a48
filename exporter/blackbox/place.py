"""From where is looked, and which address does a name have there?"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from time import perf_counter

from exporter.blackbox import metrics
from exporter.blackbox.allow import AllowList
from exporter.blackbox.errors import FailedError, NotAllowedError
from exporter.blackbox.record import Record
from probes.addresses import first_nameserver, parse_address
from probes.errors import CouldNotLookError
from probes.kinds import dns
from probes.looks.errors import UsageError
from probes.looks.targets import parse_host
from probes.model.probe import DnsLook
from probes.model.vantage import Vantage
from probes.net import RESPONSE_BYTES, VantageNet
from probes.phases import Phases
from probes.plan.candidates import EMBEDDED_RESOLVER

_RESOLV_CONF = Path("/etc/resolv.conf")
_HOSTS = Path("/etc/hosts")
_LOOPBACK = IPv4Address("127.0.0.1")
#: FNV-1a with 32 bits (draft-eastlake-fnv, section 5).
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A vantage, and what may be looked at from it."""

    vantage: Vantage
    allow: AllowList
    #: The addresses that Swarm gave a name, for a task that asks from here.
    owned: Callable[[str], Collection[IPv4Address]]

    @property
    def net(self) -> VantageNet:
        """Open sockets here."""
        return VantageNet(self.vantage, RESPONSE_BYTES)

    async def first_address(self, host: str, record: Record) -> IPv4Address:
        """Find the address of a probe's target, and record it, and how long that took."""
        for spec in (metrics.LOOKUP_SECONDS, metrics.IP_PROTOCOL, metrics.IP_HASH):
            record.set(spec, 0)
        record.info("Resolving target address", host=host, source=self.vantage.name)
        began = perf_counter()
        try:
            address = await self.address_of(host)
        finally:
            record.set(metrics.LOOKUP_SECONDS, perf_counter() - began)
        record.info("Resolved target address", host=host, ip=address)
        record.set(metrics.IP_PROTOCOL, 4)
        record.set(metrics.IP_HASH, _hash(address))
        return address

    async def address_of(self, host: str) -> IPv4Address:
        """Find an address that may be looked at.

        Raises NotAllowedError for one that may not, a LookError or FailedError where there is none.
        """
        address = parse_address(host) or await self._resolve(host)
        if not self.allow.permits(host, address, lambda: self.owned(host)):
            named = host if host == str(address) else f"{host}, which is at {address},"
            raise NotAllowedError(f"{named} is not in blackbox.allow of the agent's configuration")
        return address

    async def _resolve(self, host: str) -> IPv4Address:
        if _is_ipv6(host):
            raise CouldNotLookError(f"{host}: looks are taken over IPv4 alone")
        try:
            parse_host(host)
        except UsageError as exc:
            raise FailedError(f"{host!r} is no name and no IPv4 address") from exc
        known = None if self.vantage.netns else _in_hosts_file(host)
        if known:
            return known
        look = DnsLook(name=host, server=self._resolver)
        observed = await dns.look(look, self.net, Phases())
        if observed.answer is None:
            raise AssertionError("a look at a name that worked has an answer")
        return observed.answer.addresses[0]

    @property
    def _resolver(self) -> IPv4Address:
        """A task asks Docker's own resolver; one that shares the host's network, the host's."""
        if self.vantage.netns:
            return EMBEDDED_RESOLVER
        try:
            return first_nameserver(_RESOLV_CONF.read_text()) or _LOOPBACK
        except OSError:
            return _LOOPBACK  # resolv.conf(5): without the file, the machine itself is asked


def _in_hosts_file(host: str) -> IPv4Address | None:
    try:
        lines = _HOSTS.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        text, *names = line.partition("#")[0].split() or [""]
        address = parse_address(text)
        if address and host.lower().removesuffix(".") in (name.lower() for name in names):
            return address
    return None


def _is_ipv6(host: str) -> bool:
    try:
        return isinstance(ip_address(host), IPv6Address)
    except ValueError:
        return False


def _hash(address: IPv4Address) -> int:
    """Hash its four bytes, as blackbox_exporter does."""
    found = _FNV_OFFSET
    for byte in address.packed:
        found = (found ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return found
