"""Is IPVS set in each load balancer as the Engine sets it?

The values were seen with Engines 20.10, 26.1 and 28.5 (moby libnetwork/osl ApplyOSTweaks and
service_linux.go): the Engine writes them when it makes the namespace and only logs when it cannot.
It writes `conntrack` with the first VIP, and not where tasks answer clients directly.
"""

from collections.abc import Iterator
from types import MappingProxyType

from probes.audit.balancer_state import Balancer, balancers, served_vips
from probes.audit.check import Answer
from probes.audit.situation import Situation
from probes.findings import balancer as findings
from probes.model.finding import Evidence, Finding, Subject
from probes.model.reading import CouldNotLook

_CONNTRACK = "net.ipv4.vs.conntrack"
_ON = "1"

EXPECTED = MappingProxyType(
    {
        "net.ipv4.vs.conn_reuse_mode": "0",
        "net.ipv4.vs.expire_nodest_conn": "1",
        "net.ipv4.vs.expire_quiescent_template": "1",
    },
)


def check(situation: Situation) -> Iterator[Answer]:
    """Compare where there is a VIP with tasks behind it."""
    for balancer in balancers(situation):
        if not any(served.running for served in served_vips(balancer, situation)):
            continue
        where = f"lb {balancer.network.name}, sysctls"
        failure = (item for item in situation.reading.failures if item.where == where)
        if not balancer.reading.sysctls:
            yield next(failure, CouldNotLook(where=where, why="they were not read"))
            continue
        yield from _conntrack(balancer)
        yield from _others(balancer)


def _conntrack(balancer: Balancer) -> Iterator[Finding]:
    """Look whether IPVS tracks its connections; a kernel without IP_VS_NFCT cannot."""
    actual = balancer.reading.sysctl(_CONNTRACK)
    if balancer.direct or actual == _ON:
        return
    evidence = Evidence(
        what=_CONNTRACK, expected=_ON, actual=actual or "none: the kernel lacks IP_VS_NFCT"
    )
    subject = Subject(network=balancer.network.name, item=_CONNTRACK)
    yield findings.CONNTRACK_OFF.found(subject, evidence, netns=balancer.netns)


def _others(balancer: Balancer) -> Iterator[Finding]:
    for name, expected in EXPECTED.items():
        actual = balancer.reading.sysctl(name)
        if actual is None or actual == expected:
            continue  # a kernel that has no such name does not do otherwise either
        evidence = Evidence(what=name, expected=expected, actual=actual)
        subject = Subject(network=balancer.network.name, item=name)
        yield findings.SYSCTL.found(subject, evidence, netns=balancer.netns, value=expected)
