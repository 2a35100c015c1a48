"""Does this explain that? What a trouble reaches, held against what a symptom has to do with."""

from collections.abc import Mapping
from dataclasses import dataclass

from probes.doctor.case import FailingLook
from probes.doctor.told import served
from probes.findings.spec import Reach
from probes.model.probe import Kind, Target
from probes.model.result import Outcome

#: What is passed on to tasks anywhere: their own nodes are not known.
_BALANCED = frozenset({str(Target.VIP), str(Target.PUBLISHED)})

#: Service -> the nodes that its tasks are, or were, on.
Placement = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """Something that is not as it should be, and all that it has to do with."""

    #: In one line, for a person.
    said: str
    #: Unix seconds.
    since: float
    #: A finding's code; "" for a look that fails.
    code: str = ""
    #: What a look is aimed at, "mtu" for an echo of full size; "" for a finding.
    look: str = ""
    nodes: frozenset[str] = frozenset()
    #: The node that is looked at; "" where it is not known which task answers.
    destination_node: str = ""
    #: "" for several, or none.
    network: str = ""
    services: frozenset[str] = frozenset()
    destination: str = ""
    task: str = ""
    #: What is asked for there: "80/health", a name.
    endpoint: str = ""
    #: Of a finding about a whole node; 0 for any other.
    rank: int = 0


def symptom_of(look: FailingLook) -> Symptom:
    """Describe a look that fails."""
    probe = look.probe
    services = {probe.source_service, probe.destination_service}
    return Symptom(
        said=describe(look),
        since=look.since,
        look=str(Kind.MTU) if probe.probe is Kind.MTU else str(probe.target),
        nodes=frozenset({probe.source_node, probe.destination_node} - {""}),
        destination_node=probe.destination_node,
        network=probe.network,
        services=frozenset(services),
        destination=probe.destination_service,
        task=probe.destination_task,
        endpoint=served(probe),
    )


def describe(look: FailingLook) -> str:
    """Say it in one line: "tcp shop_web on node1 -> shop_api.2 on node2 80 (task): refused"."""
    probe = look.probe
    towards = probe.destination_task or probe.destination_service
    place = f" on {probe.destination_node}" if probe.destination_node else ""
    over = f"over {probe.network}" if probe.target in {Target.TASK, Target.VIP} else ""
    aim = " ".join(filter(None, (f"{towards}{place}", probe.endpoint, over)))
    source = f"{probe.source_service} on {probe.source_node}"
    said = f"{probe.probe} {source} -> {aim} ({probe.target}): {look.outcome}"
    # What is said of a page's body quotes what the operator expects in it: that stays here.
    quotes = look.outcome == Outcome.BAD_BODY
    return f"{said}, {look.detail}" if look.detail and not quotes else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one trouble has to do with; what is empty is any."""

    reach: Reach = Reach.SUBJECT
    #: The culprit; empty where it is no node.
    node: str = ""
    #: The other end, of a matter between two nodes.
    peer: str = ""
    networks: frozenset[str] = frozenset()
    service: str = ""
    task: str = ""
    endpoint: str = ""
    #: Whether it is about the service as a destination alone.
    towards: bool = False
    #: The kinds of looks that it explains, as `Symptom.look` has them.
    looks: frozenset[str] = frozenset()
    rank: int = 0

    def covers_look(self, look: Symptom, placement: Placement) -> bool:
        """Tell whether it explains that a look fails."""
        if self.looks and look.look not in self.looks:
            return False
        match self.reach:
            case Reach.NOTHING:
                return False
            case Reach.NODE:
                return self._is_end(look, placement)
            case Reach.TRAFFIC:
                across = bool(look.destination_node) and len(look.nodes) > 1
                return (across or look.look in _BALANCED) and self._is_subject(look, placement)
            case Reach.BALANCED:
                return look.look in _BALANCED and self.node in look.nodes
            case Reach.SUBJECT:
                return self._is_subject(look, placement)

    def covers_finding(self, finding: Symptom, placement: Placement) -> bool:
        """Tell whether another finding follows from this one, by what the two are about."""
        if self.reach is Reach.NODE:
            outranked = not finding.rank or self.rank < finding.rank
            return outranked and self._is_end(finding, placement)
        if self.reach is not Reach.SUBJECT:
            return False
        return self._names < _names(finding) and self._names_same(finding)

    def covers_mesh(self, finding: Symptom) -> bool:
        """Tell whether it takes a published port's requests: these go to tasks anywhere."""
        if self.reach in {Reach.NODE, Reach.TRAFFIC}:
            return True
        return bool(self.service) and not self.looks and self.service == finding.destination

    def _is_end(self, symptom: Symptom, placement: Placement) -> bool:
        """Tell whether the node is one of its ends, or may be, for all that is known."""
        if self.node in symptom.nodes or symptom.look == Target.PUBLISHED:
            return True
        unplaced = not symptom.nodes or symptom.look in _BALANCED
        service = symptom.destination or next(iter(symptom.services), "")
        return unplaced and self.node in placement.get(service, ())

    def _is_subject(self, symptom: Symptom, placement: Placement) -> bool:
        """Tell whether all that it names has to do with the symptom, where that is known."""
        services = {symptom.destination} if self.towards else symptom.services
        return (
            (not self.service or self.service in services)
            and (not self.networks or symptom.network in {"", *self.networks})
            and (not self.task or symptom.task in {"", self.task})
            and (not self.endpoint or symptom.endpoint in {"", self.endpoint})
            and (not self.node or self.node in symptom.nodes)
            and (not self.peer or self._is_other_end(symptom, placement))
        )

    def _names_same(self, finding: Symptom) -> bool:
        """Tell whether all that it names is named by the finding, too."""
        return (
            self.service in {"", finding.destination}
            and (not self.networks or finding.network in self.networks)
            and self.task in {"", finding.task}
            and {self.node, self.peer} - {""} <= finding.nodes
        )

    def _is_other_end(self, symptom: Symptom, placement: Placement) -> bool:
        if self.peer in symptom.nodes:
            return True
        passed_on = symptom.look in _BALANCED and not symptom.destination_node
        return passed_on and self.peer in placement.get(symptom.destination, ())

    @property
    def _names(self) -> int:
        parts = (self.node, self.peer, self.networks, self.service, self.task)
        return sum(map(bool, parts))


def _names(symptom: Symptom) -> int:
    parts = (symptom.network, symptom.services, symptom.task)
    return sum(map(bool, parts)) + len(symptom.nodes)
