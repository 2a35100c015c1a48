"""Do the agents answer scrapes as blackbox_exporter does, from inside the Swarm's networks?"""

import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.exporter.blackbox.asking import samples
from tests.lab import swarmscope as shipped
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import AGENT_PORT, STACK_NAME, agent_container
from tests.lab.swarmscope_images import ROOT, STACK
from tests.lab.wait import at_once, wait_until

# Faults by the dozen, held against blackbox_exporter: minutes.
pytestmark = [pytest.mark.lab, pytest.mark.faults]

EXAMPLE = ROOT / "deploy" / "examples" / "blackbox" / "stack.yml"
SUCCESS = ("probe_success", frozenset[tuple[str, str]]())

_WITHIN_SECONDS = 60.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def probing(swarmscope: Lab) -> Iterator[Lab]:
    """Put the example on top of the stack for these tests."""
    try:
        swarmscope.deploy(STACK, STACK_NAME, over=(EXAMPLE,))
        at_once(shipped.wait_until_ready, swarmscope.nodes)
        at_once(lambda node: _wait_until_it_answers(swarmscope, node), swarmscope.nodes)
        yield swarmscope
    finally:
        swarmscope.deploy(STACK, STACK_NAME)
        at_once(shipped.wait_until_ready, swarmscope.nodes)


def _wait_until_it_answers(lab: Lab, node: Node) -> None:
    """Wait until the agent knows the tasks, and the shop's are there for it."""
    wait_until(
        lambda: _works(ask(lab, node, "http://api/health", "shop_web")),
        _WITHIN_SECONDS,
        f"the agent on {node.name} probes from shop_web",
    )


def _works(told: tuple[int, str]) -> bool:
    status, text = told
    if status != 200 or samples(text)[SUCCESS] != 1:
        raise LabError(f"status {status}: {text[:300]}")
    return True


def ask(
    lab: Lab, node: Node, target: str, source: str, module: str = "http_2xx", *, token: bool = True
) -> tuple[int, str]:
    """Ask the agent on *node*, as Prometheus would; its status and its text."""
    query = urlencode({"target": target, "module": module, "source": source})
    url = f"http://{node.address}:{AGENT_PORT}/probe?{query}"
    request = urllib.request.Request(url, headers={"X-Prometheus-Scrape-Timeout-Seconds": "6"})
    if token:
        path = "/run/secrets/swarmscope_token"
        secret = lab.docker(node, "exec", agent_container(lab, node), "cat", path).strip()
        request.add_header("Authorization", f"Bearer {secret}")
    try:
        with _DIRECT.open(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        raise LabError(f"{url}: {error}") from error


def test_every_agent_looks_from_a_task_wherever_that_runs(probing: Lab) -> None:
    """By the name that the service knows, on the overlay that it shares with the target."""
    for node in probing.nodes:
        for source in ("shop_web.1", "shop_worker.1"):
            status, text = ask(probing, node, "http://api/health", source)

            assert status == 200, text
            found = samples(text)
            assert found[SUCCESS] == 1
            assert found["probe_http_status_code", frozenset()] == 200


def test_a_closed_port_fails_and_an_open_one_does_not(probing: Lab) -> None:
    """The target was looked at, and it said no."""
    for node in probing.nodes:
        for port, expected in ((80, 1), (9, 0)):
            status, text = ask(probing, node, f"api:{port}", "shop_web.1", "tcp_connect")

            assert (status, samples(text)[SUCCESS]) == (200, expected)


def test_nobody_is_let_in_without_the_token(probing: Lab) -> None:
    """From the node's own network neither."""
    for node in probing.nodes:
        status, text = ask(probing, node, "http://api/health", "shop_web", token=False)

        assert (status, text) == (403, "this needs the header 'Authorization: Bearer TOKEN'\n")


def test_what_is_not_listed_is_not_looked_at(probing: Lab) -> None:
    """Another service of the same overlay, by its name or by its address, and the node itself."""
    address = "10.0.0.1"
    for target in ("http://web/", f"http://{address}/", f"http://127.0.0.1:{AGENT_PORT}/metrics"):
        status, text = ask(probing, probing.manager, target, "shop_worker.1")

        assert status == 403, text
        assert "is not in blackbox.allow of the agent's configuration" in text


def test_a_source_that_nobody_has_is_an_error_of_the_scrape(probing: Lab) -> None:
    """Not a failure of the target."""
    status, text = ask(probing, probing.manager, "http://api/health", "shop_wbe")

    assert status == 400
    assert "there is no service, task or container 'shop_wbe'; did you mean shop_web?" in text
    assert "probe_success" not in text
