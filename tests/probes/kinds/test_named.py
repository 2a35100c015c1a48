"""Is a name looked up for each look, and what it leads to looked at?"""

from ipaddress import IPv4Address
from typing import Any

import dns.rcode
import pytest

from probes.model.probe import HttpLook, NamedLook, PolicyLook, TcpLook
from probes.model.result import Outcome, Result
from tests.probes.looking import LOOPBACK, look_once
from tests.probes.servers import answering, code, listener, records, resolving, serving

NOWHERE = IPv4Address("0.0.0.0")  # noqa: S104
NAME = "ledger.example.org"


async def _look(monkeypatch: pytest.MonkeyPatch, answer: Any, inner: Any) -> Result:
    """Ask a resolver of our own, on whatever port it has."""
    async with resolving(answer) as port:
        from probes.kinds import dns as asked  # noqa: PLC0415 -- the module that is patched

        real = asked.look

        async def at_port(look: Any, net: Any, phases: Any) -> Any:
            return await real(type(look)(name=look.name, server=LOOPBACK, port=port), net, phases)

        monkeypatch.setattr(asked, "look", at_port)
        return await look_once(NamedLook(host=NAME, server=LOOPBACK, look=inner))


async def test_the_first_address_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a phase for the name."""
    with listener() as sock:
        inner = TcpLook(address=NOWHERE, port=sock.getsockname()[1])
        result = await _look(monkeypatch, records(f"{NAME}. 9 IN A 127.0.0.1"), inner)

    assert (result.outcome, result.detail) == (Outcome.OK, "")
    assert [phase.name for phase in result.phases][-1] == "connect"


async def test_a_name_that_nobody_knows_is_the_resolvers_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is looked at then."""
    inner = TcpLook(address=NOWHERE, port=1)

    result = await _look(monkeypatch, code(dns.rcode.NXDOMAIN), inner)

    assert result.outcome is Outcome.NXDOMAIN


async def test_what_must_not_be_reached_is_tried_at_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And found out."""
    with listener() as sock:
        port = sock.getsockname()[1]
        inner = PolicyLook(address=NOWHERE, port=port, patience_seconds=0.3, routed=True)
        result = await _look(monkeypatch, records(f"{NAME}. 9 IN A 127.0.0.1"), inner)

    assert result.outcome is Outcome.CONNECTED


@pytest.mark.parametrize(
    ("shown", "outcome", "detail"),
    [
        ("X-Backend: shop_api.2", Outcome.OK, ""),
        ("X-Backend: shop_web.1", Outcome.BAD_BODY, "another answered: X-Backend is 'shop_web.1'"),
        ("X-Other: shop_api.2", Outcome.BAD_BODY, "another answered: X-Backend is not there"),
    ],
)
async def test_an_answer_tells_by_a_header_who_gave_it(
    shown: str, outcome: Outcome, detail: str
) -> None:
    """A gateway that leads to the wrong service answers all the same."""
    answer = f"HTTP/1.1 200 OK\r\n{shown}\r\nContent-Length: 0\r\n\r\n".encode()
    async with serving(answering(answer)) as port:
        look = HttpLook(address=LOOPBACK, port=port, header="X-Backend", header_contains="shop_api")
        result = await look_once(look)

    assert (result.outcome, result.detail) == (outcome, detail)
