"""Into which parts does the doctor divide the network, in the order of looking?"""

from dataclasses import dataclass

from probes.model.probe import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What belongs to a step: findings by the beginning of their code, checks, looks."""

    name: str
    codes: tuple[str, ...]
    #: First words of the checks' names.
    checks: tuple[str, ...]
    targets: tuple[Target, ...] = ()
    #: Whether the ways between nodes over the overlays are a part of it.
    ways: bool = False
    #: Whether it is left out while there is nothing to say of it: not everybody has it.
    optional: bool = False


PARTS = (
    Part(
        name="underlay",
        codes=("overlay_source", "overlay_address_gone", "overlay_no_route"),
        checks=("overlay underlay",),
        targets=(Target.NODE,),
    ),
    Part(name="control plane", codes=("control_", "gossip_"), checks=("control", "gossip")),
    Part(
        name="overlays",
        codes=("fdb_", "neighbour_", "overlay_", "encryption_", "address_"),
        checks=("fdb", "overlay", "encryption", "address", "overlaps", "network"),
        ways=True,
    ),
    Part(name="names", codes=("dns_",), checks=("dns",), targets=(Target.NAME,)),
    Part(
        name="virtual IPs",
        codes=("balancer_", "host_no_ipvs"),
        checks=("balancer", "virtual", "host ipvs"),
        targets=(Target.VIP,),
    ),
    Part(
        name="services",
        codes=("service_",),
        checks=("services", "spread"),
        targets=(Target.TASK,),
    ),
    Part(
        name="published ports",
        codes=("ingress_",),
        checks=("ingress",),
        targets=(Target.PUBLISHED,),
    ),
    Part(
        name="declarations",
        codes=("declared_", "policy_"),
        checks=("declared", "policy"),
        optional=True,
    ),
    Part(name="hosts", codes=("host_",), checks=("host",)),
    Part(name="own targets", codes=(), checks=(), targets=(Target.STATIC,), optional=True),
)


def belongs(part: Part, code: str) -> bool:
    """Tell whether this is the first part that a finding belongs to."""
    return next((item for item in PARTS if code.startswith(item.codes or ("?",))), None) is part


def has_check(part: Part, check: str) -> bool:
    """Tell whether this is the first part that a check belongs to."""
    return next((item for item in PARTS if check.startswith(item.checks or ("?",))), None) is part
