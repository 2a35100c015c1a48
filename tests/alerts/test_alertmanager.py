"""Who hears of what, and what silences what?"""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import build, receivers
from alerts.alertmanager import rendered
from alerts.inhibition import inhibitions
from alerts.receivers import ReceiversError
from alerts.thresholds import Thresholds
from tests import needs
from tests.alerts.inhibiting import matches, told_of
from tests.alerts.promtool import ALERTS, labels_of

CONFIG = build.ROOT / build.ALERTMANAGER
EXAMPLES = sorted((CONFIG.parent / "examples").glob("*.yml"))
RULES: list[dict[str, Any]] = yaml.safe_load(CONFIG.read_text())["inhibit_rules"]


def firing(name: str, cluster: str = "swarm", **labels: str) -> dict[str, str]:
    """Write the labels of an alert as it reaches Alertmanager."""
    return {**labels_of(ALERTS[name], labels), "cluster": cluster}


_LABEL_VALUES = {
    "node": "node3",
    "peer_node": "node3",
    "network": "shop_app",
    "service": "shop_api",
    "task": "shop_api.3",
    "target": "mail",
}
#: Fault -> alerts that it makes fire; the first is told, and nothing else.
CASES = {
    "a dead node": (
        firing("SwarmNodeDown", node="node3"),
        firing("SwarmOverlayCutOff", node="node3"),
        firing("SwarmNodeCutOffFromGossip", node="node3"),
        firing("SwarmForwardingOff", node="node3"),
        firing("SwarmNodePairBlocked", node="node1", peer_node="node3"),
        firing("SwarmForwardingBroken", node="node1", peer_node="node3", service="shop_api"),
        firing("SwarmPathBroken", node="node3", service="shop_api"),
        firing("SwarmTaskUnreachable", node="node3", service="shop_api", task="shop_api.3"),
        firing("SwarmAgentMissing", node="node3"),
        firing("SwarmServiceDegraded", service="shop_api"),
    ),
    "gossip cut off": (
        firing("SwarmNodeCutOffFromGossip", node="node3"),
        firing("SwarmGossipStale", node="node1", network="shop_app", service="shop_api"),
        firing("SwarmDnsWrong", node="node1", network="shop_app", service="shop_api"),
        firing("SwarmLoadBalancerBroken", node="node2", network="shop_app", service="shop_api"),
        firing("SwarmForwardingBroken", node="node1", network="shop_app", peer_node="node3"),
    ),
    "a node's table of connections full": (
        firing("SwarmKernelTableFull", node="node3"),
        firing("SwarmPublishedPortDead", node="node1", service="shop_api"),
    ),
    "VXLAN blocked at a node": (
        firing("SwarmOverlayCutOff", node="node3"),
        firing("SwarmPublishedPortDead", node="node1", service="shop_api"),
        firing("SwarmNodePairBlocked", node="node1", peer_node="node3"),
        firing("SwarmMtuBlackHole", node="node3", peer_node="node2"),
        firing("SwarmNodeLossy", node="node3"),
        firing("SwarmPathBroken", node="node3", service="shop_api"),
    ),
    "a row missing": (
        firing(
            "SwarmForwardingBroken",
            node="node1",
            network="shop_app",
            service="shop_api",
            peer_node="node3",
        ),
        firing("SwarmForwardingSuspect", node="node1", network="shop_app"),
        firing("SwarmPathBroken", node="node1", service="shop_api"),
        firing("SwarmTaskUnreachable", node="node3", service="shop_api", task="shop_api.3"),
        firing("SwarmServiceUnreachable", service="shop_api"),
    ),
    "no IPVS": (
        firing("SwarmKernelWithoutIpvs"),
        firing("SwarmLoadBalancerBroken", node="node1", network="shop_app", service="shop_api"),
        firing("SwarmIngressBroken", node="node1", service="shop_api"),
        firing("SwarmPublishedPortDead", node="node1", service="shop_api"),
        firing("SwarmPublishedPortDeadEverywhere", service="shop_api"),
    ),
    "a service down": (
        firing("SwarmServiceDown", service="shop_api"),
        firing("SwarmServiceDegraded", service="shop_api"),
        firing("SwarmServiceUnreachable", service="shop_api"),
        firing("SwarmDnsWrong", node="node1", network="shop_app", service="shop_api"),
        firing("SwarmPathBroken", node="node2", service="shop_api"),
    ),
    "no leader": (
        firing("SwarmNoLeader"),
        firing("SwarmTopologyStale", node="node3"),
        firing("SwarmManagerUnreachable", node="node2"),
        firing("SwarmQuorumAtRisk"),
    ),
    "a task frozen": (
        firing("SwarmTaskUnreachable", node="node3", service="shop_api", task="shop_api.3"),
        firing("SwarmPublishedPortDead", node="node1", service="shop_api"),
        firing("SwarmPathBroken", node="node1", service="shop_api"),
        firing("SwarmServiceUnreachable", service="shop_api"),
    ),
    "a published port dead": (
        firing("SwarmPublishedPortDead", node="node3", service="shop_api"),
        firing("SwarmPathBroken", node="node3", service="shop_api"),
    ),
    "a device down": (
        firing("SwarmOverlayDeviceBroken", node="node3", network="shop_app"),
        firing("SwarmLoadBalancerBroken", node="node3", network="shop_app", service="shop_api"),
        firing("SwarmOverlayCutOff", node="node3"),
        firing("SwarmOverlaySuspect", node="node3", network="shop_app"),
        firing("SwarmPublishedPortDead", node="node3", service="shop_api"),
    ),
    "a certificate": (
        firing("SwarmCertificateExpiresSoon", service="shop_api"),
        firing("SwarmCertificateExpiring", service="shop_api"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_told_of_once(name: str) -> None:
    """The cause is told, and what follows from it is not."""
    alerts = CASES[name]

    assert told_of(alerts, RULES) == [alerts[0]]


def test_another_nodes_fault_is_told_of_too() -> None:
    """A cause silences what is about its own node, not what is about others."""
    alerts = (
        firing("SwarmNodeDown", node="node3"),
        firing("SwarmForwardingOff", node="node2"),
        firing("SwarmForwardingBroken", node="node1", peer_node="node2", service="shop_api"),
        firing("SwarmServiceDown", service="shop_db"),
        firing("SwarmQuorumAtRisk"),
    )

    assert [alert["alertname"] for alert in told_of(alerts, RULES)] == [
        "SwarmNodeDown",
        "SwarmForwardingOff",
        "SwarmServiceDown",
        "SwarmQuorumAtRisk",
    ]


def test_a_cause_that_loses_no_request_explains_no_failure() -> None:
    """A manager that does not vote, or frames in clear, make nothing unreachable."""
    alerts = (
        firing("SwarmManagerUnreachable", node="node2"),
        firing("SwarmEncryptionUnprotected", node="node1", network="shop_app"),
        firing("SwarmPathBroken", node="node2", service="shop_api"),
        firing("SwarmPathBroken", node="node1", service="shop_api"),
    )

    assert told_of(alerts, RULES) == list(alerts)


def test_another_swarms_fault_is_told_of_too() -> None:
    """Clusters do not explain each other."""
    alerts = (
        firing("SwarmNodeDown", node="node3"),
        firing("SwarmOverlayCutOff", node="node3", cluster="another"),
    )

    assert told_of(alerts, RULES) == list(alerts)


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_no_alert_silences_itself_or_one_that_silences_it(name: str) -> None:
    """An alert alone is told; of any two, at least one is."""
    alone = firing(name, **{label: _LABEL_VALUES[label] for label in ALERTS[name].labels})

    assert told_of([alone], RULES) == [alone]
    for other in ALERTS.values():
        both = [alone, firing(other.name, **{key: _LABEL_VALUES[key] for key in other.labels})]
        assert told_of(both, RULES), other.name


def test_every_target_must_have_what_is_compared() -> None:
    """A label that neither side has counts as equal: so no rule may compare one that may lack."""
    for rule in inhibitions(Thresholds()):
        for label in rule.equal:
            assert f'{label}!=""' in rule.targets or "alertname=~" in "".join(rule.targets)


def test_the_watchdog_is_silenced_by_nothing() -> None:
    """A dead man's switch that can be silenced is none."""
    watchdog = {"alertname": "SwarmscopeWatchdog", "severity": "none", "role": "self"}

    assert not any(matches(rule["target_matchers"], watchdog) for rule in RULES)


@needs.command("amtool", "prometheus-alertmanager")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_alertmanager_takes_each_example(example: Path, tmp_path: Path) -> None:
    """Built with an example's receivers, the configuration passes Alertmanager's own check."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(rendered(Thresholds(), receivers.load(example)))

    done = subprocess.run(
        ["amtool", "check-config", file], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_example_holds_a_secret() -> None:
    """What opens something is in a file of its own, a Swarm secret."""
    for example in EXAMPLES:
        for line in example.read_text().splitlines():
            key = line.strip("- ").partition(":")[0]
            assert key not in {"credentials", "api_url", "routing_key", "auth_password"}, example


@needs.command("amtool", "prometheus-alertmanager")
@pytest.mark.parametrize(
    ("severity", "receiver"),
    [("critical", "page"), ("warning", "ticket"), ("info", "nobody"), ("none", "nobody")],
)
def test_a_severity_leads_to_its_receiver(severity: str, receiver: str) -> None:
    """Critical pages, a warning is a ticket, and the rest is shown."""
    assert routed(f"severity={severity}", "alertname=SwarmNodeDown") == receiver


@needs.command("amtool", "prometheus-alertmanager")
def test_the_watchdog_has_a_receiver_of_its_own() -> None:
    """Whoever waits for it wants nothing else."""
    assert routed("severity=none", "alertname=SwarmscopeWatchdog") == "watchdog"


def routed(*labels: str) -> str:
    """Ask amtool where an alert goes."""
    command = ["amtool", "config", "routes", "test", f"--config.file={CONFIG}", *labels]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("pager: {}\n", "1: pager: no such receiver; there are page, ticket, watchdog"),
        ("page: x\n", "1: page: should be a mapping, such as webhook_configs: [...]"),
        ("page: {}\npage: {}\n", "2: not YAML: the key 'page' stands twice"),
    ],
)
def test_a_bad_file_of_receivers_is_named(text: str, problem: str, tmp_path: Path) -> None:
    """File, line, name and reason."""
    file = tmp_path / "receivers.yml"
    file.write_text(text)

    with pytest.raises(ReceiversError) as raised:
        receivers.load(file)

    assert str(raised.value) == f"{file}:{problem}"
