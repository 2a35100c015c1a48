"""Does an address answer an echo, as a module of the icmp prober expects?"""

import socket
from time import perf_counter

from exporter.blackbox import metrics
from exporter.blackbox.asked import Asked
from exporter.blackbox.place import Place
from exporter.blackbox.record import Record
from probes.errnos import translated
from probes.kinds.icmp import echo_socket, exchange
from probes.phases import Phases

_PHASES = ("resolve", "setup", "rtt")
#: As blackbox_exporter's own, whose payload is a text.
_PAYLOAD_BYTES = 28
# include/uapi/linux/in.h; Python 3.11 names neither.
_IP_MTU_DISCOVER, _IP_PMTUDISC_DO, _IP_PMTUDISC_DONT = 10, 2, 0


async def probe(asked: Asked, place: Place, record: Record) -> None:
    """Send one echo request, and wait for its reply."""
    options = asked.module.options.icmp
    for phase in _PHASES:
        record.set(metrics.ICMP_SECONDS, 0, phase)
    address = await place.first_address(asked.target, record)
    record.set(metrics.ICMP_SECONDS, record.samples[metrics.LOOKUP_SECONDS][()], "resolve")
    began = perf_counter()
    with (
        echo_socket(address, place.net, options.source_ip_address) as sock,
        translated(str(address)),
    ):
        discover = _IP_PMTUDISC_DO if options.dont_fragment else _IP_PMTUDISC_DONT
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, discover)
        if options.ttl:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, options.ttl)
        record.set(metrics.ICMP_SECONDS, perf_counter() - began, "setup")
        size = options.payload_size or _PAYLOAD_BYTES
        record.info("Sending an echo request", address=address, payload_size=size)
        reply = await exchange(sock, size, Phases())
    record.info("Found matching reply packet", hop_limit=reply.hop_limit)
    record.set(metrics.ICMP_SECONDS, reply.rtt_seconds, "rtt")
    record.set(metrics.ICMP_HOPS, reply.hop_limit)
