"""How do findings become an alert? Many agents' series fold into one, about one culprit."""

from alerts import words
from alerts.spec import Alert, Dashboard, Role, Severity
from exporter.catalog import FINDINGS, FINDINGS_HELD
from exporter.promql import by, one_of, renamed, select


def cause(
    name: str,
    *codes: str,
    by_labels: tuple[str, ...],
    summary: str,
    what: str,
    command: str,
    dashboard: Dashboard,
    expr: str = "",
    hold_seconds: float = 0,
    role: Role = Role.CAUSE,
) -> Alert:
    """Make the alert of findings; the catalogue says who is to blame, and how far it reaches."""
    blame_peer = blames_peer(name, codes)
    return Alert(
        name=name,
        expr=expr or folded(*codes, by_labels=by_labels, blame_peer=blame_peer),
        hold_seconds=hold_seconds,
        severity=severity_of(name, codes),
        role=role,
        labels=by_labels,
        summary=summary,
        description=words.sentences((what, _list(codes, by_labels, blame_peer=blame_peer))),
        command=command,
        dashboard=dashboard,
        whole_node=whole_node(name, codes),
        codes=codes,
    )


def folded(*codes: str, by_labels: tuple[str, ...], blame_peer: bool = False) -> str:
    """Write the expression that has one series for each culprit."""
    found = select(FINDINGS_HELD, code=one_of(*codes))
    if not blame_peer:
        return by("sum", by_labels, found)
    sources = {label: "peer_node" if label == "node" else label for label in by_labels}
    return renamed("sum", found, **sources)


def severity_of(name: str, codes: tuple[str, ...]) -> Severity:
    """Give the one severity of the findings that an alert is made of."""
    severities = {FINDINGS[code].severity.value for code in codes}
    if len(severities) != 1:
        raise ValueError(f"{name}: findings of several severities: {', '.join(sorted(severities))}")
    return Severity(severities.pop())


def blames_peer(name: str, codes: tuple[str, ...]) -> bool:
    """Tell whether the culprit is whom the findings are about, not who tells them."""
    return _all_alike(name, [FINDINGS[code].blames_peer for code in codes])


def whole_node(name: str, codes: tuple[str, ...]) -> bool:
    """Tell whether the findings are about all that their culprit has to do with."""
    return _all_alike(name, [FINDINGS[code].reach == "node" for code in codes])


def _all_alike(name: str, answers: list[bool]) -> bool:
    if len(set(answers)) != 1:
        raise ValueError(f"{name}: findings with several kinds of culprits, or reaches")
    return answers[0]


def _list(codes: tuple[str, ...], by_labels: tuple[str, ...], *, blame_peer: bool) -> str:
    """Name the findings and who told them."""
    sources = {label: label for label in by_labels} | ({"node": "peer_node"} if blame_peer else {})
    asked = (f"{sources[label]}=%q" for label in by_labels)
    matched = (f'code=~"{"|".join(codes)}"', *asked)
    query = f"sum by (code, node) ({FINDINGS_HELD}{{{','.join(matched)}}})"
    item = words.row("code", "node", between=", told by ")
    return f"Found: {words.listed(query, item, *by_labels)}."
