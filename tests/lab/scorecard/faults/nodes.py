"""Faults of a node: dead, cut off, misconfigured, full, or without its agent."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.audit import crowding
from tests.lab.commands import run
from tests.lab.scorecard.faults.between import filtered
from tests.lab.scorecard.scenario import Culprit, Scenario, Site
from tests.lab.swarmscope import AGENT_PORT, agent_container
from tests.lab.swarmscope_images import image_of

_FORWARDING = "net.ipv4.ip_forward"
_CONNECTIONS = "net.netfilter.nf_conntrack_max"
_CROWD = 900


@contextmanager
def _dead(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    site.lab.stop_engine(victim)
    try:
        yield Culprit(alerts=("SwarmNodeDown",), labels={"node": (victim.name,)})
    finally:
        site.lab.start_engine(victim)


@contextmanager
def _cut_off(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    site.lab.cut(victim)
    try:
        yield Culprit(alerts=("SwarmNodeDown",), labels={"node": (victim.name,)})
    finally:
        site.lab.rejoin(victim)


@contextmanager
def _not_forwarding(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    site.lab.exec(victim, "sysctl", "-w", f"{_FORWARDING}=0")
    try:
        yield Culprit(alerts=("SwarmForwardingOff",), labels={"node": (victim.name,)})
    finally:
        site.lab.exec(victim, "sysctl", "-w", f"{_FORWARDING}=1")


@contextmanager
def _full(site: Site) -> Iterator[Culprit]:
    victim = site.lab.nodes[-1]
    before = run("sysctl", "-n", _CONNECTIONS).strip()
    with crowding.connections(site.lab, victim, _CROWD, knocking=True):
        run("sysctl", "-w", f"{_CONNECTIONS}={_CROWD - 1}")
        try:
            yield Culprit(alerts=("SwarmKernelTableFull",), labels={"node": (victim.name,)})
        finally:
            run("sysctl", "-w", f"{_CONNECTIONS}={before}")


@contextmanager
def _without_agent(site: Site) -> Iterator[Culprit]:
    lab, victim = site.lab, site.lab.nodes[-1]
    image, kept = image_of("swarmscope"), "kept/for-later"
    lab.docker(victim, "tag", image, kept)
    lab.docker(victim, "rmi", "--force", image)
    try:
        lab.docker(victim, "rm", "--force", agent_container(lab, victim))
        yield Culprit(
            alerts=("SwarmAgentMissing",), labels={"node": (victim.name,)}, critical=False
        )
    finally:
        lab.docker(victim, "tag", kept, image)
        lab.docker(victim, "rmi", kept)


@contextmanager
def _without_topology(site: Site) -> Iterator[Culprit]:
    lab, victim = site.lab, site.lab.nodes[-1]
    rule = f"output ip daddr {lab.manager.address} tcp dport {AGENT_PORT} drop"
    with filtered(lab, victim, rule):
        yield Culprit(
            alerts=("SwarmTopologyStale", "SwarmscopeTopologyOld"),
            labels={"node": (victim.name,)},
            critical=False,
        )


SCENARIOS = (
    Scenario(name="node-dead", words="a node's Engine and containers are killed", fault=_dead),
    Scenario(name="node-cut-off", words="a node's cable is pulled", fault=_cut_off),
    Scenario(name="forwarding-off", words="ip_forward of a node is 0", fault=_not_forwarding),
    Scenario(
        name="conntrack-full",
        words="a node's table of connections is full",
        fault=_full,
        needs=("own_limits",),
    ),
    Scenario(
        name="agent-dead",
        words="a node's agent is gone and cannot start again",
        fault=_without_agent,
    ),
    Scenario(
        name="topology-gone",
        words="a worker's agent does not reach the managers' agents",
        fault=_without_topology,
    ),
)
