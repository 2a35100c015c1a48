"""How does a look end at whatever a name leads to now?"""

from dataclasses import replace

from probes.errors import NoDataError
from probes.kinds import dns, function_for
from probes.model.probe import DnsLook, NamedLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases


async def look(look: NamedLook, net: Net, phases: Phases) -> Observation:
    """Look the name up as programs there do, and look at its first address."""
    found = await dns.look(DnsLook(name=look.host, server=look.server), net, phases)
    if found.answer is None or not found.answer.addresses:
        raise NoDataError(f"{look.host} has no address")
    inner = replace(look.look, address=found.answer.addresses[0])
    return await function_for(inner)(inner, net, phases)
