"""What of the agent's configuration may be shown to anybody? Named keys, and no others.

A key that comes later stays out until somebody has thought of it here.
"""

from collections.abc import Mapping
from typing import Any

from exporter.settings import Settings

_SECTIONS = ("topology", "probes", "budget", "kernel", "audit")
_KINDS = ("dns", "tcp", "icmp", "http")


def shown(settings: Settings) -> Mapping[str, Any]:
    """Describe the configuration; of the token, and of where targets are, only that there are."""
    return {
        "listen": {"host": settings.listen.host, "port": settings.listen.port},
        "socket": settings.socket,
        "engine": settings.engine.partition("://")[0],
        "netns_folder": settings.netns_folder,
        "token": "configured" if settings.token_file else "none",
        "network_config": bool(settings.network_config),
        "service_discovery": bool(settings.service_discovery),
        "log_level": settings.log_level,
        **{name: getattr(settings, name).model_dump() for name in _SECTIONS},
        "targets": [
            {
                "name": target.name,
                "kind": next(kind for kind in _KINDS if getattr(target, kind) is not None),
                "interval_seconds": target.interval_seconds,
                "timeout_seconds": target.timeout_seconds,
            }
            for target in settings.targets
        ],
    }
