from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.cli.show import print_report
from probes.looks.looker import Report
from probes.model.probe import (
    DnsLook,
    HttpLook,
    Kind,
    Look,
    NatsLook,
    Probe,
    ProbeId,
    Target,
    TlsLook,
)
from probes.model.result import Answer, Certificate, Observation, Outcome, Phase, Result
from probes.model.vantage import Vantage, VantageKind

API = IPv4Address("10.0.1.20")
WEB_1 = Vantage(kind=VantageKind.TASK, name="shop_web.1", netns="/run/docker/netns/abc")


def _result(look: Look, kind: Kind, **fields: Any) -> Result:
    probe_id = ProbeId(
        probe=kind,
        target=Target.VIP,
        network="shop_app",
        source_service="shop_web",
        source_node="",
        destination_service="shop_api",
    )
    probe = Probe(id=probe_id, look=look, vantage=WEB_1, interval_seconds=2, timeout_seconds=2)
    result = Result(probe=probe, outcome=Outcome.OK, detail="", started_at=0.0, seconds=0.0042)
    return replace(result, **fields)


HTTP = _result(
    HttpLook(address=API, port=8443, path="/healthz", tls=True),
    Kind.HTTP,
    phases=(Phase(name="connect", seconds=0.001), Phase(name="first_byte", seconds=0.003)),
    observed=Observation(
        rtt_seconds=0.0005,
        status=503,
        certificate_expires_at=1_800_000_000.0,
    ),
    outcome=Outcome.BAD_STATUS,
    detail="status 503, to '[bold]/elsewhere'",
)
DNS = _result(
    DnsLook(name="api", server=IPv4Address("127.0.0.11")),
    Kind.DNS,
    outcome=Outcome.WRONG_ANSWER,
    detail="api: missing 10.0.1.20; unexpected 10.0.1.9",
    observed=Observation(
        answer=Answer(
            addresses=(IPv4Address("10.0.1.9"),),
            missing=(API,),
            unexpected=(IPv4Address("10.0.1.9"),),
        ),
    ),
)


TLS = _result(
    TlsLook(address=API, port=443, host="shop.example.org"),
    Kind.TLS,
    outcome=Outcome.TLS,
    detail="the certificate is not valid: certificate has expired",
    started_at=1_800_000_000.0,
    observed=Observation(
        certificate_expires_at=1_799_800_000.0,
        certificates=(
            Certificate(
                subject="CN=shop",
                issuer="CN=middle",
                names=("shop.example.org", "10.0.1.20"),
                begins_at=1_790_000_000.0,
                expires_at=1_799_800_000.0,
            ),
            Certificate(
                subject="CN=middle",
                issuer="CN=root",
                names=(),
                begins_at=1_790_000_000.0,
                expires_at=1_810_000_000.0,
            ),
        ),
    ),
)
NATS = _result(
    NatsLook(address=API, port=4222),
    Kind.NATS,
    phases=(Phase(name="hello", seconds=0.002),),
    observed=Observation(told=(("name", "bus\x1b[2J-1"), ("note", "it wants credentials"))),
)


def test_a_result_is_told_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    """What a stranger sent is text, whatever it looks like."""
    print_report(Report(result=HTTP))

    who = "shop_web.1 -> shop_api https://10.0.1.20:8443/healthz on shop_app"
    assert capsys.readouterr().out.splitlines() == [
        f"bad_status  http  {who}, 4.20 ms",
        "  status 503, to '[bold]/elsewhere'",
        "  connect     1.00 ms",
        "  first byte  3.00 ms",
        "  round trip  0.50 ms, by the kernel's clock",
        "  status      503",
        "  certificate until 2027-01-15 08:00 UTC",
    ]


def test_a_chain_is_told_certificate_by_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    """Its names, who signed it, and what is left of it, from when it was seen."""
    print_report(Report(result=TLS))

    assert capsys.readouterr().out.splitlines() == [
        "tls  tls  shop_web.1 -> shop_api 10.0.1.20:443 on shop_app, 4.20 ms",
        "  the certificate is not valid: certificate has expired",
        "  certificate CN=shop",
        "              for shop.example.org, 10.0.1.20",
        "              by CN=middle",
        "              from 2026-09-21 14:13 UTC until 2027-01-13 00:26 UTC, expired 2 days ago",
        "  its issuer  CN=middle",
        "              by CN=root",
        "              from 2026-09-21 14:13 UTC until 2027-05-11 01:46 UTC, 116 days left",
    ]


def test_what_a_server_says_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Signs that cannot be printed are written out."""
    print_report(Report(result=NATS))

    assert capsys.readouterr().out.splitlines() == [
        "ok  nats  shop_web.1 -> shop_api 10.0.1.20:4222 on shop_app, 4.20 ms",
        "  hello       2.00 ms",
        "  name        bus\\x1b[2J-1",
        "  note        it wants credentials",
    ]


def test_an_answer_is_told_with_its_differences(capsys: pytest.CaptureFixture[str]) -> None:
    """And a hint goes where errors go, so that a pipe gets the result alone."""
    print_report(Report(result=DNS, hint="did you mean web?"))

    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "wrong_answer  dns  shop_web.1 -> shop_api api at 127.0.0.11 on shop_app, 4.20 ms",
        "  api: missing 10.0.1.20; unexpected 10.0.1.9",
        "  answer      10.0.1.9",
        "  missing     10.0.1.20",
        "  unexpected  10.0.1.9",
    ]
    assert printed.err == "did you mean web?\n"
