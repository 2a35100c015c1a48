"""What is up, in words?"""

from tests.lab import engine, engine_api, kernel
from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.lab.layout import MACHINE_ADDRESS, Node


def describe(lab: Lab) -> str:
    """Return the state of the lab, of its nodes and of the kernel, as text for a terminal."""
    return "\n".join([*_lab(lab), "", *_kernel(lab.kernel)])


def _lab(lab: Lab) -> list[str]:
    shape = lab.shape
    if shape is None:
        return [f"no lab is up (state folder: {lab.layout.state})"]
    complaints = lab.complaints()
    health = f"NOT WHOLE: {'; '.join(complaints)}" if complaints else "up"
    head = [f"{health}: {shape}", f"this machine is {MACHINE_ADDRESS} on the fabric", ""]
    return head + [_node(node) for node in lab.nodes]


def _node(node: Node) -> str:
    try:
        info = engine_api.get(node.socket, "/info")
    except LabError as error:
        return f"{node.name:8} {node.address!s:14} {error}"
    state = info["Swarm"]["LocalNodeState"]
    role = "manager" if info["Swarm"]["ControlAvailable"] else "worker"
    return (
        f"{node.name:8} {node.address!s:14} {role:8} {state:8} engine {info['ServerVersion']:12}"
        f" pid {engine.pid(node)!s:8} {info['ContainersRunning']:3} containers  {node.socket}"
    )


def _kernel(found: kernel.Kernel) -> list[str]:
    return [
        f"kernel: {'has' if found.has(name) else 'LACKS'} {name:10} {good_for}"
        + ("" if found.has(name) else f" ({found.refusals[name]})")
        for name, (good_for, _) in kernel.TRIALS.items()
    ]
