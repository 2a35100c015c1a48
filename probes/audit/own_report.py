"""What did the audit see of this node that other nodes' audits need?"""

from probes.audit.associations import associations
from probes.audit.dns import unresolved_here
from probes.audit.ingress import dead_ports_here
from probes.audit.situation import Situation
from probes.audit.subnets import local_subnets
from probes.model.topology import NodeReport


def own_report(situation: Situation) -> NodeReport:
    """Fill the part of this node's report that comes from its readings and probes."""
    host = situation.reading.host
    outbound, inbound = associations(host) if host else ((), ())
    return NodeReport(
        node_id=situation.node.id,
        outbound=outbound,
        inbound=inbound,
        local_subnets=local_subnets(host) if host else (),
        unresolved=unresolved_here(situation),
        dead_ports=dead_ports_here(situation),
    )
