"""Which certificates does a server show, and are they good for it?"""

from dataclasses import replace

from probes import certificates
from probes.conversation import talking
from probes.errors import LookError
from probes.model.probe import TlsLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases


async def look(look: TlsLook, net: Net, phases: Phases) -> Observation:
    """Agree on keys to read what is shown, whoever made it; and if wanted again, to verify it."""
    async with talking(replace(look, verify=False), net, phases) as server:
        secure = await server.secure()
        version, cipher = secure.agreed()
        server.tell("protocol", version)
        server.tell("cipher", cipher)
        shown = [certificates.decode(item) for item in secure.chain()]
        chain = tuple(item for item in shown if item is not None)
        observed = replace(server.observed, certificates=chain)
    if look.verify:
        try:
            async with talking(look, net, phases) as server:
                await server.secure()
        except LookError as exc:
            raise type(exc)(str(exc), observed) from exc
    return observed
