"""How does a description name its culprit, and list what it is made of?

Only Prometheus' templates; what they put into a query is quoted by them (%q), so that no name can
be more than a name.
"""

from collections.abc import Iterable

NODE = "{{ $labels.node }}"
PEER = "{{ $labels.peer_node }}"
PEER_OR_OTHERS = "{{ with $labels.peer_node }}{{ . }}{{ else }}other nodes{{ end }}"
NETWORK = "{{ $labels.network }}"
SERVICE = "{{ $labels.service }}"
TASK = "{{ $labels.task }}"
TARGET = "{{ $labels.target }}"
VALUE = "{{ $value | humanize }}"

#: Nothing where the label is not there.
ON_NETWORK = "{{ with $labels.network }} on {{ . }}{{ end }}"
OF_SERVICE = "{{ with $labels.service }} of {{ . }}{{ end }}"
TOWARDS_PEER = "{{ with $labels.peer_node }} towards {{ . }}{{ end }}"


def listed(query: str, item: str, *names: str) -> str:
    """List what a query gives, "; " between; *names* are labels that fill its %q in, in order.

    In *item*, `.Labels` are those of one series.
    """
    separator = "{{ if $index }}; {{ end }}"
    asked = _asked(query, names)
    return f"{{{{ range $index, $row := {asked} }}}}{separator}{item}{{{{ end }}}}"


def percentage(query: str, *names: str) -> str:
    """Write the one value that a query gives as a percentage; *names* as in `listed`."""
    value = "{{ . | first | value | humanizePercentage }}"
    return f"{{{{ with {_asked(query, names)} }}}}{value}{{{{ end }}}}"


def _asked(query: str, names: Iterable[str]) -> str:
    values = "".join(f" $labels.{name}" for name in names)
    return f"printf `{query}`{values} | query" if values else f"`{query}` | query"


def row(*names: str, between: str = " ") -> str:
    """Show labels of a listed series."""
    return between.join(f"{{{{ $row.Labels.{name} }}}}" for name in names)


def sentences(parts: Iterable[str]) -> str:
    """Join what is there."""
    return " ".join(part for part in parts if part)
