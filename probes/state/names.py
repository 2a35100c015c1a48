"""What does each name resolve to, for whom on this node, beside what it should?"""

from probes.audit.situation import Situation
from probes.model.probe import Kind
from probes.model.result import Result, Verdict
from probes.state.table import Row, Table


def dns_view(situation: Situation) -> Table:
    """List the last answer to each name that tasks of this node ask for."""
    asked = [result for result in situation.results if result.probe.id.probe is Kind.DNS]
    return Table(
        kind="dns-view",
        node=situation.node.name,
        columns=("from", "name", "answer", "missing", "unexpected", "outcome", "age"),
        rows=tuple(sorted((_row(item, situation.now) for item in asked), key=_cells)),
        key=2,
        own=frozenset({"age"}),
        judged=True,
    )


def _cells(row: Row) -> tuple[str, ...]:
    return row.cells


def _row(result: Result, now: float) -> Row:
    answer = result.observed.answer
    addresses = (answer.addresses, answer.missing, answer.unexpected) if answer else ((), (), ())
    listed = (", ".join(map(str, sorted(item))) for item in addresses)
    failed = result.outcome.verdict is not Verdict.WORKED
    return Row(
        cells=(
            result.probe.id.source_service or result.probe.vantage.name,
            result.probe.id.endpoint,
            *listed,
            str(result.outcome),
            f"{max(0.0, now - result.started_at):.0f} s",
        ),
        wrong=str(result.outcome) if failed else "",
    )
