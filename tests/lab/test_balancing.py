"""What a Swarm does whose kernel has IPVS and ESP: VIPs, the routing mesh, encrypted overlays.

The ground for every reading and finding about them: here, it is well.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from tests.lab.conftest import Stack
from tests.lab.containers import container_of
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import get
from tests.lab.wait import at_once, wait_until

pytestmark = pytest.mark.lab

REPLICAS = 3
REQUESTS = 12
PUBLISHED_PORT = 8081

#: A published port, so a VIP each on `ingress` and on the stack's network.
BALANCED = f"""
version: "3.8"
services:
  web:
    image: traefik/whoami:v1.10
    ports: ["{PUBLISHED_PORT}:80"]
    deploy: {{replicas: {REPLICAS}}}
  client:
    image: alpine:3.20
    command: [sh, -c, "trap exit TERM; sleep 1d & wait"]
"""

#: Without VIPs: it takes nothing but ESP.
ENCRYPTED = """
version: "3.8"
services:
  server:
    image: traefik/whoami:v1.10
    deploy: {endpoint_mode: dnsrr, placement: {constraints: [node.hostname == node3]}}
  client:
    image: alpine:3.20
    command: [sh, -c, "trap exit TERM; sleep 1d & wait"]
    deploy: {placement: {constraints: [node.hostname == node2]}}
networks:
  default: {driver: overlay, driver_opts: {encrypted: ""}}
"""


@pytest.fixture(scope="module")
def balanced(
    lab: Lab,
    shop_images: None,  # noqa: ARG001 -- the stack needs them
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lab]:
    """The lab with three replicas behind one VIP, and a client of theirs."""
    file = tmp_path_factory.mktemp("balanced") / "balanced.yml"
    file.write_text(BALANCED)
    lab.deploy(file, "balanced")
    yield lab
    lab.remove("balanced")


def replicas(lab: Lab) -> set[str]:
    """Return the host names of the replicas: what each of them answers."""
    label = "--filter=label=com.docker.swarm.service.name=balanced_web"

    def on(node: Node) -> list[str]:
        return lab.docker(node, "ps", "--quiet", label).split()

    return {name for found in at_once(on, lab.nodes) for name in found}


def ask_through_vip(lab: Lab, times: int) -> Counter[str]:
    """Count who answers the client, a new connection each time."""
    node, client = container_of(lab, "balanced_client")
    ask = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 web 80 | tail -1"
    script = f"for i in $(seq {times}); do {ask}; done"
    return Counter(lab.docker(node, "exec", client, "sh", "-c", script).split())


@pytest.mark.needs("ipvs")
def test_a_vip_spreads_requests_evenly_over_the_replicas(balanced: Lab) -> None:
    """Round robin: every replica answers its share, to the last request."""
    expected = replicas(balanced)
    assert len(expected) == REPLICAS
    # The load balancer learns of the replicas one by one, some time after they run.
    wait_until(
        lambda: set(ask_through_vip(balanced, REPLICAS)) == expected,
        30,
        "every replica is behind the VIP",
    )

    answers = ask_through_vip(balanced, REQUESTS)

    assert answers == dict.fromkeys(expected, REQUESTS // REPLICAS)


@pytest.mark.needs("ipvs")
def test_a_published_port_answers_on_every_node(balanced: Lab) -> None:
    """The routing mesh: each node leads to every replica, wherever it runs."""
    expected = replicas(balanced)

    def leads_to_all(node: Node) -> bool:
        return {get(node, PUBLISHED_PORT, "/").strip() for _ in range(REPLICAS)} == expected

    for node in balanced.nodes:
        wait_until(partial(leads_to_all, node), 30, f"{node.name} leads to every replica")


@pytest.mark.needs("ipvs")
def test_the_kernel_counts_what_went_through_a_load_balancer(balanced: Lab) -> None:
    """Each node has the service's backends in the kernel's tables, and the counters move."""
    expected = replicas(balanced)
    wait_until(
        lambda: set(ask_through_vip(balanced, REPLICAS)) == expected,
        30,
        "every replica is behind the VIP",
    )
    node, _ = container_of(balanced, "balanced_client")
    network = balanced.docker(
        balanced.manager, "network", "inspect", "--format={{.ID}}", "balanced_default"
    )

    def connections() -> list[int]:
        table = balanced.netns(
            node, f"lb_{network[:9]}", "ipvsadm", "--list", "--numeric", "--stats", "--exact"
        )
        return [int(count) for count in re.findall(r"-> [0-9.]+:0 +(\d+)", table)]

    before = connections()
    ask_through_vip(balanced, REQUESTS)

    assert len(before) >= REPLICAS
    # Newer kernels add the counters up every other second.
    wait_until(
        lambda: sum(connections()) - sum(before) >= REQUESTS, 10, "the requests were counted"
    )


@pytest.mark.needs("esp")
@pytest.mark.usefixtures("shop_images")
def test_an_encrypted_overlay_passes_traffic_between_nodes(lab: Lab, stack: Stack) -> None:
    """And the kernel counts it as encrypted, on its way out and on its way in."""
    stack(ENCRYPTED, "hidden")
    node, client = container_of(lab, "hidden_client")
    server_node, _ = container_of(lab, "hidden_server")
    assert server_node != node

    ask = "printf 'GET /health HTTP/1.0\\r\\n\\r\\n' | nc -w 2 server 80"
    answer = wait_until(
        lambda: lab.docker(node, "exec", client, "sh", "-c", ask), 30, "the server answers"
    )

    assert "200 OK" in answer
    assert encrypted_packets(lab, node, server_node) > 0
    assert encrypted_packets(lab, server_node, node) > 0


def encrypted_packets(lab: Lab, source: Node, destination: Node) -> int:
    """Return how many packets *source* has sent to *destination* by ESP."""
    ends = ("src", str(source.address), "dst", str(destination.address))
    states = lab.exec(source, "ip", "-statistics", "xfrm", "state", "list", *ends)
    return sum(int(count) for count in re.findall(r"\(bytes\), (\d+)\(packets\)", states))
