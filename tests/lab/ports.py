"""How is a task's port closed, as if nobody listened there?"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.containers import container_of_task
from tests.lab.lab import Lab


@contextmanager
def port_closed(lab: Lab, task: str, port: int) -> Iterator[None]:
    """Let the task, such as `shop_web.2`, refuse TCP connections for as long as the block lasts."""
    node, container = container_of_task(lab, task)
    rule = ("INPUT", "-p", "tcp", f"--dport={port}", "-j", "REJECT", "--reject-with", "tcp-reset")
    lab.netns(node, container, "iptables", "-I", *rule)
    try:
        yield
    finally:
        lab.netns(node, container, "iptables", "-D", *rule)
