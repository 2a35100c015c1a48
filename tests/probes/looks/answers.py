"""What do looks bring? Answers for tests of what is made of them."""

from ipaddress import IPv4Address

from probes.looks.asking import Answer
from probes.looks.looker import Report
from probes.model.probe import Kind, Probe, ProbeId, Target, TcpLook
from probes.model.result import Observation, Outcome, Phase, Result, Verdict
from probes.model.vantage import Vantage, VantageKind

_API = IPv4Address("10.0.1.21")


def answer(
    node: str, outcome: Outcome = Outcome.OK, *, seconds: float = 0.00175, hint: str = ""
) -> Answer:
    """Make what a look from a task of web, at one of api, brought on a node."""
    worked = outcome.verdict is Verdict.WORKED
    probe = Probe(
        id=ProbeId(
            probe=Kind.TCP,
            target=Target.TASK,
            network="shop_app",
            source_service="shop_web",
            source_node=node,
            destination_service="shop_api",
            destination_node="node1",
            destination_task="shop_api.1",
            endpoint="80",
        ),
        look=TcpLook(address=_API, port=80),
        vantage=Vantage(
            kind=VantageKind.TASK, name=f"shop_web.{node[-1:]}", netns="/run/docker/netns/a"
        ),
        interval_seconds=2,
        timeout_seconds=2,
    )
    result = Result(
        probe=probe,
        outcome=outcome,
        detail="" if worked else f"{_API}:80: Connection {outcome}",
        started_at=1_800_000_000.0,
        seconds=seconds,
        phases=(Phase(name="connect", seconds=seconds / 2),),
        observed=Observation(rtt_seconds=seconds / 4) if worked else Observation(),
    )
    return Answer(node=node, report=Report(result=result, hint=hint))
