"""Which series does a query ask for? Read from its text, for the rules."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SELECTOR = re.compile(r"(?<![\w$\"])([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}(\[[^\]]*\])?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_QUOTED = re.compile(r'"[^"]*"')
_OURS = re.compile(r"\bswarmscope_\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A metric, its matchers, and its range; what stands before it is the function around it."""

    metric: str
    #: Label -> operator and value.
    matchers: Mapping[str, tuple[str, str]]
    range: str
    before: str


def selectors(expr: str) -> Iterator[Selector]:
    """List the selectors of a query; those without braces are none of ours."""
    for found in _SELECTOR.finditer(expr):
        yield Selector(
            metric=found[1],
            matchers={item[1]: (item[2], item[3]) for item in _MATCHER.finditer(found[2])},
            range=found[3] or "",
            before=expr[: found.start()],
        )


def metrics(expr: str) -> set[str]:
    """List the metrics of ours that a query names, with braces or without."""
    return set(_OURS.findall(_QUOTED.sub("", expr)))
