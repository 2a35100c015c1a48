"""Is each overlay that a local task needs there, and made as its network says?

Docker makes, for each subnet, a bridge and a VXLAN device on it, in one namespace for the network
(moby libnetwork/drivers/overlay/ov_network.go, setupSubnetSandbox).
"""

from collections.abc import Iterator

from probes.audit import (
    overlay_losses,
    overlay_mtu,
    overlay_ports,
    overlay_strangers,
    overlay_underlay,
)
from probes.audit.check import Answer, Check
from probes.audit.local_overlays import (
    NAMESPACES,
    LocalOverlay,
    local_overlays,
    pasted,
    ports_of,
    state_of,
)
from probes.audit.overlay_strangers import taken_vnis
from probes.audit.situation import Situation
from probes.findings import overlay as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import Link, NamespaceReading


def check(situation: Situation) -> Iterator[Answer]:
    """Compare every overlay of which a running task stands here.

    A network whose number something else has cannot be made: then that is found, and nothing here.
    """
    taken = taken_vnis(situation)
    for overlay in local_overlays(situation):
        if overlay.closed is not None:
            yield overlay.closed
        elif overlay.reading is None:
            if not overlay.vnis & taken:
                yield _no_namespace(overlay)
        else:
            yield from _devices(overlay, overlay.reading, taken, situation)


def _no_namespace(overlay: LocalOverlay) -> Finding:
    tasks = ", ".join(sorted(endpoint.name for endpoint in overlay.endpoints))
    evidence = Evidence(
        what="namespace",
        expected=f"{NAMESPACES}/*-{overlay.network.id[:10]}, for {tasks}",
        actual="none",
    )
    subject = Subject(network=overlay.network.name)
    return findings.NAMESPACE_MISSING.found(subject, evidence, service=overlay.service)


def _devices(
    overlay: LocalOverlay,
    reading: NamespaceReading,
    taken: frozenset[int],
    situation: Situation,
) -> Iterator[Finding]:
    bridges = [link for link in reading.links if link.kind == "bridge"]
    vxlans = [link for link in reading.links if link.kind == "vxlan"]
    if not bridges:
        yield _missing(overlay, reading, "br0", "bridge")
        return
    known = frozenset(overlay.network.vnis)
    strange = [link for link in vxlans if known and link.vni not in known]
    lacking = overlay.vnis - {link.vni for link in vxlans} - taken
    if strange:
        for link in strange:
            yield _wrong_vni(overlay, link)
    elif lacking or not vxlans:
        wanted = " and ".join(f"vxlan id {vni}" for vni in sorted(lacking)) or "vxlan"
        yield _missing(overlay, reading, "vxlan0", wanted)
    for link in vxlans:
        yield from _vxlan(overlay, reading, link, bridges)
        if link.vxlan_port != situation.topology.data_path_port:
            evidence = Evidence(
                what="dstport",
                expected=str(situation.topology.data_path_port),
                actual=f"{link.vxlan_port} of {link.name}",
            )
            subject = Subject(network=overlay.network.name, item=link.name)
            yield findings.WRONG_PORT.found(subject, evidence)
    for bridge in bridges:
        # A bridge whose ports are all down is down with them: then they are the fault.
        if not bridge.up and any(port.up for port in ports_of(bridge, reading)):
            evidence = Evidence(what="state", expected=f"{bridge.name} UP", actual="DOWN")
            subject = Subject(network=overlay.network.name, item=bridge.name)
            yield findings.BRIDGE_DOWN.found(subject, evidence, netns=pasted(reading))


def _missing(overlay: LocalOverlay, reading: NamespaceReading, item: str, wanted: str) -> Finding:
    there = ", ".join(sorted(link.name for link in reading.links if link.kind)) or "none"
    evidence = Evidence(what="devices", expected=f"{item} ({wanted})", actual=there)
    return findings.DEVICE_MISSING.found(Subject(network=overlay.network.name, item=item), evidence)


def _wrong_vni(overlay: LocalOverlay, link: Link) -> Finding:
    wanted = ", ".join(map(str, overlay.network.vnis))
    evidence = Evidence(what="vxlan id", expected=wanted, actual=f"{link.vni} of {link.name}")
    return findings.WRONG_VNI.found(
        Subject(network=overlay.network.name, item=link.name),
        evidence,
    )


def _vxlan(
    overlay: LocalOverlay,
    reading: NamespaceReading,
    link: Link,
    bridges: list[Link],
) -> Iterator[Finding]:
    """Look whether a VXLAN device is on a bridge and up, and takes what the bridge's ports send."""
    bridge = next((item for item in bridges if item.index == link.master_index), None)
    subject = Subject(network=overlay.network.name, item=link.name)
    expected = (bridge or bridges[0]).name
    if bridge is None or not link.up:
        evidence = Evidence(
            what="state",
            expected=f"{link.name} master {expected} UP",
            actual=state_of(link, bridge),
        )
        yield findings.VXLAN_DOWN.found(subject, evidence, netns=pasted(reading), bridge=expected)
        return
    ports = [port for port in ports_of(bridge, reading) if port.kind == "veth"]
    largest = max((port.mtu_bytes for port in ports), default=0)
    if largest > link.mtu_bytes:
        evidence = Evidence(
            what="mtu",
            expected=f"{link.name} mtu {largest}, as its neighbours on {bridge.name}",
            actual=f"mtu {link.mtu_bytes}",
        )
        yield findings.MTU_UNEVEN.found(subject, evidence, netns=pasted(reading), mtu=str(largest))


CHECKS = (
    Check(
        name="overlay devices",
        finds=(
            findings.NAMESPACE_MISSING,
            findings.DEVICE_MISSING,
            findings.BRIDGE_DOWN,
            findings.VXLAN_DOWN,
            findings.WRONG_VNI,
            findings.WRONG_PORT,
            findings.MTU_UNEVEN,
        ),
        run=check,
    ),
    *overlay_ports.CHECKS,
    *overlay_losses.CHECKS,
    *overlay_strangers.CHECKS,
    *overlay_underlay.CHECKS,
    *overlay_mtu.CHECKS,
)
