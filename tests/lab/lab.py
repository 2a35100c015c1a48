"""What can a test, or a person, do with the lab?"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from tests.lab import cgroups, engine, engine_api, fabric, kernel, namespaces, processes, swarm
from tests.lab.commands import run
from tests.lab.docker_command import docker
from tests.lab.errors import LabError
from tests.lab.layout import MOST_NODES, Layout, Node, default_layout
from tests.lab.netns import resolve
from tests.lab.wait import at_once, wait_until

_STACK_LABEL = "com.docker.stack.namespace"


@dataclass(frozen=True, slots=True)
class Shape:
    """What was asked for; *engine* is a folder of other binaries than the installed ones."""

    nodes: int = 3
    managers: int = 1
    engine: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.managers <= self.nodes <= MOST_NODES:
            raise LabError(
                f"{self.managers} managers of {self.nodes} nodes: at least one manager, no more"
                f" managers than nodes, and at most {MOST_NODES} nodes"
            )

    def __str__(self) -> str:
        of = f"the engine in {self.engine}" if self.engine else "the installed engine"
        return f"{self.nodes} nodes, {self.managers} of them managers, {of}"


def say_nothing(_line: str) -> None:
    """Keep what is being done to oneself."""


class Lab:
    """The one lab of this machine.

    `up` and `down` change it as a whole: hold `locked(lab.layout.lock, ...)` around them.
    """

    def __init__(
        self, layout: Layout | None = None, say: Callable[[str], None] = say_nothing
    ) -> None:
        self.layout = layout or default_layout()
        self._say = say
        self._kernel: kernel.Kernel | None = None

    # -- the whole

    def up(self, shape: Shape) -> None:
        """Bring the lab up in *shape*; a lab that is up stays, a half-dead one is made anew."""
        if self.shape is not None:
            complaints = self.complaints()
            if not complaints and self.shape == shape:
                self._say(f"already up: {shape}")
                return
            if not complaints:
                raise LabError(f"up already, but as {self.shape}: take it `down` first")
            self._say(f"found a lab that is not whole ({'; '.join(complaints)}): making it anew")
        elif processes.of_lab(()):
            raise LabError(
                f"a lab is up that {self.layout.state} knows nothing of: set SWARM_LAB_STATE to its"
                " folder, or take it `down`"
            )
        if shape.engine and not Path(shape.engine, "dockerd").exists():
            raise LabError(f"no dockerd in the engine's folder {shape.engine}")
        self.down()
        self._record(shape)
        self._say(f"fabric: {shape.nodes} nodes from {self.nodes[0].address} on")
        namespaces.prepare(self.layout)
        fabric.build(self.layout.fabric, self.nodes)
        self._say("starting dockerd on every node")
        binaries = self._engine_folder
        at_once(lambda node: self._boot(node, binaries), self.nodes)
        self._say("forming the Swarm")
        swarm.form(self.nodes, shape.managers)
        self._say(f"up: {shape}")

    def _record(self, shape: Shape) -> None:
        self.layout.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.layout.record.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(shape)))
        draft.replace(self.layout.record)

    def _boot(self, node: Node, binaries: Path | None) -> None:
        engine.furnish(self.layout, node)
        engine.start(node, binaries)

    def down(self) -> None:
        """Remove every process, mount, namespace, link, cgroup and file of the lab's.

        It goes by what there is, not by what was recorded: a lab that was killed in the middle of
        anything goes the same way.
        """
        pins = list(namespaces.pinned(self.layout))
        if pins or cgroups.ours():
            self._say("ending the lab's processes and removing what they stood on")
        processes.end(lambda: processes.of_lab(pins), "the lab's processes")
        fabric.disconnect_this_machine()
        namespaces.release_all(self.layout)
        cgroups.remove()
        if self.layout.state.exists():
            for entry in self.layout.state.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
                elif entry != self.layout.lock:
                    entry.unlink()

    @property
    def shape(self) -> Shape | None:
        """What was asked for, or None where nothing is up."""
        try:
            asked = json.loads(self.layout.record.read_text())
        except FileNotFoundError:
            return None
        return Shape(**asked)

    def complaints(self) -> list[str]:
        """Return what is wrong with the lab; nothing when it is whole."""
        nodes = self.nodes
        dead = [f"{node.name} has no dockerd" for node in nodes if engine.pid(node) is None]
        if dead:
            return dead
        try:
            return swarm.not_ready(nodes)
        except LabError as error:
            return [str(error)]

    @property
    def kernel(self) -> kernel.Kernel:
        """What this machine's kernel has; tried once."""
        if self._kernel is None:
            self._kernel = kernel.examine()
        return self._kernel

    # -- its nodes

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, node1 first."""
        shape = self.shape
        if shape is None:
            raise LabError("no lab is up: python -m tests.lab up")
        return tuple(self.layout.node(index) for index in range(1, shape.nodes + 1))

    def node(self, name: str) -> Node:
        """Return the node of that name, as `node2`."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"no node {name!r}: there are {', '.join(n.name for n in self.nodes)}")

    @property
    def manager(self) -> Node:
        """The first manager."""
        return self.nodes[0]

    def docker(
        self,
        node: Node,
        *args: str,
        input: str | bytes | None = None,  # noqa: A002 -- as in subprocess
        check: bool = True,
        timeout: float = 60,
    ) -> str:
        """Run `docker ARGS` against the node's Engine and return what it printed."""
        return docker(node, *args, input=input, check=check, timeout=timeout)

    def exec(self, node: Node, *argv: str, check: bool = True, timeout: float = 60) -> str:
        """Run *argv* in the node's network, mount and UTS namespaces; return what it printed."""
        return run(*self.visit(node, *argv), check=check, timeout=timeout)

    def netns(
        self, node: Node, name: str, *argv: str, check: bool = True, timeout: float = 60
    ) -> str:
        """Run *argv* in the namespace *name* of the node's /var/run/docker/netns.

        *name* is a file there, the beginning of just one, or a container of the node's.
        """
        return run(*self.visit_netns(node, name, *argv), check=check, timeout=timeout)

    def visit(self, node: Node, *argv: str) -> tuple[str, ...]:
        """Return the command that runs *argv* on the node."""
        entrance = cgroups.entrance(node, cgroups.VISITORS)
        return namespaces.visiting(node.pins, entrance, Path.cwd(), *argv)

    def visit_netns(self, node: Node, name: str, *argv: str) -> tuple[str, ...]:
        """Return the command that runs *argv* in the namespace *name* of the node's."""
        return self.visit(node, "nsenter", f"--net={resolve(node, name)}", *argv)

    def cut(self, node: Node) -> None:
        """Pull the node's cable."""
        fabric.set_link(self.layout.fabric, node, "down")

    def rejoin(self, node: Node) -> None:
        """Plug the node's cable in again."""
        fabric.set_link(self.layout.fabric, node, "up")

    def stop_engine(self, node: Node) -> None:
        """Kill the node's Engine and containers at once, as a power cut does."""
        engine.stop(node)

    def start_engine(self, node: Node) -> None:
        """Start a stopped node as after a power cut: its disk is there, its mounts are not."""
        engine.power_on(self.layout, node, self._engine_folder)

    @property
    def _engine_folder(self) -> Path | None:
        shape = self.shape
        return Path(shape.engine) if shape and shape.engine else None

    # -- its stacks

    def load(self, tar: Path) -> None:
        """Load the images of *tar* (of `docker save`) on every node."""
        at_once(lambda node: docker(node, "load", f"--input={tar}", timeout=300), self.nodes)

    def deploy(
        self, file: Path, name: str, *, over: Sequence[Path] = (), timeout: float = 120
    ) -> None:
        """Deploy the stack *file* as *name*, and wait until all of its tasks run.

        What the files *over* it say comes on top. With *timeout* 0 it does not wait.
        """
        files = (f"--compose-file={path}" for path in (file, *over))
        docker(self.manager, "stack", "deploy", "--resolve-image=never", *files, name, timeout=120)
        if timeout:
            why = f"every task of the stack {name} runs"
            wait_until(lambda: not self._incomplete(name), timeout, why)

    def _incomplete(self, stack: str) -> list[str]:
        filters = quote(json.dumps({"label": [f"{_STACK_LABEL}={stack}"]}))
        found = []
        for service in engine_api.get(
            self.manager.socket, f"/services?status=true&filters={filters}"
        ):
            count = service["ServiceStatus"]
            is_updating = service.get("UpdateStatus", {}).get("State") == "updating"
            if is_updating or count["RunningTasks"] != count["DesiredTasks"]:
                name = service["Spec"]["Name"]
                found.append(f"{name} {count['RunningTasks']}/{count['DesiredTasks']}")
        return found

    def remove(self, name: str, *, timeout: float = 60) -> None:
        """Remove the stack *name*, and wait until its containers and networks are gone."""
        docker(self.manager, "stack", "rm", name)
        wait_until(lambda: not self._left(name), timeout, f"nothing is left of the stack {name}")

    def _left(self, stack: str) -> list[str]:
        label = f"--filter=label={_STACK_LABEL}={stack}"

        def left_on(node: Node) -> str:
            found = docker(node, "ps", "--all", "--quiet", label)
            return found + docker(node, "network", "ls", "--quiet", label)

        return [found for found in at_once(left_on, self.nodes) if found]
