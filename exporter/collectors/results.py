"""What did the probes find?"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import astuple

from prometheus_client.core import Metric

from exporter import catalog
from exporter.collectors.families import Sample, family, histogram_family
from exporter.store import Snapshot, Tally
from probes.model.probe import Kind
from probes.model.result import Answer, Verdict

Labels = tuple[str, ...]


def collect(results: Snapshot) -> Iterator[Metric]:
    """Turn the store's snapshot into families."""
    tallies = {
        astuple(probe_id): tally
        for probe_id, tally in results.tallies.items()
        if probe_id.probe is not Kind.POLICY
    }
    yield from _of_probes(tallies)
    yield from _of_observations(tallies)
    yield from _of_paths(results)
    yield family(catalog.FORBIDDEN_CONNECTIONS, _of_policy(results).items())
    yield family(catalog.PROBES_UNPROVEN, [((), results.unproven)])


def _of_policy(results: Snapshot) -> Counter[Labels]:
    """Count tries at what is forbidden; nobody waits for their success, so no other family does."""
    tried = Counter[Labels]()
    for probe_id, tally in results.tallies.items():
        if probe_id.probe is Kind.POLICY:
            how = tally.latest.observed.kept_out_by or tally.latest.outcome
            tried[probe_id.source_service, probe_id.destination_service, str(how)] += 1
    return tried


def _of_probes(tallies: Mapping[Labels, Tally]) -> Iterator[Metric]:
    verdicts = {labels: tally.latest.outcome.verdict for labels, tally in tallies.items()}
    yield family(
        catalog.PROBE_SUCCESS,
        (
            (labels, float(verdict is Verdict.WORKED))
            for labels, verdict in verdicts.items()
            if verdict is not Verdict.UNKNOWN
        ),
    )
    yield family(catalog.PROBE_RUNS, ((key, tally.runs) for key, tally in tallies.items()))
    yield family(catalog.PROBE_FAILURES, ((key, tally.failures) for key, tally in tallies.items()))
    yield family(catalog.PROBE_UNKNOWN, ((key, tally.unknown) for key, tally in tallies.items()))
    yield family(
        catalog.PROBE_LAST_DURATION,
        ((key, tally.latest.seconds) for key, tally in tallies.items()),
    )


def _of_observations(tallies: Mapping[Labels, Tally]) -> Iterator[Metric]:
    seen = [(labels, tally.latest.observed) for labels, tally in tallies.items()]
    yield family(
        catalog.PROBE_HTTP_STATUS,
        ((labels, item.status) for labels, item in seen if item.status is not None),
    )
    yield family(
        catalog.PROBE_CERTIFICATE_EXPIRY,
        (
            (labels, item.certificate_expires_at)
            for labels, item in seen
            if item.certificate_expires_at is not None
        ),
    )
    yield family(
        catalog.DNS_ANSWERS,
        (
            sample
            for labels, item in seen
            if item.answer is not None
            for sample in _answers(labels, item.answer)
        ),
    )


def _answers(labels: Labels, answer: Answer) -> Iterator[Sample]:
    distinct = len(set(answer.addresses))
    yield (*labels, "expected"), distinct - len(answer.unexpected)
    yield (*labels, "missing"), len(answer.missing)
    yield (*labels, "unexpected"), len(answer.unexpected)
    yield (*labels, "duplicate"), answer.duplicates


def _of_paths(results: Snapshot) -> Iterator[Metric]:
    latencies = [
        (astuple(path), kept)
        for path, kept in results.latencies.items()
        if path.probe is not Kind.POLICY
    ]
    yield histogram_family(
        catalog.PROBE_DURATION,
        ((labels, kept.duration) for labels, kept in latencies),
    )
    yield family(catalog.PROBE_SLOW, ((labels, kept.slow) for labels, kept in latencies))
    yield histogram_family(
        catalog.PROBE_ROUND_TRIP,
        ((labels, kept.round_trip) for labels, kept in latencies if kept.round_trip),
    )
    yield histogram_family(
        catalog.PROBE_PHASE_DURATION,
        (
            ((*labels, phase), histogram)
            for labels, kept in latencies
            for phase, histogram in kept.phases.items()
        ),
    )
    yield family(
        catalog.PROBE_OUTCOMES,
        (
            ((*astuple(path), outcome), count)
            for (path, outcome), count in results.outcomes.items()
            if path.probe is not Kind.POLICY
        ),
    )
