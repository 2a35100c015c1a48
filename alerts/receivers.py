"""Who is told, and how? The user's file says so; without one, alerts are shown and sent to nobody.

It is a mapping of the receivers' names to Alertmanager's own settings for them, such as
`page: {webhook_configs: [{url: ...}]}`.
"""

from collections.abc import Mapping
from pathlib import Path

from probes.documents.yamlfile import YamlError, parse

#: What routes lead to: critical alerts, warnings, and the dead man's switch.
NAMES = ("page", "ticket", "watchdog")


class ReceiversError(Exception):
    """The file cannot be used; the message names the file and the reason."""


def load(path: Path) -> Mapping[str, Mapping[str, object]]:
    """Read the user's file; `amtool check-config` judges what is inside a receiver."""
    try:
        document = parse(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ReceiversError(f"{path}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ReceiversError(f"{path}: not UTF-8: {exc.reason}") from exc
    except YamlError as exc:
        raise ReceiversError(f"{path}:{exc.line}: {exc}") from exc
    found: dict[str, Mapping[str, object]] = {}
    if isinstance(document.value, dict):
        for name, settings in document.value.items():
            where = f"{path}:{document.line((str(name),))}: {name}"
            if name not in NAMES:
                raise ReceiversError(f"{where}: no such receiver; there are {', '.join(NAMES)}")
            if not isinstance(settings, dict):
                raise ReceiversError(
                    f"{where}: should be a mapping, such as webhook_configs: [...]"
                )
            found[name] = settings
    return found
