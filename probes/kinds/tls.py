"""Which certificates does a server show, and are they good for it?"""

from probes import certificates, starttls
from probes.conversation import talking
from probes.model.probe import TlsLook
from probes.model.result import Observation
from probes.net import Net
from probes.phases import Phases

certificates.load_library()  # now, so that no look's time counts it


async def look(look: TlsLook, net: Net, phases: Phases) -> Observation:
    """Agree on keys, after asking for it in plain text where the protocol wants that.

    On one connection: a second one, behind a virtual IP, may lead to another server.
    """
    async with talking(look, net, phases) as server:
        if look.starttls is not None:
            with phases.timed("starttls"):
                await starttls.ask(look.starttls, server)
        secure = await server.secure()
        version, cipher = secure.agreed()
        server.tell("protocol", version)
        server.tell("cipher", cipher)
        return server.observed
