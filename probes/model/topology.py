"""What does the Swarm say exists? Nodes, networks, services, tasks and their addresses."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from probes.model.failure import FailureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One member of the Swarm, as `GET /nodes` describes it."""

    id: str
    name: str
    #: None while Swarm does not know it, or says 0.0.0.0 (moby#35437).
    address: IPv4Address | None
    #: "ready", "down", "disconnected" or "unknown".
    state: str
    #: "active", "pause" or "drain".
    availability: str
    manager: bool = False
    leader: bool = False
    #: A manager's raft reachability: "reachable", "unreachable" or "unknown"; "" for a worker.
    reachability: str = ""
    engine_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One Swarm-scoped network; only overlays carry VNIs."""

    id: str
    name: str
    driver: str
    subnets: tuple[IPv4Network, ...] = ()
    gateways: tuple[IPv4Address, ...] = ()
    vnis: tuple[int, ...] = ()
    ingress: bool = False
    internal: bool = False
    attachable: bool = False
    encrypted: bool = False
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAddress:
    """An address on one network: a service's VIP there, or a task's own."""

    network_id: str
    address: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port that a service declares in its endpoint specification."""

    #: "tcp", "udp" or "sctp".
    protocol: str
    target: int
    published: int | None = None
    #: "ingress" or "host".
    mode: str = "ingress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A network that a service's tasks join, and the further names they answer to there."""

    network_id: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What should run, and how it is addressed."""

    id: str
    name: str
    #: "replicated", "global", "replicated-job" or "global-job".
    mode: str
    #: Desired number of tasks; None where the mode has no such number.
    replicas: int | None = None
    #: "vip" or "dnsrr".
    endpoint_mode: str = "vip"
    vips: tuple[NetworkAddress, ...] = ()
    ports: tuple[Port, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    image: str = ""
    #: `UpdateStatus.State`, such as "updating" or "completed"; "" when never updated.
    update_state: str = ""
    #: Unix seconds of the last change to it, its update's progress too; 0 while unknown.
    updated_at: float = 0.0
    #: At most so many of its tasks on one node; None for any number.
    max_replicas_per_node: int | None = None
    #: Placement constraints, such as "node.role==worker".
    constraints: tuple[str, ...] = ()
    #: When an ended task is replaced: "any", "on-failure" or "none".
    restart_condition: str = "any"

    @property
    def stack(self) -> str:
        """Name the stack it was deployed with; "" for none."""
        return dict(self.labels).get("com.docker.stack.namespace", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One instance of a service on one node."""

    id: str
    service_id: str
    node_id: str
    #: The replica's number; None for a global service.
    slot: int | None
    #: `Status.State`: "new" ... "starting", "running", "complete", "failed" and so on.
    state: str
    desired_state: str
    addresses: tuple[NetworkAddress, ...] = ()
    container_id: str = ""
    error: str = ""
    #: Unix seconds at which Swarm made it; 0 while unknown.
    created_at: float = 0.0
    #: Unix seconds at which it last told its state (`Status.Timestamp`); 0 while unknown.
    updated_at: float = 0.0

    @property
    def running(self) -> bool:
        """Whether it runs and is meant to."""
        return self.state == "running" and self.desired_state == "running"

    @property
    def in_transition(self) -> bool:
        """Whether it is on its way up or down: no comparison may count it yet."""
        coming = self.desired_state not in ENDED_STATES and self.state in _COMING_STATES
        going = self.desired_state in ENDED_STATES and self.state not in ENDED_STATES
        return coming or going


#: The states before "running", and those after it (swarmkit api/types.proto, TaskState).
_COMING_STATES = frozenset(
    {"new", "pending", "assigned", "accepted", "preparing", "ready", "starting"},
)
ENDED_STATES = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailure:
    """Tasks of one service that failed or were rejected for one reason, and are replaced by now.

    Swarm forgets old ones (`TaskHistoryRetentionLimit`, five for each slot unless set), so this
    tells of the latest alone.
    """

    service_id: str
    reason: FailureReason
    count: int
    #: How many of them one slot, or one node of a global service, had: that which had the most.
    repeated: int = 1
    #: What the latest said, cut to a few hundred characters.
    error: str
    #: Unix seconds at which the first and the latest of them failed; 0 while unknown.
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposedPorts:
    """TCP ports that a service's image says it listens on (`EXPOSE`)."""

    service_id: str
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDigest:
    """What a node's Engine believes of one network, folded so that nodes can compare."""

    network_id: str
    #: Addresses of the nodes that take part in the network's gossip, as this node sees it.
    peers: tuple[IPv4Address, ...]
    #: Services' VIPs and endpoints, hashed; equal on all nodes once gossip has converged.
    digest: str
    #: How many endpoints went into the digest.
    endpoints: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerAssociation:
    """An IPsec security association with another node; never its key."""

    #: The other node's VTEP.
    peer: IPv4Address
    spi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """What only the agent on a node can see, and the Swarm API does not tell."""

    node_id: str
    exposed: tuple[ExposedPorts, ...] = ()
    #: The address that other nodes send VXLAN to; None while it was not seen.
    vtep: IPv4Address | None = None
    #: Addresses of this node's load balancers, one for each overlay that it takes part in.
    balancers: tuple[NetworkAddress, ...] = ()
    #: Addresses of containers that no service made, on attachable networks.
    containers: tuple[NetworkAddress, ...] = ()
    views: tuple[ViewDigest, ...] = ()
    #: What this node encrypts with, and what it can decrypt.
    outbound: tuple[PeerAssociation, ...] = ()
    inbound: tuple[PeerAssociation, ...] = ()
    #: Subnets of the node's own networks and routes, which no overlay should overlap.
    local_subnets: tuple[IPv4Network, ...] = ()
    #: Names of services that should resolve here and do not.
    unresolved: tuple[str, ...] = ()
    #: Published TCP ports that do not answer on this node's own address.
    dead_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """One reading of the whole Swarm, with what the nodes' agents reported."""

    nodes: tuple[Node, ...] = ()
    networks: tuple[Network, ...] = ()
    services: tuple[Service, ...] = ()
    tasks: tuple[Task, ...] = ()
    reports: tuple[NodeReport, ...] = ()
    #: What became of tasks that ended, one row for each service and reason.
    failures: tuple[TaskFailure, ...] = ()
    #: UDP port of VXLAN between the nodes.
    data_path_port: int = 4789
    #: Unix seconds of the reading; not part of its identity.
    read_at: float = field(default=0.0, compare=False)


NO_TOPOLOGY = Topology()
