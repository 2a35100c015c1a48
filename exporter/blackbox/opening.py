"""Are there probes to be asked for? What they take is loaded only then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from exporter.peers import Peers, Told
from exporter.settings import BlackboxSettings
from exporter.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """What a scrape asks for."""

    query: Mapping[str, str]
    #: `X-Prometheus-Scrape-Timeout-Seconds`; "" for none.
    scrape_timeout: str = ""
    #: Whether another agent asks for it: then it must be looked from this node.
    forwarded: bool = False


class Probing(Protocol):
    """Takes looks for scrapes."""

    async def answer(self, scrape: Scrape) -> Told: ...


def open_blackbox(
    settings: BlackboxSettings, view: Callable[[], View], peers: Peers
) -> Probing | None:
    """Read the modules; None where no file of them is configured, DocumentError for a bad one."""
    if not settings.modules_file:
        return None
    # 5 MB of memory, for RE2 and HTTP/2, which only agents with modules should have to pay.
    from exporter.blackbox.modules import load_modules  # noqa: PLC0415
    from exporter.blackbox.service import Blackbox  # noqa: PLC0415

    return Blackbox(settings, load_modules(Path(settings.modules_file)), view, peers)
