"""Faults of what was asked of Swarm: too many tasks, too few addresses, what a kernel cannot do."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.audit import services
from tests.lab.scorecard.scenario import Culprit, Scenario, Site

_NAME = "scored"
_SUBNET = "10.66.0.0/29"


@contextmanager
def _too_many(site: Site) -> Iterator[Culprit]:
    services.create(site.lab, _NAME, "--replicas", "4", "--replicas-max-per-node", "1")
    try:
        yield Culprit(
            alerts=("SwarmServiceDegraded",), labels={"service": (_NAME,)}, critical=False
        )
    finally:
        services.remove(site.lab, _NAME)


@contextmanager
def _exhausted(site: Site) -> Iterator[Culprit]:
    lab = site.lab
    services.create_network(lab, _NAME, _SUBNET)
    try:
        here = ("--constraint", f"node.hostname=={lab.manager.name}", "--network", _NAME)
        services.create(lab, _NAME, "--replicas", "6", "--endpoint-mode", "dnsrr", *here)
        yield Culprit(alerts=("SwarmAddressesExhausted",), labels={"network": (_NAME,)})
    finally:
        services.remove(lab, _NAME)
        services.remove_network(lab, _NAME)


@contextmanager
def _without_esp(site: Site) -> Iterator[Culprit]:
    lab = site.lab
    lab.docker(lab.manager, "network", "create", "--driver=overlay", "--opt=encrypted", _NAME)
    try:
        mode = ("--mode", "global", "--endpoint-mode", "dnsrr", "--network", _NAME)
        services.create(lab, _NAME, *mode)
        yield Culprit(alerts=("SwarmEncryptionBroken",))
    finally:
        services.remove(lab, _NAME)
        services.remove_network(lab, _NAME)


@contextmanager
def _without_ipvs(site: Site) -> Iterator[Culprit]:
    lab = site.lab
    lab.docker(lab.manager, "network", "create", "--driver=overlay", _NAME)
    try:
        services.create(lab, _NAME, "--replicas", "3", "--network", _NAME)
        yield Culprit(alerts=("SwarmKernelWithoutIpvs",))
    finally:
        services.remove(lab, _NAME)
        services.remove_network(lab, _NAME)


SCENARIOS = (
    Scenario(
        name="placement",
        words="a service is to have more tasks than its placement allows",
        fault=_too_many,
    ),
    Scenario(name="addresses", words="a network has no address left", fault=_exhausted),
    Scenario(
        name="encrypted",
        words="an encrypted network on kernels without ESP",
        fault=_without_esp,
        lacks=("esp",),
    ),
    Scenario(
        name="vip",
        words="a service with a VIP on kernels without IPVS",
        fault=_without_ipvs,
        lacks=("ipvs",),
    ),
)
