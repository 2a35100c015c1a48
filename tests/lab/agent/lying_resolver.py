"""A resolver that lies about one service: asks the real one, and hands on all the rest.

python -m tests.lab.agent.lying_resolver OWN_PORT REAL_PORT SERVICE LIE   # until it is killed

LIE is one of: without=ADDRESS, also=ADDRESS, twice, unknown, cut, late=SECONDS. SERVICE is the name
that is asked for, with or without "tasks." before it, or * for any.
"""

import socket
import socketserver
import sys
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

_LARGEST = 65535


class LyingResolver(socketserver.ThreadingUDPServer):
    """Serves on 127.0.0.1; the real resolver is Docker's, behind its own port on 127.0.0.11."""

    daemon_threads = True

    def __init__(self, own_port: int, real_port: int, service: str, lie: str) -> None:
        super().__init__(("127.0.0.1", own_port), _Handler)
        self._real = ("127.0.0.11", real_port)
        self._names = {"*"} if service == "*" else {f"{service}.", f"tasks.{service}."}
        self._lie, _, self._value = lie.partition("=")

    def answer(self, query: bytes) -> bytes:
        """Ask the real resolver, and change what it says where the question calls for it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as real:
            real.settimeout(5)
            real.sendto(query, self._real)
            message = dns.message.from_wire(real.recv(_LARGEST), one_rr_per_rrset=True)
        if not self._names.isdisjoint({"*", message.question[0].name.to_text()}):
            self._change(message)
        return message.to_wire()

    def _change(self, message: dns.message.Message) -> None:
        match self._lie:
            case "without":
                message.answer = [row for row in message.answer if row[0].to_text() != self._value]
            case "also":
                message.answer.append(self._record(message))
            case "twice":
                message.answer *= 2
            case "unknown":
                message.answer = []
                message.set_rcode(dns.rcode.NXDOMAIN)
            case "cut":
                message.answer = []
                message.flags |= dns.flags.TC
            case "late":
                time.sleep(float(self._value))
            case lie:
                raise ValueError(f"no such lie: {lie}")

    def _record(self, message: dns.message.Message) -> dns.rrset.RRset:
        name = message.question[0].name
        return dns.rrset.from_text(name, 600, dns.rdataclass.IN, dns.rdatatype.A, self._value)


class _Handler(socketserver.BaseRequestHandler):
    server: LyingResolver

    def handle(self) -> None:
        query, own = self.request
        own.sendto(self.server.answer(query), self.client_address)


def main() -> None:
    """Serve for ever."""
    own_port, real_port, service, lie = sys.argv[1:]
    with LyingResolver(int(own_port), int(real_port), service, lie) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
