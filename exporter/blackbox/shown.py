"""How is a module shown to people, without its secrets?"""

import re
from typing import Any

from probes.documents.yamlfile import dump

_HIDDEN = "<secret>"
_SECRET_KEYS = frozenset({"password", "credentials", "secrets"})
#: Mappings from names that somebody chose, such as those of headers.
_NAMED = frozenset({"headers", "http_headers", "metadata"})
_SECRET_NAMES = re.compile(r"auth|cookie|token|secret|key|passw", re.IGNORECASE)


def shown(module: object) -> str:
    """Write a module as YAML, as it was written, with its secrets hidden."""
    return dump(_hide(module))


def _hide(value: Any, key: str = "", named: str = "") -> Any:  # noqa: ANN401 -- whatever YAML gave
    """Hide what stands under *key*, within a mapping that is called *named*."""
    secret = key in _SECRET_KEYS or (named in _NAMED and _SECRET_NAMES.search(key))
    if isinstance(value, dict):
        return {
            name: _HIDDEN if secret else _hide(inner, str(name), key)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_HIDDEN if secret else _hide(inner, key, named) for inner in value]
    return _HIDDEN if secret else value
