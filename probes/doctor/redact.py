"""What may leave this Swarm in a bundle? What is listed here, and nothing else.

By construction: each document is written anew from the names that are listed, so that what was not
thought of stays out; environments, commands and labels' values are listed nowhere. What is text for
people goes through `scrub` as well, since it may quote what a program said.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: What stands for something that was taken out.
GONE = "[left out]"

_STACK_LABEL = "com.docker.stack.namespace"

#: A name -> the names below it; None where the value itself is kept.
Shape = Mapping[str, "Shape | None"]


def _plain(*names: str) -> dict[str, "Shape | None"]:
    return dict.fromkeys(names)


_ADDRESS: Shape = _plain("network_id", "address")
TOPOLOGY: Shape = {
    **_plain("data_path_port", "read_at"),
    "nodes": _plain(
        "id",
        "name",
        "address",
        "state",
        "availability",
        "manager",
        "leader",
        "reachability",
        "engine_version",
    ),
    "networks": _plain(
        "id",
        "name",
        "driver",
        "subnets",
        "gateways",
        "vnis",
        "ingress",
        "internal",
        "attachable",
        "encrypted",
    ),
    "services": {
        **_plain(
            "id",
            "name",
            "mode",
            "replicas",
            "endpoint_mode",
            "image",
            "update_state",
            "updated_at",
            "max_replicas_per_node",
            "restart_condition",
        ),
        "vips": _ADDRESS,
        "ports": _plain("protocol", "target", "published", "mode"),
        "attachments": _plain("network_id", "aliases"),
    },
    "tasks": {
        **_plain("id", "service_id", "node_id", "slot", "state", "desired_state"),
        **_plain("container_id", "created_at", "updated_at"),
        "addresses": _ADDRESS,
    },
    "failures": _plain("service_id", "reason", "count", "repeated", "first_at", "last_at"),
    "reports": {
        **_plain("node_id", "vtep", "local_subnets", "unresolved", "dead_ports"),
        "exposed": _plain("service_id", "ports"),
        "balancers": _ADDRESS,
        "containers": _ADDRESS,
        "views": _plain("network_id", "peers", "digest", "endpoints"),
        "outbound": _plain("peer", "spi"),
        "inbound": _plain("peer", "spi"),
    },
}
_PROBE: Shape = _plain(
    "probe",
    "target",
    "network",
    "source_service",
    "source_node",
    "destination_service",
    "destination_node",
    "destination_task",
    "endpoint",
)
_UNANSWERED: Shape = _plain("check", "where", "why")
TOLD: Shape = {
    **_plain("node", "version", "at", "clock_ahead_seconds", "topology_read_at", "topology_error"),
    **_plain("config_error", "audited_at", "pending", "failing_left_out"),
    "findings": {
        **_plain("since", "severity", "meaning", "remedy", "references"),
        "finding": {
            **_plain("code"),
            "subject": _plain("network", "service", "task", "peer", "item"),
            "evidence": _plain("what", "expected", "actual"),
        },
    },
    "unanswered": _UNANSWERED,
    "counted": _plain("target", "looks", "failed", "unknown", "why_unknown"),
    "failing": {"probe": _PROBE, **_plain("outcome", "detail", "times", "since")},
    "reached": _plain("service", "task", "node", "network", "endpoint"),
    "ways": _plain("node", "tasks", "looks", "failing"),
}
RESULTS: Shape = {
    **_plain("version", "node"),
    "results": {
        "probe": _PROBE,
        **_plain("outcome", "verdict", "detail", "started_at", "seconds"),
        "from": _plain("kind", "name"),
        "observed": {
            **_plain("rtt_seconds", "status", "certificate_expires_at"),
            "answer": _plain("addresses", "missing", "unexpected", "duplicates"),
        },
    },
}

#: What looks like a credential in text for people.
_CREDENTIALS = (
    (re.compile(r"(?<=://)[^/\s@\"']+@"), f"{GONE}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}"), rf"\1 {GONE}"),
    (
        re.compile(
            r"(?i)([\w.-]*(?:passw(?:or)?d|passwd|secret|token|api[_-]?key|credential|auth)[\w.-]*"
            r"[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)"
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"\bSWMTKN-[\w-]+"), GONE),
    (re.compile(r"-----BEGIN[\s\S]*?(?:-----END[^-]*-----|$)"), GONE),
    (re.compile(r"\?[\w%.~-]+=[^\s\"'}]*"), f"?{GONE}"),
)


def scrub(text: str) -> str:
    """Take out what looks like a credential: in URLs, in headers, after such names."""
    for pattern, instead in _CREDENTIALS:
        text = pattern.sub(instead, text)
    return text


def scrubbed(value: Any) -> Any:  # noqa: ANN401 -- a JSON document
    """Scrub all text in a document of ours, which has nothing but known names."""
    match value:
        case str():
            return scrub(value)
        case list() | tuple():
            return [scrubbed(item) for item in value]
        case dict():
            return {key: scrubbed(item) for key, item in value.items()}
        case _:
            return value


def kept(value: Any, shape: Shape) -> Any:  # noqa: ANN401 -- a JSON document
    """Write a document anew, of the names in *shape* alone; lists keep their lengths."""
    if isinstance(value, list):
        return [kept(item, shape) for item in value]
    if not isinstance(value, dict):
        return None
    return {
        name: scrubbed(value[name]) if below is None else kept(value[name], below)
        for name, below in shape.items()
        if name in value
    }


def topology(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep what is listed; of services' labels the stack's name, and how many more there were."""
    found: dict[str, Any] = kept(document, TOPOLOGY)
    labels = [dict(service.get("labels", ())) for service in document.get("services", ())]
    for service, of_service in zip(found.get("services", ()), labels, strict=True):
        service["stack"] = of_service.pop(_STACK_LABEL, "")
        service["other_labels"] = len(of_service)
    return found


def results(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep what is listed; what was missing in a page quotes what was expected of it."""
    found: dict[str, Any] = kept(document, RESULTS)
    for result in found.get("results", ()):
        if result.get("outcome") == "bad_body":
            result["detail"] = GONE
    return found


def told(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep what is listed of what a node's agent tells."""
    found: dict[str, Any] = kept(document, TOLD)
    for look in found.get("failing", ()):
        if look.get("outcome") == "bad_body":
            look["detail"] = GONE
    return found


def lines(text: str) -> Iterator[str]:
    """Scrub a text line by line."""
    for line in text.splitlines(keepends=True):
        yield scrub(line)
