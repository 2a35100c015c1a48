"""What can be wanted of the way to somewhere?"""

from dataclasses import dataclass, replace

from probes.looks.looker import Looker, Report
from probes.looks.names import Place
from probes.looks.targets import parse_host
from probes.looks.wants.take import Take
from probes.model.probe import Look, RouteLook, SweepLook, TraceLook


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepWant:
    """The largest packet that passes."""

    target: str

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host = parse_host(self.target)

        def make(place: Place) -> Look:
            return SweepLook(address=place.address)

        return lambda looker: looker.at_host(host, make, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteWant:
    """The way that the kernel would choose."""

    target: str

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host = parse_host(self.target)

        async def take(looker: Looker) -> Report:
            def make(place: Place) -> Look:
                return RouteLook(
                    address=place.address,
                    overlay=looker.overlay(place.network),
                    nodes=looker.names(),
                )

            return await looker.at_host(host, make, "")

        return take


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceWant:
    """Who passes packets on; and beneath an overlay, between the nodes."""

    target: str

    def read(self) -> Take:
        """Read what was typed; UsageError when it makes no sense."""
        host = parse_host(self.target)

        async def take(looker: Looker) -> Report:
            def make(place: Place) -> Look:
                return TraceLook(address=place.address, names=looker.names())

            report = await looker.at_host(host, make, "")
            node = report.result.probe.id.destination_node
            return replace(report, beneath=await looker.beneath(node, make))

        return take
