"""What is an overlay that is to be made?"""

import shlex
from dataclasses import dataclass

from probes.audit.declared import MTU_OPTION
from probes.intent.declared.network_config import DeclaredNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """An overlay to make."""

    name: str
    #: "" leaves the choice to the Engine.
    subnet: str = ""
    #: Driver's options, name and value.
    options: tuple[tuple[str, str], ...] = ()
    internal: bool = False
    attachable: bool = False
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def command(self) -> str:
        """Write it as a person would type it."""
        words = ["docker", "network", "create", "--driver", "overlay"]
        words += ["--subnet", self.subnet] if self.subnet else []
        for name, value in self.options:
            words += ["--opt", f"{name}={value}" if value else name]
        words += ["--internal"] if self.internal else []
        words += ["--attachable"] if self.attachable else []
        for name, value in self.labels:
            words += ["--label", f"{name}={value}"]
        return shlex.join([*words, self.name])


def spec_of(name: str, declared: DeclaredNetwork) -> NetworkSpec:
    """Say how a declared network is made."""
    options = []
    if declared.mtu:
        options.append((MTU_OPTION, str(declared.mtu)))
    if declared.encrypted:
        options.append(("encrypted", ""))
    return NetworkSpec(
        name=name,
        subnet=str(declared.subnet or ""),
        options=tuple(options),
        internal=declared.internal,
        attachable=declared.attachable,
        labels=tuple(sorted(declared.labels.items())),
    )
