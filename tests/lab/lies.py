"""How is a task's resolver replaced by one that lies?"""

import re
import subprocess
import sys
from types import TracebackType
from typing import Self

from tests.lab.lab import Lab
from tests.lab.layout import Node

_PORT = "5300"
_TO_RESOLVER = ("OUTPUT", "-p", "udp", "-d", "127.0.0.11", "--dport", "53")
_TO_LIAR = ("-j", "DNAT", "--to-destination", f"127.0.0.1:{_PORT}")


class Liar:
    """A resolver of a task's own, in front of Docker's, from `tell` until `stop`."""

    def __init__(self, lab: Lab, node: Node, container: str) -> None:
        self._lab, self._node, self._container = lab, node, container
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, service: str, lie: str) -> None:
        """Lie about a service; `lying_resolver` says what lies there are."""
        module = ("-m", "tests.lab.agent.lying_resolver")
        command = (sys.executable, *module, _PORT, self._real_port(), service, lie)
        visit = self._lab.visit_netns(self._node, self._container, *command)
        self._process = subprocess.Popen(visit)
        self._iptables("-I")

    def stop(self) -> None:
        """Let Docker's resolver answer again."""
        process, self._process = self._process, None
        if process is not None:
            self._iptables("-D")
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _iptables(self, action: str) -> None:
        rule = ("-t", "nat", action, *_TO_RESOLVER, *_TO_LIAR)
        self._lab.netns(self._node, self._container, "iptables", *rule)

    def _real_port(self) -> str:
        show = ("iptables", "-t", "nat", "-S", "DOCKER_OUTPUT")
        rules = self._lab.netns(self._node, self._container, *show)
        [port] = re.findall(r"-p udp .*--to-destination 127\.0\.0\.11:(\d+)", rules)
        return str(port)
