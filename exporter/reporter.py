"""Which managers' agents have been told what this node's agent sees?"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address

from exporter.peers import PeerError, Peers
from probes.model.topology import NodeReport

logger = logging.getLogger(__name__)


class Reporter:
    """Tells managers' agents the newest report, each one apart: a silent one delays nobody."""

    def __init__(self, peers: Peers, on_error: Callable[[], None]) -> None:
        self._peers = peers
        self._on_error = on_error
        self._report: NodeReport | None = None
        self._told: dict[IPv4Address, NodeReport] = {}
        self._turns = defaultdict[IPv4Address, asyncio.Lock](asyncio.Lock)

    async def tell(
        self,
        report: NodeReport,
        managers: Iterable[IPv4Address],
        *,
        only_news: bool,
    ) -> None:
        """Tell every one of *managers*; with *only_news*, none that has taken this report before.

        An agent that has just begun has forgotten what it took, so now and then tell it again.
        """
        self._report = report
        await asyncio.gather(*(self._tell(address, only_news=only_news) for address in managers))

    async def _tell(self, address: IPv4Address, *, only_news: bool) -> None:
        async with self._turns[address]:
            report = self._report  # the newest, however long this waited for its turn
            if report is None or (only_news and self._told.get(address) == report):
                return
            try:
                await self._peers.report(address, report)
            except PeerError as exc:
                self._told.pop(address, None)
                self._on_error()
                logger.warning("cannot report to a manager: %s", exc)
            else:
                self._told[address] = report
