"""Which findings are there? The catalogue, one family a file: pure data."""

from collections.abc import Mapping
from types import MappingProxyType

from probes.findings import (
    addresses,
    balancer,
    control,
    declared,
    dns,
    encryption,
    fdb,
    gossip,
    host,
    ingress,
    overlay,
    services,
)
from probes.findings.spec import FindingSpec

#: Code -> what it means; the order is that of the families.
FINDINGS: Mapping[str, FindingSpec] = MappingProxyType(
    {
        spec.code: spec
        for family in (
            fdb,
            overlay,
            encryption,
            dns,
            services,
            addresses,
            balancer,
            host,
            ingress,
            gossip,
            control,
            declared,
        )
        for spec in family.FINDINGS
    },
)
