"""Are services that do not run found, with the reason, by the leader's node alone?"""

from collections.abc import Iterator

import pytest

from probes.model.finding import Finding
from tests.lab.audit import services
from tests.lab.audit.looking import LabAuditor
from tests.lab.lab import Lab
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.faults]

NAME = "audited"


@pytest.fixture
def swarm(auditor: LabAuditor) -> Iterator[Lab]:
    """The lab, without the test's service before and after."""
    lab = auditor.lab
    yield lab
    if NAME in lab.docker(lab.manager, "service", "ls", "--format={{.Name}}").split():
        services.remove(lab, NAME)


def rows(finding: Finding) -> str:
    return " | ".join(f"{row.what}: {row.actual}" for row in finding.evidence)


def others_are_silent(auditor: LabAuditor, code: str) -> bool:
    """Tell whether no other node tells of it."""
    return not any(
        key[0] == code for node in auditor.lab.nodes[1:] for key in auditor.findings(node)
    )


def test_a_service_without_a_running_task_is_down(auditor: LabAuditor, swarm: Lab) -> None:
    """Its image is nowhere to be had, and the evidence says so."""
    found: list[Finding] = []

    def inject() -> None:
        services.create(swarm, NAME, image="localhost:1/nowhere:1")

        def says_why() -> bool:
            found[:] = [auditor.wait_for(swarm.manager, "service_down", service=NAME)]
            return "(image)" in rows(found[0])

        wait_until(says_why, 60, "the image is named as the reason")
        assert others_are_silent(auditor, "service_down")

    auditor.shows(
        swarm.manager,
        "service_down",
        inject=inject,
        remove=lambda: services.remove(swarm, NAME),
        service=NAME,
    )

    assert "running tasks: 0" in rows(found[0])


def test_a_service_with_too_few_tasks_is_degraded(auditor: LabAuditor, swarm: Lab) -> None:
    """One more than may be on the three nodes."""

    def inject() -> None:
        most = ("--replicas", "4", "--replicas-max-per-node", "1")
        services.create(swarm, NAME, *most)
        services.wait_for_states(swarm, NAME, running=3, pending=1)

    finding = auditor.shows(
        swarm.manager,
        "service_degraded",
        inject=inject,
        remove=lambda: services.remove(swarm, NAME),
        service=NAME,
    )

    assert "running tasks: 3" in rows(finding)
    assert "(placement): no suitable node" in rows(finding)


def test_an_update_that_does_not_go_on_is_stuck(auditor: LabAuditor, swarm: Lab) -> None:
    """The new task has no node to go to, and the old one runs on."""

    def inject() -> None:
        services.create(swarm, NAME, "--update-order", "start-first")
        services.wait_for_states(swarm, NAME, running=1)
        nowhere = ("--constraint-add", "node.hostname==nowhere")
        swarm.docker(
            swarm.manager, "service", "update", "--detach", "--no-resolve-image", *nowhere, NAME
        )

    finding = auditor.shows(
        swarm.manager,
        "service_stuck",
        inject=inject,
        remove=lambda: services.remove(swarm, NAME),
        timeout=120,
        service=NAME,
        item="placement",
    )

    assert "pending" in rows(finding)


def test_a_task_that_fails_again_and_again_is_told(auditor: LabAuditor, swarm: Lab) -> None:
    """In between it runs, so the service is not down."""
    services.create(swarm, NAME, "--restart-delay", "0s", command="sleep 6; exit 3")

    finding = auditor.wait_for(
        swarm.manager, "service_failing", service=NAME, item="exit", timeout=90
    )

    assert "non-zero exit (3)" in rows(finding)
    services.remove(swarm, NAME)
    assert "service_failing" not in {key[0] for key in auditor.findings(swarm.manager)}


def test_a_service_on_one_node_is_told(auditor: LabAuditor, swarm: Lab) -> None:
    """It was placed while the other nodes took no tasks, and Swarm leaves it there."""

    def inject() -> None:
        _availability(swarm, "pause")
        try:
            services.create(swarm, NAME, "--replicas", "2")
            services.wait_for_states(swarm, NAME, running=2)
        finally:
            _availability(swarm, "active")

    auditor.shows(
        swarm.manager,
        "service_on_one_node",
        inject=inject,
        remove=lambda: services.remove(swarm, NAME),
        service=NAME,
        peer=swarm.manager.name,
    )


def _availability(lab: Lab, availability: str) -> None:
    """Let all nodes but the manager take tasks, or none; what runs there goes on."""
    for node in lab.nodes[1:]:
        option = f"--availability={availability}"
        lab.docker(lab.manager, "node", "update", option, node.name)
