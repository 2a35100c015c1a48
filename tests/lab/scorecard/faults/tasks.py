"""Faults of a service's tasks: stopped, closed, deaf, or all of them gone."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.containers import container_of, container_of_task
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.lies import Liar
from tests.lab.ports import port_closed
from tests.lab.scorecard.scenario import Culprit, Scenario, Site

_TASK, _SERVICE = "shop_web.2", "shop_web"
_DATABASE = "shop_orders-db"
_NOBODYS = "203.0.113.7"


@contextmanager
def _stopped(site: Site) -> Iterator[Culprit]:
    node, container = container_of_task(site.lab, _TASK)
    signal_all(site.lab, node, container, "STOP")
    try:
        yield Culprit(alerts=("SwarmTaskUnreachable",), labels={"task": (_TASK,)})
    finally:
        signal_all(site.lab, node, container, "CONT")


def signal_all(lab: Lab, node: Node, container: str, name: str) -> None:
    """Send a signal to every process of a container."""
    for line in lab.docker(node, "top", container, "-eo", "pid").split()[1:]:
        lab.exec(node, "kill", f"-{name}", line)


@contextmanager
def _closed(site: Site) -> Iterator[Culprit]:
    with port_closed(site.lab, _TASK, 80):
        yield Culprit(alerts=("SwarmTaskUnreachable",), labels={"task": (_TASK,)})


@contextmanager
def _all_down(site: Site) -> Iterator[Culprit]:
    lab, service = site.lab, "shop_cache"
    update = ("service", "update", "--detach", "--no-resolve-image")
    lab.docker(lab.manager, *update, "--image=alpine:3.20", "--args=sh -c 'exit 3'", service)
    try:
        yield Culprit(alerts=("SwarmServiceDown",), labels={"service": (service,)})
    finally:
        words = "--args=redis-server --save '' --maxmemory 64mb"
        lab.docker(lab.manager, *update, "--image=redis:7-alpine", words, service)


@contextmanager
def _deaf(site: Site) -> Iterator[Culprit]:
    node, container = container_of(site.lab, _DATABASE)
    rule = ("OUTPUT", "-d", "127.0.0.11", "-j", "DROP")
    site.lab.netns(node, container, "iptables", "-I", *rule)
    try:
        yield Culprit(
            alerts=("SwarmResolverSilent",),
            labels={"node": (node.name,), "service": (_DATABASE,)},
        )
    finally:
        site.lab.netns(node, container, "iptables", "-D", *rule)


@contextmanager
def _misled(site: Site) -> Iterator[Culprit]:
    node, container = container_of(site.lab, _DATABASE)
    with Liar(site.lab, node, container) as liar:
        liar.tell("shop_api", f"also={_NOBODYS}")
        yield Culprit(
            alerts=("SwarmDnsWrong",), labels={"node": (node.name,), "service": ("shop_api",)}
        )


SCENARIOS = (
    Scenario(
        name="task-stopped",
        words=f"the processes of {_TASK}, one of three, are stopped (SIGSTOP)",
        fault=_stopped,
    ),
    Scenario(name="task-closed", words=f"the port of {_TASK} is closed", fault=_closed),
    Scenario(
        name="service-down",
        words="the only task of a service fails at each start",
        fault=_all_down,
    ),
    Scenario(
        name="resolver-dead",
        words="Docker's resolver does not answer to one task",
        fault=_deaf,
    ),
    Scenario(
        name="dns-wrong",
        words="a name resolves for one task to an address outside of the Swarm, too",
        fault=_misled,
    ),
)
