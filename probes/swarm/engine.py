"""What does this node's Docker Engine say? The calls, and nothing but the calls.

The SDK blocks: users call these from a worker thread, one at a time per `Engine`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import docker.errors
from docker.types import IPAMConfig, IPAMPool

from probes.model.gossip import NetworkView
from probes.model.local import LocalTask
from probes.model.topology import Topology
from probes.network.spec import NetworkSpec
from probes.swarm.connection import connect, translated
from probes.swarm.errors import EngineError, NoSwarmError, NotAManagerError
from probes.swarm.facts import Facts, parse_facts
from probes.swarm.gossip import parse_network_view
from probes.swarm.local import parse_local_task
from probes.swarm.membership import Membership, parse_membership
from probes.swarm.parse import parse_topology

_TASK_LABEL = "com.docker.swarm.task.id"


class Engine:
    """One Docker Engine, asked over its socket; connects at the first call."""

    def __init__(self, url: str, netns_folder: str) -> None:
        self._url = url
        self._netns_folder = netns_folder
        self._client: docker.APIClient | None = None
        self._known: dict[str, LocalTask] = {}

    @contextmanager
    def _asking(self) -> Iterator[docker.APIClient]:
        """Lend the client; after a failure to ask, the next call connects anew."""
        client = self._client = self._client or connect(self._url)
        try:
            with translated(self._url):
                yield client
        except NotAManagerError:
            raise
        except EngineError:
            self._client = None
            raise
        finally:
            # The SDK keeps a connection open for each URL that was ever asked, each container's
            # too, up to 25 of them; closed, it opens new ones when it is asked again.
            client.close()

    def membership(self) -> Membership:
        """Ask `GET /info` for this node's place; NoSwarmError when it has none."""
        with self._asking() as client:
            membership = parse_membership(client.info())
        if isinstance(membership, str):
            raise NoSwarmError(f"engine {self._url} is in no Swarm (its state is {membership!r})")
        return membership

    def facts(self) -> Facts:
        """Ask `GET /info` and `GET /version` for what may be shown to anybody."""
        with self._asking() as client:
            return parse_facts(client.info(), client.version())

    def topology(self) -> Topology:
        """Take one reading of the Swarm; NotAManagerError on a worker."""
        with self._asking() as client:
            return parse_topology(
                info=client.info(),
                nodes=client.nodes(),
                networks=client.networks(filters={"scope": "swarm"}),
                services=client.services(),
                tasks=client.tasks(),
                read_at=time.time(),
            )

    def create_overlay(self, spec: NetworkSpec) -> None:
        """Make a network; EngineError says why it cannot be, NotAManagerError that it is none."""
        pools = [IPAMPool(subnet=spec.subnet)] if spec.subnet else []
        with self._asking() as client:
            client.create_network(
                spec.name,
                driver="overlay",
                options=dict(spec.options) or None,
                ipam=IPAMConfig(pool_configs=pools) if pools else None,
                check_duplicate=True,
                internal=spec.internal,
                attachable=spec.attachable,
                labels=dict(spec.labels) or None,
            )

    def local_tasks(self) -> tuple[LocalTask, ...]:
        """List the tasks that run here; a container is inspected once, until its namespace goes."""
        with self._asking() as client:
            listed = client.containers(filters={"label": _TASK_LABEL})
            found = [self._local_task(client, item["Id"]) for item in listed]
        self._known = {task.container_id: task for task in found if task}
        return tuple(sorted(self._known.values(), key=lambda task: task.container_name))

    def _local_task(self, client: docker.APIClient, container_id: str) -> LocalTask | None:
        known = self._known.get(container_id)
        if known and (known.netns is None or Path(known.netns).exists()):
            return known
        try:
            return parse_local_task(client.inspect_container(container_id), self._netns_folder)
        except docker.errors.NotFound:
            return None  # it ended between the list and the look

    def network_view(self, network_id: str) -> NetworkView | None:
        """Ask what this node knows of a network; None where it does not take part.

        An Engine may log an error for each load balancer's endpoint when it is asked this
        (moby#49139): ask seldom.
        """
        with self._asking() as client:
            read_at = time.time()
            try:
                inspected = client.inspect_network(network_id, verbose=True, scope="swarm")
            except docker.errors.NotFound:
                return None  # on a worker: none of its tasks is there
            # Listed afterwards, those that have ended too: what is inspected is in the list.
            tasks = client.containers(all=True, filters={"label": _TASK_LABEL})
        return parse_network_view(inspected, {item["Id"] for item in tasks}, read_at)
