"""What must not be told to anybody: it mends itself, or was meant."""

from exporter.catalog import FINDINGS_PENDING, PROBE_SUCCESS
from tests.alerts.promtool import series
from tests.alerts.swarm import Look, looks, seen

#: Bad for one, two or three scrapes.
_ONE, _TWO, _THREE = "1x2 0 1x57", "1x2 0 0 1x56", "1x2 0 0 0 1x55"


def _of_node3(look: Look) -> bool:
    return "node3" in look.nodes


def _restarted() -> dict[str, str]:
    """Take node3 away for three scrapes: its agent too, whose series end and begin again."""
    own = {look.series(): "1x2 stale _ _ 1x54" for look in looks() if look.source_node == "node3"}
    return {
        **seen(_of_node3, _THREE),
        **own,
        series("up", node="node3", job="swarmscope"): _THREE,
    }


def _replaced() -> dict[str, str]:
    """Replace shop_api.2: its probes fail once more, end, and others begin."""
    old = seen(lambda look: look.destination_task == "shop_api.2", "1x2 0 stale")
    fresh = {
        key: "_x5 1x54"
        for key in seen()
        if key.startswith(str(PROBE_SUCCESS)) and 'destination_task="shop_api.2"' in key
    }
    return {**old, **{key.replace("shop_app", "shop_new"): value for key, value in fresh.items()}}


CASES = {
    "a healthy Swarm": seen(),
    "one lost run of every probe": seen(lambda _: True, _ONE),
    "two lost runs towards one task": seen(
        lambda look: look.destination_task == "shop_api.2", _TWO
    ),
    "a restarted Engine": _restarted(),
    "a replaced task": _replaced(),
    "something that an agent looks into for long": {
        **seen(),
        series(FINDINGS_PENDING, node="node1", job="swarmscope"): "3x60",
    },
    "a service of one task that is updated": seen(
        lambda look: look.destination_service == "shop_api", _ONE
    ),
}
