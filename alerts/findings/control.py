"""Alerts made of findings: nodes, managers, gossip, services that are down, agents."""

from alerts import places
from alerts.findings.cause import cause, folded
from alerts.findings.cut_off import cut_off
from alerts.spec import Alert, Dashboard, Role
from alerts.thresholds import Thresholds
from alerts.words import NODE, OF_SERVICE, ON_NETWORK, SERVICE
from exporter.catalog import FINDINGS_HELD
from exporter.promql import by, either, seconds, select, unless, vector

_AUDIT = f"probe audit --node {NODE}"
_ALL = "probe audit --all"
_NODE_DOWN = folded("control_node_down", by_labels=("node",), blame_peer=True)


def alerts(thresholds: Thresholds) -> tuple[Alert, ...]:
    """Make the alerts; some look beyond the findings."""
    return (
        *_NODES,
        _cut_off(thresholds),
        *_GOSSIP,
        _service_down(thresholds),
        *_agents(thresholds),
    )


_NODES = (
    cause(
        "SwarmNodeDown",
        "control_node_down",
        by_labels=("node",),
        summary="A node is down.",
        what=f"{NODE} is down: its tasks are lost, and what fails towards it fails for that.",
        command=f"docker node ps {NODE}",
        dashboard=Dashboard.NODES,
    ),
    cause(
        "SwarmManagerUnreachable",
        "control_manager_unreachable",
        by_labels=("node",),
        summary="A manager that is up takes no part in the managers' decisions.",
        what=f"The other managers do not reach the manager {NODE}.",
        command=f"docker node inspect --pretty {NODE}",
        dashboard=Dashboard.NODES,
    ),
    cause(
        "SwarmQuorumAtRisk",
        "control_quorum_at_risk",
        by_labels=(),
        summary="If one more manager fails, the Swarm can change nothing any more.",
        what="As few managers are left as make a majority.",
        command="docker node ls --filter role=manager",
        dashboard=Dashboard.OVERVIEW,
    ),
    cause(
        "SwarmNoLeader",
        "control_no_leader",
        by_labels=(),
        summary="The Swarm has no leader: nothing is scheduled, restarted or updated.",
        what="The managers' Engines know no leader.",
        command="docker node ls  # on a manager",
        dashboard=Dashboard.OVERVIEW,
    ),
)

_GOSSIP = (
    cause(
        "SwarmGossipStale",
        "gossip_task_missing",
        "gossip_task_stale",
        by_labels=("node", "network", "service"),
        summary="A node's Engine does not know of running tasks, or believes in tasks that ended.",
        what=f"The Engine of {NODE} has not heard the truth{ON_NETWORK}{OF_SERVICE}.",
        command=_AUDIT,
        dashboard=Dashboard.NETWORKS,
    ),
    cause(
        "SwarmGossipSuspect",
        "gossip_view_differs",
        "gossip_node_left_over",
        by_labels=("node", "network"),
        summary="A node's Engine sees a network otherwise than most others do.",
        what=f"The Engine of {NODE} believes something else{ON_NETWORK} than the others.",
        command=f"{_AUDIT}; {_ALL}",
        dashboard=Dashboard.NETWORKS,
    ),
)


def _cut_off(thresholds: Thresholds) -> Alert:
    return cause(
        "SwarmNodeCutOffFromGossip",
        "gossip_peer_missing",
        "fdb_peer_missing",
        expr=cut_off(thresholds),
        by_labels=("node",),
        summary="A node is cut off from the others' gossip.",
        what=f"{NODE} and other nodes do not learn of each other's tasks, names and addresses.",
        command=f"{_AUDIT}; {_ALL}",
        dashboard=Dashboard.NODES,
    )


def _service_down(thresholds: Thresholds) -> Alert:
    memory = seconds(thresholds.placement_memory_seconds)
    return cause(
        "SwarmServiceDown",
        "service_down",
        # What went down with its node is told by SwarmNodeDown.
        expr=unless(
            folded("service_down", by_labels=("service",)),
            ("service",),
            places.services_on(_NODE_DOWN, memory),
        ),
        by_labels=("service",),
        summary="Not one task of a service runs.",
        what=f"{SERVICE} has no running task; the network is not to blame.",
        command=f"docker service ps --no-trunc {SERVICE}",
        dashboard=Dashboard.SERVICES,
    )


def _agents(thresholds: Thresholds) -> tuple[Alert, ...]:
    down = by("max", ("node",), vector("up", job="swarmscope")) + " == 0"
    missing = folded("control_agent_missing", by_labels=("node",), blame_peer=True)
    return (
        cause(
            "SwarmAgentMissing",
            "control_agent_missing",
            expr=unless(f"({either(missing, down)})", ("node",), _NODE_DOWN),
            by_labels=("node",),
            hold_seconds=thresholds.agent_missing_hold_seconds,
            role=Role.SELF,
            summary="Nobody looks from a node: its agent does not answer.",
            what=f"The agent of {NODE} does not run, or Prometheus cannot reach it.",
            command=f"docker service ps --no-trunc --filter node={NODE} swarmscope_agent",
            dashboard=Dashboard.AGENTS,
        ),
        cause(
            "SwarmTopologyStale",
            "control_topology_stale",
            # Without a leader no agent can know the Swarm: SwarmNoLeader tells it.
            expr=unless(
                folded("control_topology_stale", by_labels=("node",)),
                (),
                select(FINDINGS_HELD, code="control_no_leader"),
            ),
            by_labels=("node",),
            role=Role.SELF,
            summary="An agent does not learn what should be there: its findings are blind.",
            what=f"No manager's agent tells {NODE} what the Swarm should look like.",
            command=f"docker info --format '{{{{ `{{{{json .Swarm.RemoteManagers}}}}` }}}}'"
            f"  # on {NODE}",
            dashboard=Dashboard.AGENTS,
        ),
    )
