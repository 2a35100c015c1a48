"""What did the last round of checks find?"""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import Metric

from exporter import catalog
from exporter.audit import AuditState
from exporter.collectors.families import family
from probes.audit.round import CHECKS


def collect(state: AuditState) -> Iterator[Metric]:
    """Turn a round's outcome into families; nothing before the first."""
    if not state.rounds:
        return
    held = Counter(
        (
            item.finding.code,
            item.severity.value,
            item.finding.subject.network,
            item.finding.subject.service,
            item.finding.subject.peer,
        )
        for item in state.held
    )
    yield family(catalog.FINDINGS_HELD, held.items())
    yield family(catalog.FINDINGS_PENDING, [((), state.pending)])
    blind = {item.check for item in state.unanswered}
    checks = sorted({check.name for check in CHECKS})
    yield family(
        catalog.AUDIT_CHECK_SUCCESS,
        (((name,), float(name not in blind)) for name in checks),
    )
    yield family(catalog.AUDIT_ROUNDS, [((), state.rounds)])
    yield family(catalog.AUDIT_TIMESTAMP, [((), state.at)])
    yield family(catalog.AUDIT_CPU, [((), state.seconds)])
