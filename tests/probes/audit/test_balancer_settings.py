"""Does the audit see how IPVS is set?"""

from dataclasses import replace

import pytest

from probes.audit.balancer import CHECKS
from tests.probes.audit.balancing import HEALTHY, seen
from tests.probes.audit.situations import found


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("net.ipv4.vs.conntrack", "0", "balancer_conntrack_off"),
        ("net.ipv4.vs.conntrack", None, "balancer_conntrack_off"),
        ("net.ipv4.vs.conn_reuse_mode", "1", "balancer_sysctl"),
        ("net.ipv4.vs.expire_nodest_conn", "0", "balancer_sysctl"),
        ("net.ipv4.vs.expire_quiescent_template", "0", "balancer_sysctl"),
    ],
)
def test_a_sysctl_that_is_not_as_the_engine_sets_it_is_told(
    name: str, value: str | None, code: str
) -> None:
    """One finding with its name; a kernel that cannot track at all counts as one that does not."""
    others = tuple(item for item in HEALTHY.sysctls if item[0] != name)
    reading = replace(HEALTHY, sysctls=(*others, (name, value)) if value else others)

    (finding,) = found(CHECKS, seen(reading))

    assert (finding.code, finding.subject.item) == (code, name)


def test_a_kernel_that_does_not_know_a_setting_is_not_set_otherwise() -> None:
    """Older kernels lack some names."""
    reading = replace(HEALTHY, sysctls=HEALTHY.sysctls[1:])

    assert found(CHECKS, seen(reading)) == []
