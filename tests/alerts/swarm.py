"""A Swarm as its probes show it: three nodes, two services with a task on each, one network.

Each test says which probes fail from the fourth scrape on, and for how long.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

from exporter.catalog import CONFIG_RELOAD_TIMESTAMP, PROBE_SUCCESS
from tests.alerts.promtool import SCRAPE_SECONDS, series

NODES = ("node1", "node2", "node3")
SERVICES = ("shop_web", "shop_api")

#: The fourth scrape shows the fault, and the last of these twenty is the last that does.
BEGINS = 3 * SCRAPE_SECONDS
ENDS = 23 * SCRAPE_SECONDS
GOOD = "1x60"
BAD = "1x2 0x19 1x38"
#: One in two fails, at random; what one loses, the other does not.
_TURNS = "0110010110010110100"
FLAPPING = tuple(
    f"1x2 {' '.join('01'[turn == lost] for turn in _TURNS)} 1x38" for lost in ("0", "1")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The labels of a probe."""

    probe: str
    target: str
    source_node: str
    network: str = "shop_app"
    source_service: str = "shop_web"
    destination_service: str = "shop_api"
    destination_node: str = ""
    destination_task: str = ""
    endpoint: str = ""

    @property
    def nodes(self) -> frozenset[str]:
        """Both ends."""
        return frozenset({self.source_node, self.destination_node})

    @property
    def crosses(self) -> bool:
        """Whether it goes from node to node over an overlay."""
        return self.target == "task" and self.source_node != self.destination_node

    def series(self, metric: object = PROBE_SUCCESS) -> str:
        """Name its series."""
        return series(metric, **asdict(self), node=self.source_node, job="swarmscope")


def looks(services: tuple[str, ...] = SERVICES) -> Iterator[Look]:
    """List what three agents look at."""
    for node in NODES:
        for other in NODES:
            if other != node:
                yield Look(
                    probe="tcp",
                    target="node",
                    network="host",
                    source_service="swarmscope_agent",
                    source_node=node,
                    destination_service="swarmscope_agent",
                    destination_node=other,
                    endpoint="9877",
                )
        for source in services:
            for destination in services:
                whole = Look(
                    probe="tcp",
                    target="vip",
                    source_node=node,
                    source_service=source,
                    destination_service=destination,
                    endpoint="80",
                )
                yield whole
                yield replace(whole, probe="dns", target="name", endpoint=destination)
                for number, place in enumerate(NODES, start=1):
                    if (source, node) != (destination, place):
                        task = replace(
                            whole,
                            target="task",
                            destination_node=place,
                            destination_task=f"{destination}.{number}",
                        )
                        yield task
                        yield replace(task, probe="icmp", endpoint="")


def seen(
    bad: Callable[[Look], bool] = lambda _: False,
    values: str = BAD,
    services: tuple[str, ...] = SERVICES,
) -> dict[str, str]:
    """Give every series, those of bad looks with *values*."""
    probes = {look.series(): values if bad(look) else GOOD for look in looks(services)}
    starts = {
        series(CONFIG_RELOAD_TIMESTAMP, node=node, job="swarmscope"): f"{number}x60"
        for number, node in enumerate(reversed(NODES), start=1)
    }
    up = {series("up", node=node, job="swarmscope"): "1x60" for node in NODES}
    return {**probes, **starts, **up}


def lossy(bad: Callable[[Look], bool]) -> dict[str, str]:
    """Give every series; those of bad looks fail in turns."""
    marked = [look for look in looks() if bad(look)]
    # Connections and echoes follow each other in the list: both lose in both turns.
    turns = {look.series(): FLAPPING[number // 2 % 2] for number, look in enumerate(marked)}
    return {**seen(), **turns}


def _other_network(look: Look) -> Look:
    return replace(look, network="shop_db")


def second_network() -> dict[str, str]:
    """Add a network that works between all nodes, while the first does not."""
    shown = seen(lambda look: look.crosses)
    good = {_other_network(look).series(): GOOD for look in looks() if look.target == "task"}
    return {**shown, **good}
