"""A resolver that leaves one address out: asks the real one, and hands on all the rest.

python -m tests.lab.agent.lying_resolver OWN_PORT REAL_PORT ADDRESS   # ends when it is killed
"""

import socket
import sys

import dns.message
import dns.rdatatype
import dns.rrset

_LARGEST = 65535


def main() -> None:
    """Serve on 127.0.0.1; the real resolver is Docker's, behind its own port on 127.0.0.11."""
    own_port, real_port, left_out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", own_port))
        while True:
            query, asker = server.recvfrom(_LARGEST)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as real:
                real.settimeout(5)
                real.sendto(query, ("127.0.0.11", real_port))
                answer = real.recv(_LARGEST)
            server.sendto(_without(answer, left_out), asker)


def _without(answer: bytes, left_out: str) -> bytes:
    message = dns.message.from_wire(answer)
    message.answer = [
        dns.rrset.from_rdata_list(records.name, records.ttl, kept)
        for records in message.answer
        if (kept := [record for record in records if record.to_text() != left_out])
    ]
    return message.to_wire()


if __name__ == "__main__":
    main()
