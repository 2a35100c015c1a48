"""Does an overlay lose frames on this node, for no reason that another check names?

On a Swarm that is well, a VXLAN device drops a frame now and then: what is sent to nobody, such as
the kernel's own multicast when the device comes up, or a question for an address that is gone.
"""

from collections.abc import Iterator

from probes.audit import fdb
from probes.audit.check import Answer, Check
from probes.audit.local_overlays import overlays_read
from probes.audit.situation import Situation
from probes.findings import overlay as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook, Link, LinkStatistics, NamespaceReading
from probes.model.topology import Network
from probes.model.vantage import VantageKind

#: Nothing that is well comes near; a name looked up each second at an address that is gone does
#: not, either.
_FRAMES_A_SECOND = 5.0
_FRAMES = 10
_KINDS = frozenset({"vxlan", "bridge"})


def check(situation: Situation) -> Iterator[Answer]:
    """Compare the counters of each overlay's bridge and VXLAN device with those of last time.

    A frame for which there is no entry is dropped by the VXLAN device, and counted: where the
    check of forwarding entries finds one lacking, that is the cause.
    """
    seconds = situation.reading.read_at - situation.before.read_at
    if not situation.before.read_at:
        yield CouldNotLook(where="overlays, counters", why="there is no earlier reading yet")
        return
    if seconds <= 0:
        return  # it is the same reading
    before = {
        reading.vantage.netns: reading for reading in situation.before.of_kind(VantageKind.OVERLAY)
    }
    losing = [
        finding
        for network, reading in overlays_read(situation)
        for finding in _losses(network, reading, before.get(reading.vantage.netns), seconds)
    ]
    if losing:
        explained = _explained(situation)
        yield from (item for item in losing if item.subject.network not in explained)


def _losses(
    network: Network,
    reading: NamespaceReading,
    before: NamespaceReading | None,
    seconds: float,
) -> Iterator[Finding]:
    known = {(link.index, link.mac): link for link in before.links} if before else {}
    for link in reading.links:
        earlier = known.get((link.index, link.mac))
        if link.kind not in _KINDS or earlier is None:
            continue
        lost = _lost(link.statistics) - _lost(earlier.statistics)
        if lost < _FRAMES or lost < seconds * _FRAMES_A_SECOND:
            continue
        evidence = Evidence(
            what=f"counters of {link.name}, {seconds:.0f} s apart",
            expected=_counters(earlier),
            actual=_counters(link),
        )
        yield findings.LOSING.found(Subject(network=network.name, item=link.name), evidence)


def _lost(counted: LinkStatistics) -> int:
    return (
        counted.receive_errors
        + counted.receive_dropped
        + counted.transmit_errors
        + counted.transmit_dropped
    )


def _counters(link: Link) -> str:
    counted = link.statistics
    return (
        f"RX errors {counted.receive_errors} dropped {counted.receive_dropped},"
        f" TX errors {counted.transmit_errors} dropped {counted.transmit_dropped}"
    )


def _explained(situation: Situation) -> frozenset[str]:
    """Name the networks whose losses have a cause that the forwarding entries tell."""
    found = (answer for answer in fdb.check(situation) if isinstance(answer, Finding))
    return frozenset(finding.subject.network for finding in found)


CHECKS = (Check(name="overlay losses", finds=(findings.LOSING,), run=check),)
