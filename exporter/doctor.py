"""What do all agents have to tell a doctor? Each of its own node, gathered for whoever asks."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from exporter.around import Around
from exporter.page.summary import OwnFacts
from exporter.peers import DOCTOR_NODE_PATH
from exporter.settings import Settings
from exporter.shown import shown
from probes.doctor import told as looks_told
from probes.doctor.case import Case, Silence, Told
from probes.doctor.told import Look
from probes.doctor.wire import load_told
from probes.model.probe import Kind

#: Longer than for a page: who is busy must not be taken for dead, and the command waits for ten.
_ANSWER_WITHIN_SECONDS = 5.0


class Doctor:
    """Gathers; who judges what was gathered is the command."""

    def __init__(
        self,
        facts: Callable[[], OwnFacts],
        around: Around,
        settings: Callable[[], Settings] = Settings,
    ) -> None:
        self._facts = facts
        self._around = around
        self._settings = settings

    def configuration(self) -> Mapping[str, Any]:
        """Describe the agent's configuration, as far as it may be shown."""
        return shown(self._settings())

    async def told(self) -> Told:
        """Tell of this node."""
        return await asyncio.to_thread(tell, self._facts())

    async def case(self) -> Case:
        """Ask every node's agent at once; who does not answer is named, with the reason."""
        facts = self._facts()
        view = facts.view
        others = [node for node in view.topology.nodes if node.name != view.node_name]
        own, (told, silent) = await asyncio.gather(
            asyncio.to_thread(tell, facts),
            self._around.ask_all(
                others,
                DOCTOR_NODE_PATH,
                {},
                partial(_received, time.time()),
                _ANSWER_WITHIN_SECONDS,
            ),
        )
        return Case(
            topology=view.topology,
            told=(own, *told),
            silent=tuple(Silence(node=item.node, why=item.why) for item in silent),
            now=time.time(),
        )


def _received(asked_at: float, document: bytes) -> Told:
    """Read what another agent told, and hold its clock against ours.

    Somewhere between the question and its answer it looked at it: within that, the two agree.
    """
    told, now = load_told(document), time.time()
    ahead = max(0.0, told.at - now) + min(0.0, told.at - asked_at)
    return replace(told, clock_ahead_seconds=ahead)


def tell(facts: OwnFacts) -> Told:
    """Fold what the agent knows."""
    looks = [
        Look(result=tally.latest, times=tally.failures_in_a_row, since=tally.failing_since)
        for tally in facts.tallies
        # That a forbidden connection fails is as it should be; what does not, the audit finds.
        if tally.latest.probe.id.probe is not Kind.POLICY
    ]
    failing, left_out = looks_told.failing(looks)
    return Told(
        node=facts.view.node_name,
        version=facts.version,
        at=facts.now,
        topology_read_at=facts.view.topology.read_at,
        topology_error=facts.view.error,
        config_error=facts.config_error,
        audited_at=facts.audit.at,
        findings=facts.audit.held,
        pending=facts.audit.pending,
        unanswered=facts.audit.unanswered,
        counted=looks_told.count(looks),
        failing=failing,
        failing_left_out=left_out,
        reached=looks_told.reached(looks),
        ways=looks_told.ways(looks),
    )
