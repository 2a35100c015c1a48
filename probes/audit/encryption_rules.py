"""Do the firewall's rules keep encrypted networks from being sent, or taken, in clear?

The Engine writes two rules for each of their VNIs: one gives what leaves the mark that the policies
ask for, and one drops what came without ESP (moby libnetwork/drivers/overlay/encryption.go,
programMangle and programInput).
"""

from collections.abc import Iterator

from probes.audit.check import Answer, Check
from probes.audit.encrypted_peers import encrypted_overlays
from probes.audit.local_overlays import LocalOverlay, unread
from probes.audit.situation import Situation
from probes.findings import encryption as findings
from probes.model.finding import Evidence, Subject
from probes.model.reading import CouldNotLook, Firewall, FirewallRule

#: moby libnetwork/drivers/overlay/encryption.go, `mark`.
MARK = 0xD0C4E3
#: Where an Engine that speaks nf_tables keeps the VNIs in a set (moby 29, experimental).
_NATIVE_TABLE = "docker-overlay"


def check(situation: Situation) -> Iterator[Answer]:
    """Look for both rules of every VNI that is in use here."""
    overlays = encrypted_overlays(situation)
    if not overlays:
        return
    host = situation.reading.host
    closed = unread(situation, "host", "host, firewall")
    if host is None or closed is not None:
        yield closed or CouldNotLook(where="host, firewall", why="it was not read")
        return
    firewall = host.namespace.firewall
    tables = {chain.table for chain in firewall.chains} | {rule.table for rule in firewall.rules}
    if _NATIVE_TABLE in tables:
        yield CouldNotLook(
            where="host, firewall",
            why=f"the Engine keeps the encrypted VNIs in a set of the table {_NATIVE_TABLE}",
        )
        return
    for overlay in overlays:
        yield from _overlay(overlay, firewall, situation.topology.data_path_port)


def _overlay(overlay: LocalOverlay, firewall: Firewall, port: int) -> Iterator[Answer]:
    marks = [rule for rule in firewall.rules if _marks(rule)]
    drops = [rule for rule in firewall.rules if _drops(rule)]
    lacking = []
    for vni in sorted(overlay.vnis):
        wanted = f"-p udp --dport {port}, VNI {vni}"
        for rules, where, does in (
            (marks, "mangle OUTPUT", f"MARK {MARK:#x}"),
            (drops, "filter INPUT", "DROP"),
        ):
            if not any(rule.vni == vni and rule.destination_port == port for rule in rules):
                if any(rule.vni is None and rule.destination_port == port for rule in rules):
                    yield CouldNotLook(
                        where=f"host, firewall, {where}, VNI {vni}",
                        why="a rule picks networks in a way that we cannot read",
                    )
                    return
                lacking.append(Evidence(what=where, expected=f"{wanted}, {does}", actual="none"))
    if lacking:
        yield findings.UNPROTECTED.found(Subject(network=overlay.network.name), *lacking)


def _marks(rule: FirewallRule) -> bool:
    in_place = rule.table == "mangle" and rule.chain == "OUTPUT"
    return in_place and rule.target == "MARK" and rule.mark == MARK


def _drops(rule: FirewallRule) -> bool:
    """Tell a drop that looks into the packet; any other drop of ours would be a blocked port."""
    in_place = rule.table == "filter" and rule.chain == "INPUT"
    return in_place and rule.target == "DROP" and rule.conditional


CHECKS = (Check(name="encryption rules", finds=(findings.UNPROTECTED,), run=check),)
