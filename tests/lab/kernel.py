"""What does this machine's kernel have of what Docker Swarm, and breaking it, need?

Found by trying, in a network namespace that is thrown away: a configuration file or a module list
may be absent, and neither says what works.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.lab.commands import run
from tests.lab.errors import CommandError
from tests.lab.guest.mailbox import INSIDE

#: As the Engine makes them (moby, libnetwork/drivers/overlay/encryption.go).
_SECURITY_ASSOCIATION = (
    "src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 mode transport"
    f" aead 'rfc4106(gcm(aes))' 0x{'5a' * 20} 64"
)

#: What to try, and what it is good for. Each line is a shell command in an empty namespace.
TRIALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ipvs": (
            "service VIPs and the routing mesh",
            "ipvsadm --add-service --fwmark-service 1 --scheduler rr",
        ),
        "esp": ("encrypted overlays", f"ip xfrm state add {_SECURITY_ASSOCIATION}"),
        "vxlan": ("overlays", "ip link add v0 type vxlan id 4096 dstport 4789"),
        "netem": ("delay and jitter", "tc qdisc add dev lo root netem delay 1ms"),
        "tbf": (
            "a slow link",
            "tc qdisc add dev lo root tbf rate 1mbit burst 32kbit latency 50ms",
        ),
        "nft_numgen": (
            "loss of some packets",
            "nft 'add table t; add chain t c; add rule t c numgen random mod 100 < 5 drop'",
        ),
        "own_limits": (
            "full tables, whose limits hold for the whole machine",
            f'[ -n "${INSIDE}" ] || {{ echo "it is not the lab\'s own" >&2; false; }}',
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """What was refused, and with which words."""

    refusals: Mapping[str, str]

    def has(self, feature: str) -> bool:
        """Tell whether the trial of *feature*, one of TRIALS, worked."""
        if feature not in TRIALS:
            raise ValueError(f"unknown feature {feature!r}: one of {', '.join(TRIALS)}")
        return feature not in self.refusals

    @property
    def ipvs(self) -> bool:
        return self.has("ipvs")

    @property
    def esp(self) -> bool:
        return self.has("esp")

    @property
    def vxlan(self) -> bool:
        return self.has("vxlan")

    @property
    def netem(self) -> bool:
        return self.has("netem")


def examine(trials: Mapping[str, tuple[str, str]] = TRIALS) -> Kernel:
    """Try everything."""
    refusals = {}
    for feature, (_, trial) in trials.items():
        try:
            run("unshare", "--net", "sh", "-ec", f"ip link set lo up; {trial}")
        except CommandError as error:
            refusals[feature] = str(error).splitlines()[-1]
    return Kernel(MappingProxyType(refusals))
