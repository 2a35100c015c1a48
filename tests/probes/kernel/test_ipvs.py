from ipaddress import IPv4Address

import pytest

from probes.kernel.attributes import Attributes, attributes
from probes.kernel.ipvs import (
    IpvsTimeouts,
    NoIpvsError,
    has_ipvs,
    identity_of,
    is_mark_service,
    parse_backend,
    parse_service,
    parse_timeouts,
    read_virtual_services,
)
from probes.model.reading import Backend, VirtualService
from tests.probes.kernel.recorded import rows

_SERVICE, _DEST = 1, 2


def services(name: str) -> list[Attributes]:
    return [attributes(row[_SERVICE]) for row in rows(name)]


def backends(name: str) -> tuple[Backend, ...]:
    return tuple(parse_backend(row[_DEST]) for row in rows(name))


def backend(address: str, **counts: int) -> Backend:
    known = {"weight": 1, "active_connections": 0, "inactive_connections": 0, "connections": 0}
    return Backend(address=IPv4Address(address), **known | counts)


def test_a_load_balancer_of_a_real_swarm() -> None:
    """The ingress namespace's, after seven requests: what `ipvsadm -Ln --stats` showed then."""
    (service,) = services("swarm-ipvs-services.bin")

    assert parse_service(service, backends("swarm-ipvs-backends-263.bin")) == VirtualService(
        mark=263,
        scheduler="rr",
        connections=7,
        backends=(
            backend("10.0.0.6", connections=4, inactive_connections=4),
            backend("10.0.0.7", connections=3, inactive_connections=3),
        ),
    )


def test_services_by_address_and_of_ipv6_are_told_apart() -> None:
    """Swarm makes none of them."""
    found = services("ipvs-services.bin")

    marks = [parse_service(each, ()).mark for each in found if is_mark_service(each)]
    assert (len(found), sorted(marks)) == (4, [256, 257])


def test_a_draining_backend_has_no_weight() -> None:
    """Another is as it was, and a service may have no backend at all."""
    assert set(backends("ipvs-backends-256.bin")) == {
        backend("10.0.1.3"),
        backend("10.0.1.4", weight=0),
    }
    assert backends("ipvs-backends-257.bin") == ()


def test_a_question_names_the_service_by_its_mark() -> None:
    """The kernel wants the family beside it, and nothing else."""
    (service,) = services("swarm-ipvs-services.bin")

    question = attributes(identity_of(service))

    assert attributes(question[_SERVICE]) == {1: service[1], 5: service[5]}


def test_the_idle_limits_are_in_seconds() -> None:
    """Of every namespace's own; the kernel's defaults here."""
    (config,) = rows("swarm-ipvs-config.bin")

    assert parse_timeouts(config) == IpvsTimeouts(
        tcp_seconds=900, tcp_fin_seconds=120, udp_seconds=300
    )


def test_a_kernel_without_a_protocol_has_no_limit_for_it() -> None:
    """It leaves the number out."""
    assert parse_timeouts({}) == IpvsTimeouts(tcp_seconds=0, tcp_fin_seconds=0, udp_seconds=0)


def test_a_kernel_without_ipvs_is_told_from_one_that_tells_nothing() -> None:
    """Where this machine has it, our own namespace has no service."""
    if has_ipvs():
        assert read_virtual_services() == ()
    else:
        with pytest.raises(NoIpvsError, match="this kernel has no IPVS"):
            read_virtual_services()
