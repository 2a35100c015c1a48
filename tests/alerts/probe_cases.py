"""Cases of alerts that are made of probes: which fail, and what they have in common."""

from dataclasses import replace

from exporter.catalog import FINDINGS_PENDING, PROBE_CERTIFICATE_EXPIRY
from tests.alerts.promtool import ALERTS, Case, Labels, series
from tests.alerts.swarm import BAD, BEGINS, ENDS, GOOD, Look, lossy, second_network, seen

#: Some agent makes sure of something, from the fault on.
_PENDING = {series(FINDINGS_PENDING, node="node1", job="swarmscope"): "0x2 1x57"}


def _case(
    name: str,
    alert: str,
    shown: dict[str, str],
    *culprits: Labels,
    after: int | None = None,
) -> Case:
    fires = BEGINS + int(ALERTS[alert].hold_seconds if after is None else after)
    return Case(
        name=name,
        alert=alert,
        series=shown,
        silent_at=(0, fires - 5, ENDS + 30),
        fires_at=fires,
        culprits=culprits,
    )


def _node3(look: Look) -> bool:
    return look.crosses and "node3" in look.nodes


def _pair(look: Look) -> bool:
    return look.crosses and look.nodes == {"node2", "node3"}


def _api2(look: Look) -> bool:
    return look.destination_task == "shop_api.2" and look.probe == "tcp"


def _large(*bad: frozenset[str]) -> dict[str, str]:
    """Add large echoes, of which those between any two in *bad* are lost."""
    shown = seen()
    for one, other in (
        ("node1", "node2"),
        ("node2", "node1"),
        ("node2", "node3"),
        ("node3", "node2"),
    ):
        look = Look(
            probe="mtu",
            target="task",
            source_node=one,
            destination_node=other,
            destination_task=f"shop_api.{other[-1]}",
        )
        shown[look.series()] = BAD if look.nodes in bad else GOOD
    return shown


def _static(node: str, values: str) -> dict[str, str]:
    look = Look(
        probe="tcp",
        target="static",
        network="host",
        source_service="swarmscope",
        source_node=node,
        destination_service="mail",
        endpoint="25",
    )
    return {look.series(): values}


def _certificate(days: float, target: str = "vip") -> dict[str, str]:
    """Show a certificate that has *days* left at the fault, and is renewed at its end."""
    look = Look(probe="http", target=target, source_node="node1", endpoint="443/")
    other = replace(look, source_node="node2")
    values = f"9e9x2 {days * 86400:.0f}x19 9e9x38"
    return {each.series(PROBE_CERTIFICATE_EXPIRY): values for each in (look, other)}


CASES = (
    _case(
        "a node that no overlay reaches is cut off, and the pairs are not told",
        "SwarmOverlayCutOff",
        seen(_node3),
        {"node": "node3"},
    ),
    _case(
        "a pattern waits while an agent makes sure of a finding, and not for ever",
        "SwarmOverlayCutOff",
        {**seen(_node3), **_PENDING},
        {"node": "node3"},
        after=35,
    ),
    _case(
        "a pair that reaches others but not each other is told once",
        "SwarmNodePairBlocked",
        seen(_pair),
        {"node": "node2", "peer_node": "node3"},
    ),
    _case(
        "a node that loses some packets is told, not its peers",
        "SwarmNodeLossy",
        lossy(_node3),
        {"node": "node3"},
    ),
    _case(
        "a network that is dead between all nodes, while another lives",
        "SwarmNetworkBroken",
        second_network(),
        {"network": "shop_app"},
    ),
    _case(
        "a port that one of three tasks does not serve",
        "SwarmTaskUnreachable",
        seen(_api2),
        {"service": "shop_api", "task": "shop_api.2", "node": "node2"},
    ),
    _case(
        "a task that answers nothing at all, echo included",
        "SwarmTaskUnreachable",
        seen(lambda look: look.destination_task == "shop_api.2"),
        {"service": "shop_api", "task": "shop_api.2", "node": "node2"},
    ),
    _case(
        "large echoes lost between two nodes, in both directions, are one alert",
        "SwarmMtuBlackHole",
        _large(frozenset({"node2", "node3"})),
        {"node": "node2", "peer_node": "node3"},
    ),
    _case(
        "large echoes lost between one node and others are that node's",
        "SwarmMtuBlackHole",
        _large(frozenset({"node1", "node2"}), frozenset({"node2", "node3"})),
        {"node": "node2"},
    ),
    _case(
        "a service whose tasks all fail",
        "SwarmServiceUnreachable",
        seen(lambda look: look.destination_service == "shop_api" and look.probe == "tcp"),
        {"service": "shop_api"},
    ),
    _case(
        "a service whose virtual IP alone fails everywhere",
        "SwarmServiceUnreachable",
        seen(lambda look: look.destination_service == "shop_api" and look.target == "vip"),
        {"service": "shop_api"},
    ),
    _case(
        "a virtual IP that one node alone does not reach",
        "SwarmPathBroken",
        seen(
            lambda look: (
                look.target == "vip"
                and (look.destination_service, look.source_node) == ("shop_api", "node1")
            )
        ),
        {"service": "shop_api", "node": "node1"},
        after=40,
    ),
    _case(
        "a target that no agent reaches",
        "SwarmTargetDown",
        {**_static("node1", BAD), **_static("node2", BAD)},
        {"target": "mail"},
    ),
    _case(
        "a target that one agent does not reach",
        "SwarmTargetDownFromNode",
        {**_static("node1", BAD), **_static("node2", GOOD)},
        {"target": "mail", "node": "node1"},
    ),
    _case(
        "a certificate that ends in two days, seen from two nodes",
        "SwarmCertificateExpiresSoon",
        _certificate(2),
        {"service": "shop_api"},
    ),
    _case(
        "a certificate that ends in ten days, seen from two nodes",
        "SwarmCertificateExpiring",
        _certificate(10),
        {"service": "shop_api"},
    ),
    _case(
        "a certificate of a target",
        "SwarmCertificateExpiring",
        _certificate(10, "static"),
        {"target": "shop_api"},
    ),
)
