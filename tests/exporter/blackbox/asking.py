"""How are both asked, and what is the same in their answers?"""

from collections.abc import Mapping
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from exporter.blackbox.modules import load_modules
from exporter.blackbox.opening import Scrape
from exporter.blackbox.service import Blackbox
from exporter.peers import Peers, Told
from exporter.settings import BlackboxSettings
from exporter.view import View

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]

#: Debian 12's is release 0.23; we know the metrics of later ones, too.
NEWER = frozenset({"probe_tls_cipher_info"})


def loopback_settings(path: Path) -> BlackboxSettings:
    """Allow what the tests look at."""
    return BlackboxSettings.model_validate({"modules_file": str(path), "allow": ["127.0.0.0/8"]})


def endpoint(path: Path, settings: BlackboxSettings | None = None) -> Blackbox:
    """Make our own endpoint, of an agent that stands alone."""
    chosen = settings or loopback_settings(path)
    return Blackbox(chosen, load_modules(path), View, Peers(9, lambda: ""))


async def ask(blackbox: Blackbox, query: Mapping[str, str], scrape_timeout: str = "") -> Told:
    """Ask our own."""
    return await blackbox.answer(Scrape(query=query, scrape_timeout=scrape_timeout))


async def ask_blackbox_exporter(address: str, query: Mapping[str, str]) -> str:
    """Ask Debian's."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{address}/probe", params=query) as response,
    ):
        text = await response.text()
        assert response.status == 200, text
        return text


def samples(text: str) -> Samples:
    """Read a page of metrics."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def names(found: Samples) -> set[str]:
    """List the names of metrics."""
    return {name for name, _ in found}


def without_times(found: Samples) -> Samples:
    """Leave only what does not depend on how long something took."""
    return {
        key: value
        for key, value in found.items()
        if not key[0].endswith(("duration_seconds", "lookup_time_seconds")) and key[0] not in NEWER
    }
