"""What do the agents say? Their metrics and results, read as Prometheus reads them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import Node
from tests.lab.swarmscope import AGENT_PORT, get
from tests.lab.wait import at_once, wait_until


@dataclass(frozen=True)
class Seen:
    """One series, with its labels as attributes of a mapping."""

    labels: tuple[tuple[str, str], ...]
    value: float

    def __getitem__(self, label: str) -> str:
        return dict(self.labels)[label]


def series(node: Node, name: str, **labels: str) -> list[Seen]:
    """Read the series of a metric that the node's agent exposes, those with *labels* alone."""
    text = get(node, AGENT_PORT, "/metrics")
    return [
        Seen(tuple(sorted(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]


def value(node: Node, name: str, **labels: str) -> float:
    """Add up the series of a metric on a node."""
    return sum(seen.value for seen in series(node, name, **labels))


#: What a probe is aimed at that nothing answers on a kernel without IPVS.
BALANCED = frozenset({"vip", "published"})


@dataclass(frozen=True)
class Looked:
    """A probe: by whom, at whom, how."""

    probe: str
    target: str
    network: str
    source: str
    source_node: str
    destination: str
    destination_node: str
    destination_task: str
    endpoint: str


def failing(lab: Lab) -> set[Looked]:
    """List every probe that failed when it last ran, on all nodes."""
    return {failed for found in at_once(failing_on, lab.nodes) for failed in found}


def failing_on(node: Node) -> set[Looked]:
    """List every probe of one node's agent that failed when it last ran."""
    return {probe for probe, success in _probes(node) if not success}


def probes_on(node: Node) -> set[Looked]:
    """List every probe of one node's agent, however it ended."""
    return {probe for probe, _ in _probes(node)}


def _probes(node: Node) -> Iterator[tuple[Looked, bool]]:
    for seen in series(node, "swarmscope_probe_success"):
        probe = Looked(
            probe=seen["probe"],
            target=seen["target"],
            network=seen["network"],
            source=seen["source_service"],
            source_node=seen["source_node"],
            destination=seen["destination_service"],
            destination_node=seen["destination_node"],
            destination_task=seen["destination_task"],
            endpoint=seen["endpoint"],
        )
        yield probe, bool(seen.value)


#: Longer than a probe's interval and timeout, and Swarm's own convergence, on a busy machine.
SEEN_WITHIN_SECONDS = 60


def wait_for_exactly(
    look: Callable[[], set[Looked]],
    expected: set[Looked],
    why: str,
) -> None:
    """Wait until what fails is what is expected: nothing less, and nothing else."""

    def exactly() -> bool:
        found = look()
        if found != expected:
            missing, too_many = expected - found, found - expected
            raise LabError(f"not failing: {missing}; failing as well: {too_many}")
        return True

    wait_until(exactly, SEEN_WITHIN_SECONDS, why, pause=0.5)
