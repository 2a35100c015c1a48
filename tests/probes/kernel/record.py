"""How are the recordings in tests/data/kernel made?

    python -m tests.probes.kernel.record firewall
    python -m tests.probes.kernel.record ipvs FOLDER
    python -m tests.probes.kernel.record swarm NETNS FOLDER

As root: `firewall` and `ipvs` make a namespace of their own, the latter in a kernel with IPVS;
`swarm` looks into a load balancer's of a real Swarm.
"""

import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from probes.kernel.attributes import attributes
from probes.kernel.generic import find_family
from probes.kernel.ipvs import identity_of, is_mark_service, parse_service
from probes.kernel.legacy_tables import fetch_table, table_names
from probes.kernel.transport import NLM_F_DUMP, exchange, request
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import inside
from tests.probes.kernel import rules
from tests.probes.kernel.place import Place
from tests.probes.kernel.recorded import FOLDER

_NETFILTER, _GENERIC = 12, 16
_GET_CHAIN, _GET_RULE = 0xA04, 0xA07
_IPV4, _INET = 2, 1
_GET_SERVICE, _GET_DEST, _GET_CONFIG = 4, 8, 13

#: A service with a draining backend, one without any, and two of kinds that Swarm never makes.
IPVS = """
-A -f 256 -s rr
-a -f 256 -r 10.0.1.3:0 -m -w 1
-a -f 256 -r 10.0.1.4:0 -m -w 0
-A -f 257 -s rr
-A -t 10.0.1.2:80 -s rr
-a -t 10.0.1.2:80 -r 10.0.1.9:80 -m -w 1
-A -f 258 -6 -s rr
-a -f 258 -6 -r [::1]:0 -m -w 1
"""


def _save(folder: Path, name: str, protocol: int, *questions: bytes) -> None:
    answers = [message.data for each in questions for message in exchange(protocol, each)]
    (folder / name).write_bytes(b"".join(data + bytes(-len(data) % 4) for data in answers))


def _save_nftables(folder: Path, prefix: str) -> None:
    for name, command in (("chains", _GET_CHAIN), ("rules", _GET_RULE)):
        questions = [
            request(command, struct.pack("=BBH", family, 0, 0)) for family in (_INET, _IPV4)
        ]
        _save(folder, f"{prefix}-{name}.bin", _NETFILTER, *questions)


def _save_legacy(folder: Path) -> None:
    for name in table_names():
        (folder / f"legacy-{name}.bin").write_bytes(b"".join(fetch_table(name)))


def _save_ipvs(folder: Path, prefix: str) -> None:
    family = find_family("IPVS")

    def ask(command: int, body: bytes = b"", flags: int = NLM_F_DUMP) -> bytes:
        return request(family, struct.pack("=BBH", command, 1, 0) + body, flags=flags)

    _save(folder, f"{prefix}-services.bin", _GENERIC, ask(_GET_SERVICE))
    _save(folder, f"{prefix}-config.bin", _GENERIC, ask(_GET_CONFIG, flags=0))
    for message in exchange(_GENERIC, ask(_GET_SERVICE)):
        service = attributes(attributes(message.body[4:])[1])
        if is_mark_service(service):
            name = f"{prefix}-backends-{parse_service(service, ()).mark}.bin"
            _save(folder, name, _GENERIC, ask(_GET_DEST, identity_of(service)))


@contextmanager
def _namespace(folder: Path) -> Iterator[str]:
    place = Place(folder)
    try:
        yield str(place.add("recorded"))
    finally:
        place.close()


def _run(netns: str, *command: str, lines: str) -> None:
    subprocess.run(("nsenter", f"--net={netns}", *command), input=lines, text=True, check=True)


def _inside(netns: str) -> Vantage:
    return Vantage(kind=VantageKind.LOAD_BALANCER, name="recorded", netns=netns)


def main(what: str, *words: str) -> None:
    """Record one of the three."""
    run = Path("/run/ssk-record")
    if what == "firewall":
        with _namespace(run) as netns:
            _run(netns, "iptables-nft-restore", lines=rules.IPTABLES)
            _run(netns, "nft", "-f", "-", lines=rules.NATIVE)
            _run(netns, "iptables-legacy-restore", lines=rules.IPTABLES)
            with inside(_inside(netns)):
                _save_nftables(FOLDER, "nft")
                _save_legacy(FOLDER)
    elif what == "ipvs":
        with _namespace(run) as netns:
            # IPVS takes no backend where there is no route at all.
            _run(netns, "ip", "-batch", "-", lines="link set lo up")
            _run(netns, "ipvsadm", "--restore", lines=IPVS)
            with inside(_inside(netns)):
                _save_ipvs(Path(words[0]), "ipvs")
    else:
        netns, folder = words
        with inside(_inside(netns)):
            _save_nftables(Path(folder), "swarm-nft")
            _save_ipvs(Path(folder), "swarm-ipvs")


if __name__ == "__main__":
    main(*sys.argv[1:])
