"""What do a service's `swarmscope.*` labels ask for?

A label that cannot be understood becomes a Complaint and is ignored; the others still count.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from probes.durations import parse_seconds
from probes.model.intent import Complaint, Intent, ServiceIntent
from probes.model.probe import HttpCheck, Kind
from probes.model.topology import Service

PREFIX = "swarmscope."

#: Nobody's label may make every agent send without pause.
SHORTEST_INTERVAL_SECONDS = 0.5
#: Those that are aimed at a service because Swarm has it; what was declared stays.
_AVOIDABLE = (Kind.DNS, Kind.TCP, Kind.ICMP, Kind.HTTP, Kind.MTU)
_LAST_PORT = 65535
_MOST_REDIRECTS = 10


def read_labels(services: Iterable[Service]) -> Intent:
    """Read the labels of all *services*; the order of ids is kept."""
    read = [_read_service(service) for service in services]
    return Intent(
        services=tuple(intent for intent, _ in read),
        complaints=tuple(complaint for _, complaints in read for complaint in complaints),
    )


@dataclass(slots=True)
class _Wanted:
    """The values of one service's labels, as far as they were understood."""

    service: dict[str, Any] = field(default_factory=dict)
    http: dict[str, Any] = field(default_factory=dict)


def _read_service(service: Service) -> tuple[ServiceIntent, list[Complaint]]:
    wanted, complaints = _Wanted(), []
    for key, value in service.labels:
        if not key.startswith(PREFIX):
            continue
        try:
            _understand(key.removeprefix(PREFIX), value, wanted)
        except ValueError as exc:
            complaints.append(
                Complaint(service=service.name, key=key, value=value, reason=str(exc)),
            )
    checks = wanted.service.pop("http", ())
    http = tuple(replace(check, **wanted.http) for check in checks)
    return ServiceIntent(service_id=service.id, http=http, **wanted.service), complaints


def _understand(name: str, value: str, wanted: _Wanted) -> None:
    if name in _SERVICE_LABELS:
        attribute, parse = _SERVICE_LABELS[name]
        wanted.service[attribute] = parse(value.strip())
    elif name in _HTTP_LABELS:
        attribute, parse = _HTTP_LABELS[name]
        wanted.http[attribute] = parse(value.strip())
    else:
        near = difflib.get_close_matches(name, LABELS, n=1)
        hint = f"; did you mean {PREFIX}{near[0]}?" if near else f"; known: {', '.join(LABELS)}"
        raise ValueError(f"no such label{hint}")


def _interval(text: str) -> float:
    seconds = parse_seconds(text)
    if seconds < SHORTEST_INTERVAL_SECONDS:
        raise ValueError(f"{text!r} is below the shortest interval, {SHORTEST_INTERVAL_SECONDS}s")
    return seconds


def _percentage(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    # Divided as a decimal: as a float, 99.9 / 100 is a little above 0.999.
    share = float(Decimal(match[1]) / 100) if match else 0.0
    if not 0 < share < 1:
        raise ValueError(f"{text!r} is no percentage above 0% and below 100%, such as 99.9%")
    return share


def _switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError(f"{text!r} is neither on nor off")
    return text == "on"


def _kinds(text: str) -> frozenset[Kind]:
    named = frozenset(_items(text))
    if not named <= {*_AVOIDABLE}:
        raise ValueError(f"{text!r} is no list of {', '.join(_AVOIDABLE)}")
    return frozenset(Kind(item) for item in named)


def _ports(text: str) -> tuple[int, ...]:
    return tuple(_port(item) for item in _items(text))


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise ValueError(f"{text!r} is no port from 1 to {_LAST_PORT}")
    return int(text)


def _checks(text: str) -> tuple[HttpCheck, ...]:
    return tuple(_check(item) for item in _items(text))


def _check(text: str) -> HttpCheck:
    scheme, separator, rest = text.partition(":")
    if not separator:
        scheme, rest = "http", text
    if scheme not in {"http", "https"}:
        raise ValueError(f"{text!r} is not of the form [https:]PORT[/PATH]")
    port, slash, path = rest.partition("/")
    return HttpCheck(port=_port(port), path=slash + path or "/", tls=scheme == "https")


def _statuses(text: str) -> frozenset[int]:
    return frozenset(status for item in _items(text) for status in _status_range(item))


def _status_range(text: str) -> Iterable[int]:
    if re.fullmatch(r"[1-5]xx", text):
        first = int(text[0]) * 100
        return range(first, first + 100)
    if re.fullmatch(r"[1-5]\d\d", text):
        return (int(text),)
    raise ValueError(f"{text!r} is no status such as 204 or 2xx")


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:\d+)?", text):
        raise ValueError(f"{text!r} is no host name")
    return text


def _redirects(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_REDIRECTS:
        raise ValueError(f"{text!r} is no number from 0 to {_MOST_REDIRECTS}")
    return int(text)


def _items(text: str) -> list[str]:
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise ValueError("an item of the list is empty")
    return items


_Parsers = Mapping[str, tuple[str, Callable[[str], Any]]]

#: Label -> (field of ServiceIntent, parser).
_SERVICE_LABELS: _Parsers = MappingProxyType(
    {
        "probe": ("probed", _switch),
        "without": ("without", _kinds),
        "tcp": ("tcp", _ports),
        "http": ("http", _checks),
        "interval": ("interval_seconds", _interval),
        "timeout": ("timeout_seconds", parse_seconds),
        "slo.latency": ("slow_seconds", parse_seconds),
        "slo.latency.target": ("latency_objective", _percentage),
        "slo.success.target": ("success_objective", _percentage),
    },
)
#: Label -> (field of HttpCheck, parser); each counts for all of the service's HTTP checks.
_HTTP_LABELS: _Parsers = MappingProxyType(
    {
        "http.status": ("statuses", _statuses),
        "http.body": ("body", str),
        "http.host": ("host", _host),
        "http.verify": ("verify", _switch),
        "http.redirects": ("redirects", _redirects),
    },
)
#: Every label there is, without its prefix.
LABELS = (*_SERVICE_LABELS, *_HTTP_LABELS)
