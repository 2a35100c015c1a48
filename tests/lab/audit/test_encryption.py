"""Is every fault of an encrypted overlay found, on the node that has it?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address

import pytest

from probes.audit.encryption import CHECKS
from probes.audit.round import audit
from probes.model.topology import PeerAssociation, Topology
from tests.lab.audit.looking import LabAuditor
from tests.lab.audit.traffic import send
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

STACK = "crypt"
NETWORK = "crypt_default"

#: A task on every node, so that each pair of them needs associations.
ENCRYPTED = """
version: "3.8"
services:
  echo:
    image: traefik/whoami:v1.10
    deploy: {mode: global, endpoint_mode: dnsrr}
networks:
  default: {driver: overlay, driver_opts: {encrypted: ""}}
"""


@pytest.fixture(scope="module")
def encrypted(
    auditor: LabAuditor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabAuditor]:
    """The lab with an encrypted network on every node."""
    file = tmp_path_factory.mktemp("stack") / "crypt.yml"
    file.write_text(ENCRYPTED)
    lab = auditor.lab
    lab.deploy(file, STACK)
    wait_until(
        lambda: all(_marked(lab, node) for node in lab.nodes),
        60,
        "every Engine has prepared for encryption",
    )
    yield auditor
    lab.remove(STACK)


def _marked(lab: Lab, node: Node) -> bool:
    return "-j MARK" in lab.exec(node, "iptables", "-t", "mangle", "-S", "OUTPUT")


@dataclass(frozen=True)
class Pair:
    """Two nodes that talk in secret; the faults are made on the first."""

    lab: Lab
    node: Node
    peer: Node

    def xfrm(self, *words: str, check: bool = True) -> str:
        return self.lab.exec(self.node, "ip", "xfrm", *words, check=check)

    @property
    def ends(self) -> tuple[str, ...]:
        return ("src", str(self.node.address), "dst", str(self.peer.address))

    @property
    def selector(self) -> tuple[str, ...]:
        source, destination = f"{self.node.address}/32", f"{self.peer.address}/32"
        return ("src", source, "dst", destination, "proto", "udp")

    @property
    def spi(self) -> str:
        """The SPI that the node sends with."""
        words = self.xfrm("state", "list", *self.ends).split()
        return words[words.index("spi") + 1]

    @property
    def state(self) -> tuple[tuple[str, ...], str]:
        """What identifies the association that the node sends with, and its cipher."""
        words = self.xfrm("state", "list", *self.ends).split()
        aead = words.index("aead")
        identity = (*self.ends, "proto", "esp", "spi", self.spi)
        return identity, " ".join(words[aead : aead + 4])

    def lose_association(self) -> None:
        self.xfrm("state", "delete", *self.ends, "proto", "esp", "spi", self.spi)

    def write_association(self, spi: str, cipher: str) -> None:
        """Write an association as the Engine does."""
        identity = ("proto", "esp", "spi", spi, "reqid", "13681891", "mode", "transport")
        self.xfrm("state", "add", *self.ends, *identity, *cipher.split())

    def lose_policy(self, port: int = 4789) -> None:
        mark = ("dir", "out", "mark", "0xd0c4e3", "mask", "0xffffffff")
        self.xfrm("policy", "delete", *self.selector, "dport", str(port), *mark)

    def write_policy(self, spi: str, port: int = 4789) -> None:
        """Write the policy as the Engine does."""
        mark = ("dir", "out", "mark", "0xd0c4e3", "mask", "0xffffffff")
        how = ("proto", "esp", "spi", spi, "reqid", "13681891", "mode", "transport")
        self.xfrm(
            "policy", "add", *self.selector, "dport", str(port), *mark, "tmpl", *self.ends, *how
        )


@pytest.fixture
def pair(encrypted: LabAuditor) -> Pair:
    """Both are workers."""
    node, peer = encrypted.lab.nodes[1:3]
    return Pair(encrypted.lab, node, peer)


@pytest.mark.needs("esp")
def test_an_encrypted_network_that_is_well_has_no_finding(encrypted: LabAuditor) -> None:
    """On no node, and no question stays open."""
    for node in encrypted.lab.nodes:
        encrypted.settled(node)
        found = encrypted.look(node)
        assert [item for item in found.findings if item.code.startswith("encryption")] == []
        assert [item for item in found.unanswered if item.check.startswith("encryption")] == []


def test_a_kernel_without_esp_is_told_once(encrypted: LabAuditor) -> None:
    """Two peers, one cause."""
    if encrypted.lab.kernel.esp:
        pytest.skip("this kernel has ESP: the next test takes every association away")
    node = encrypted.lab.nodes[1]

    finding = encrypted.wait_for(node, "encryption_no_esp")

    assert NETWORK in finding.evidence[0].expected
    codes = [code for code, _ in encrypted.findings(node)]
    assert [code for code in codes if code.startswith("encryption")] == ["encryption_no_esp"]


@pytest.mark.needs("esp")
def test_no_association_at_all_is_told_once(encrypted: LabAuditor, pair: Pair) -> None:
    """As on a kernel without ESP: each of them is taken away."""
    rows = pair.xfrm("state", "list")
    states = [_restorable(block) for block in re.split(r"^src ", rows, flags=re.MULTILINE)[1:]]

    encrypted.shows(
        pair.node,
        "encryption_no_esp",
        inject=lambda: pair.xfrm("state", "flush"),
        remove=lambda: [pair.xfrm("state", "add", *state) for state in states],
    )


def _restorable(block: str) -> list[str]:
    """Make the words that add a state from those that list it."""
    words = block.split()
    source, destination = words[0], words[words.index("dst") + 1]
    aead, spi = words.index("aead"), words[words.index("spi") + 1]
    how = ["proto", "esp", "spi", spi, "reqid", "13681891", "mode", "transport"]
    return ["src", source, "dst", destination, *how, *words[aead : aead + 4]]


@pytest.mark.needs("esp")
def test_a_missing_association_is_told_with_its_peer(encrypted: LabAuditor, pair: Pair) -> None:
    """What leaves for that node is dropped; the other peers are well."""
    spi, (_, cipher) = pair.spi, pair.state
    finding = encrypted.shows(
        pair.node,
        "encryption_missing",
        inject=pair.lose_association,
        remove=partial(pair.write_association, spi, cipher),
        peer=pair.peer.name,
    )

    assert [row.what for row in finding.evidence] == ["ip xfrm state"]


@pytest.mark.needs("esp")
def test_a_missing_policy_is_told_with_its_peer(encrypted: LabAuditor, pair: Pair) -> None:
    """What leaves for that node leaves in clear, and is dropped there."""
    spi = pair.spi
    finding = encrypted.shows(
        pair.node,
        "encryption_missing",
        inject=pair.lose_policy,
        remove=partial(pair.write_policy, spi),
        peer=pair.peer.name,
    )

    assert [row.what for row in finding.evidence] == ["ip xfrm policy"]


@pytest.mark.needs("esp")
def test_a_policy_for_another_port_is_told(encrypted: LabAuditor, pair: Pair) -> None:
    """As old Engines write it where the Swarm has another data path port."""
    spi = pair.spi

    def inject() -> None:
        pair.lose_policy()
        pair.write_policy(spi, port=4790)

    def remove() -> None:
        pair.lose_policy(port=4790)
        pair.write_policy(spi)

    encrypted.shows(
        pair.node,
        "encryption_wrong_port",
        inject=inject,
        remove=remove,
        peer=pair.peer.name,
    )


@pytest.mark.needs("esp")
def test_an_association_that_the_peer_does_not_know_is_told(
    encrypted: LabAuditor, pair: Pair
) -> None:
    """As after a change of keys that did not reach it."""
    spi, (_, cipher) = pair.spi, pair.state
    other = "0x00abcdef"

    def inject() -> None:
        pair.lose_association()
        pair.write_association(other, cipher)

    def remove() -> None:
        pair.xfrm("state", "delete", *pair.ends, "proto", "esp", "spi", other)
        pair.write_association(spi, cipher)

    encrypted.shows(
        pair.node,
        "encryption_unknown_spi",
        inject=inject,
        remove=remove,
        peer=pair.peer.name,
    )


@pytest.mark.needs("esp")
@pytest.mark.parametrize(("table", "chain"), [("mangle", "OUTPUT"), ("filter", "INPUT")])
def test_a_network_without_its_rules_is_told(
    encrypted: LabAuditor, pair: Pair, table: str, chain: str
) -> None:
    """Without the mark it is sent in clear; without the drop it is taken in clear."""
    lab, node = pair.lab, pair.node
    rules = lab.exec(node, "iptables-save", "-t", table)
    lost = "-j MARK" if table == "mangle" else "-j DROP"
    without = "\n".join(line for line in rules.splitlines() if lost not in line) + "\n"

    def restore(text: str) -> Callable[[], object]:
        return lambda: lab.exec(node, "sh", "-c", 'printf %s "$1" | iptables-restore', "sh", text)

    finding = encrypted.shows(
        node,
        "encryption_unprotected",
        inject=restore(without),
        remove=restore(rules),
        network=NETWORK,
    )

    assert [row.what for row in finding.evidence] == [f"{table} {chain}"]


@pytest.mark.needs("esp")
def test_errors_that_go_on_are_told(encrypted: LabAuditor, pair: Pair) -> None:
    """What the peer sends does not decrypt: its keys are other ones, under the same number."""
    lab, node, peer = pair.lab, pair.node, pair.peer
    if lab.exec(node, "ls", "/proc/net/xfrm_stat", check=False) == "":
        pytest.skip("THIS KERNEL LACKS CONFIG_XFRM_STATISTICS: it counts no errors of ESP")
    back = Pair(lab, peer, node)
    spi, (_, cipher) = back.spi, back.state
    name, key, *size = cipher.split()[1:]
    wrong = f"aead {name} 0x{'11' * ((len(key) - 2) // 2)} {' '.join(size)}"
    sender = lab.docker(peer, "ps", "--quiet", f"--filter=name={STACK}_echo").split()[0]
    receiver = lab.docker(node, "ps", "--quiet", f"--filter=name={STACK}_echo").split()[0]
    template = f'{{{{(index .NetworkSettings.Networks "{NETWORK}").IPAddress}}}}'
    address = lab.docker(node, "inspect", f"--format={template}", receiver).strip()

    def rewrite(how: str) -> None:
        back.xfrm("state", "delete", *back.ends, "proto", "esp", "spi", spi)
        back.write_association(spi, how)

    encrypted.settled(node)
    rewrite(wrong)
    try:
        encrypted.findings(node)
        send(lab, peer, sender, address, 20)
        found = encrypted.findings(node)
    finally:
        rewrite(cipher)

    (finding,) = (item for (code, _), item in found.items() if code == "encryption_errors")
    assert "XfrmInStateProtoError" in {row.what for row in finding.evidence}
    assert "encryption_errors" not in {code for code, _ in encrypted.findings(node)}


#: As a kernel names them that counts (net/xfrm/xfrm_proc.c).
COUNTED = (("XfrmInError", 0), ("XfrmInNoStates", 0), ("XfrmInStateProtoError", 7))


@pytest.mark.needs("esp")
def test_errors_are_told_as_another_kernel_counts_them(encrypted: LabAuditor, pair: Pair) -> None:
    """A kernel with ESP may count none (CONFIG_XFRM_STATISTICS): the counters are another's."""
    encrypted.settled(pair.node)
    seen = encrypted.situation(pair.node)
    assert seen.reading.host is not None
    quiet = replace(seen.reading.host, xfrm_errors=tuple((name, 0) for name, _ in COUNTED))
    noisy = replace(quiet, xfrm_errors=COUNTED)
    still = replace(
        seen,
        before=replace(seen.before, host=quiet),
        reading=replace(seen.reading, host=quiet),
    )
    rising = replace(still, reading=replace(seen.reading, host=noisy))

    assert audit(still, CHECKS).findings == ()
    (finding,) = audit(rising, CHECKS).findings
    assert finding.code == "encryption_errors"
    assert [(row.what, row.expected, row.actual) for row in finding.evidence] == [
        ("XfrmInStateProtoError", "0", "7")
    ]


@pytest.mark.needs("esp")
def test_an_engine_that_numbers_otherwise_is_told(encrypted: LabAuditor, pair: Pair) -> None:
    """By itself, once for all peers; the Swarm tells of such an Engine, since none is to be had."""

    def upgraded(topology: Topology) -> Topology:
        """Give the node Engine 29.1.0, and let its peers know none of its numbers."""
        nodes = (
            replace(item, engine_version="29.1.0") if item.name == pair.node.name else item
            for item in topology.nodes
        )
        reports = (
            replace(
                report,
                inbound=_renumbered(report.inbound, pair.node.address),
                outbound=_renumbered(report.outbound, pair.node.address),
            )
            for report in topology.reports
        )
        return replace(topology, nodes=tuple(nodes), reports=tuple(reports))

    (finding,) = encrypted.as_if(pair.node, CHECKS, upgraded)

    assert (finding.code, finding.subject.item) == ("encryption_engines", "29.1.0")
    assert pair.peer.name in finding.evidence[0].expected
    assert encrypted.as_if(pair.peer, CHECKS, upgraded) == ()


def _renumbered(
    told: tuple[PeerAssociation, ...], peer: IPv4Address
) -> tuple[PeerAssociation, ...]:
    """Change the numbers of associations with *peer*."""
    return tuple(
        replace(item, spi=item.spi ^ 0x5A5A5A5A) if item.peer == peer else item for item in told
    )
