"""Who does not get what they ask for, and nothing that we know of explains it?"""

from alerts import explained, pairs, places, words
from alerts.explained import SERVICES, without_explained
from alerts.patterns import REACHED, waiting
from alerts.spec import Alert, Dashboard, Group, RecordingRule, Role, Severity
from alerts.thresholds import Thresholds
from alerts.words import NODE, SERVICE, TARGET
from exporter.catalog import PROBE_CERTIFICATE_EXPIRY, PROBE_SUCCESS
from exporter.promql import by, copied, none_of, one_of, renamed, seconds, select, unless

_DAY_SECONDS = 86400


def group(thresholds: Thresholds) -> Group:
    """List the symptoms."""
    return Group(
        name="symptoms",
        rules=(
            *_service(thresholds),
            *_path(thresholds),
            *_targets(thresholds),
            *_certificates(thresholds),
        ),
    )


def _service(thresholds: Thresholds) -> tuple[RecordingRule, Alert]:
    judges = unless(REACHED, ("node", "peer_node"), pairs.blocked(thresholds))
    tasks = f"group by (service) (max by (service, endpoint) ({judges}) == 0)"
    vip = (
        f"{renamed('max', select(PROBE_SUCCESS, target='vip'), service='destination_service')} == 0"
    )
    rule = RecordingRule(
        name="service:swarmscope_service:unreachable",
        expr=unless(
            f"({tasks} or group by (service) ({unless(vip, (), explained.NO_IPVS)}))",
            ("service",),
            SERVICES,
            places.services_on(pairs.troubled(thresholds)),
        ),
        labels=("service",),
    )
    alert = Alert(
        name="SwarmServiceUnreachable",
        expr=waiting(rule, thresholds),
        hold_seconds=thresholds.pattern_hold_seconds,
        severity=Severity.CRITICAL,
        role=Role.SYMPTOM,
        labels=("service",),
        summary="A service runs, and nobody gets an answer from it.",
        description=f"{SERVICE} runs, and one of the things that it serves answers nowhere. Who "
        "fails: "
        + words.listed(
            "count by (source_service, source_node) "
            f"({PROBE_SUCCESS}{{destination_service=%q}} == 0)",
            words.row("source_service", "source_node", between=" on "),
            "service",
        )
        + ".",
        command=f"probe explain SERVICE {SERVICE}; docker service logs --tail 20 {SERVICE}",
        dashboard=Dashboard.SERVICES,
    )
    return rule, alert


def _path(thresholds: Thresholds) -> tuple[RecordingRule, Alert]:
    """Take each probe that failed in every run of late, less what is explained."""
    window = seconds(thresholds.broken_seconds)
    usual = select(PROBE_SUCCESS, target=one_of("name", "task"), probe=none_of("mtu"))
    balanced = select(PROBE_SUCCESS, target=one_of("vip", "published"), probe=none_of("mtu"))
    failing = (
        f"((max_over_time({usual}[{window}]) == 0) or "
        f"(max_over_time({balanced}[{window}]) == 0 unless on () {explained.NO_IPVS}))"
    )
    trouble = pairs.troubled(thresholds)
    alone = without_explained(failing)
    for end in ("source_node", "destination_node"):
        alone = unless(alone, (end,), renamed("group", trouble, **{end: "node"}))
    known = [
        places.services_on(trouble),
        by("group", ("service",), "task:swarmscope_task:unreachable"),
        "service:swarmscope_service:unreachable",
    ]
    rule = RecordingRule(
        name="path:swarmscope_path:broken",
        expr=unless(
            renamed(
                "count",
                unless(alone, ("network",), "network:swarmscope_overlay:broken"),
                service="destination_service",
                node="source_node",
            ),
            ("service",),
            *known,
        ),
        labels=("service", "node"),
    )
    hold = max(0, thresholds.symptom_hold_seconds - thresholds.broken_seconds)
    alert = Alert(
        name="SwarmPathBroken",
        expr=str(rule),
        hold_seconds=hold,
        severity=Severity.CRITICAL,
        role=Role.SYMPTOM,
        labels=rule.labels,
        summary="A service cannot be reached from a node, and no known fault explains it.",
        description=f"Looks at {SERVICE} from {NODE} have failed ({words.VALUE} of them) for "
        f"{window} and more: "
        + words.listed(
            "count by (probe, target, source_service, endpoint) "
            f"({PROBE_SUCCESS}{{destination_service=%q,source_node=%q}} == 0)",
            words.row("source_service", "probe", "target", "endpoint"),
            "service",
            "node",
        )
        + ".",
        command=f"probe explain SERVICE {SERVICE}  # on {NODE}",
        dashboard=Dashboard.SERVICES,
    )
    return rule, alert


def _targets(thresholds: Thresholds) -> tuple[Alert, Alert]:
    static = select(PROBE_SUCCESS, target="static")
    everywhere = f"{renamed('max', static, target='destination_service')} == 0"
    each = renamed("min", static, target="destination_service", node="source_node")
    down = Alert(
        name="SwarmTargetDown",
        expr=everywhere,
        hold_seconds=thresholds.pattern_hold_seconds,
        severity=Severity.CRITICAL,
        role=Role.SYMPTOM,
        labels=("target",),
        summary="A configured target answers none of the agents.",
        description=f"{TARGET} answers no agent that looks at it.",
        command=f"probe tcp ADDRESS:PORT  # or as {TARGET} is configured, on any node",
        dashboard=Dashboard.OVERVIEW,
    )
    from_node = Alert(
        name="SwarmTargetDownFromNode",
        expr=unless(
            unless(f"({each} == 0)", ("target",), f"({everywhere})"),
            ("node",),
            explained.NODES,
        ),
        hold_seconds=thresholds.symptom_hold_seconds,
        severity=Severity.CRITICAL,
        role=Role.SYMPTOM,
        labels=("target", "node"),
        summary="A configured target does not answer from a node, while it does from others.",
        description=f"{TARGET} does not answer from {NODE}; it does from other nodes.",
        command=f"probe tcp ADDRESS:PORT  # or as {TARGET} is configured, on {NODE}",
        dashboard=Dashboard.NODES,
    )
    return down, from_node


def _certificates(thresholds: Thresholds) -> tuple[Alert, Alert]:
    services = select(PROBE_CERTIFICATE_EXPIRY, target=none_of("static"))
    static = select(PROBE_CERTIFICATE_EXPIRY, target="static")
    names = ("service", "target")
    ends = " or ".join(
        by(
            "min",
            names,
            copied(by("min", ("destination_service",), expr), "destination_service", n),
        )
        for n, expr in (("service", services), ("target", static))
    )
    whose = "{{ $labels.service }}{{ $labels.target }}"

    def alert(name: str, days: int, severity: Severity, least: int, summary: str) -> Alert:
        left = f"({ends}) - time()"
        above = f" > {least * _DAY_SECONDS}" if least else ""
        return Alert(
            name=name,
            expr=f"({left}{above}) < {days * _DAY_SECONDS}",
            hold_seconds=thresholds.pattern_hold_seconds,
            severity=severity,
            role=Role.SYMPTOM,
            labels=names,
            summary=summary,
            description=f"The certificate that {whose} shows ends in "
            "{{ $value | humanizeDuration }}: clients will refuse it then.",
            command=f"probe http https://ADDRESS/  # as {whose} is looked at",
            dashboard=Dashboard.SERVICES,
        )

    warning, critical = thresholds.certificate_warning_days, thresholds.certificate_critical_days
    return (
        alert(
            "SwarmCertificateExpiresSoon",
            critical,
            Severity.CRITICAL,
            0,
            "A certificate ends within days: clients will refuse it.",
        ),
        alert(
            "SwarmCertificateExpiring",
            warning,
            Severity.WARNING,
            critical,
            "A certificate ends within weeks, and nobody has renewed it.",
        ),
    )
