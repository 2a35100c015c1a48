"""What is answered to a scrape, besides what the target does."""

import asyncio
import time
from pathlib import Path

import pytest

from exporter.blackbox import metrics
from exporter.blackbox.service import Blackbox
from tests.exporter.blackbox.asking import ask, endpoint, loopback_settings, samples

SUCCESS = (metrics.SUCCESS.name, frozenset[tuple[str, str]]())


@pytest.fixture
def blackbox(configurations: dict[str, Path]) -> Blackbox:
    """Serve the site's modules; loopback may be looked at."""
    return endpoint(configurations["site"])


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({"module": "http_2xx"}, 400, "Target parameter is missing\n"),
        (
            {"module": "nope", "target": "127.0.0.1"},
            400,
            "Unknown module 'nope'; known here: grpc, ",
        ),
        (
            {"target": "127.0.0.1", "taget": "a"},
            400,
            "'taget' is no parameter of a probe: debug, hostname, module, source, target are\n",
        ),
        (
            {"module": "grpc", "target": "127.0.0.1:1", "hostname": "a"},
            400,
            "hostname says nothing to the prober grpc\n",
        ),
        (
            {"module": "http_post", "target": "127.0.0.1:1", "hostname": "other.test"},
            400,
            "the module sends the Host header 'shop.test', and hostname='other.test' another\n",
        ),
        (
            {"target": "http://me:secret@127.0.0.1/"},
            400,
            ("a name or password in the target is not supported: use basic_auth in the module\n"),
        ),
        (
            {"target": "127.0.0.1", "source": "nobody"},
            400,
            "source: there is no service, task or container 'nobody'\n",
        ),
        (
            {"target": "192.0.2.1"},
            403,
            "192.0.2.1 is not in blackbox.allow of the agent's configuration\n",
        ),
        (
            {"target": "http://[::1]:80/"},
            503,
            "could not look: ::1: looks are taken over IPv4 alone\n",
        ),
    ],
)
async def test_what_cannot_be_probed_is_said(
    blackbox: Blackbox, query: dict[str, str], status: int, text: str
) -> None:
    """An error, so that the scrape fails; never a `probe_success` of something not looked at."""
    told = await ask(blackbox, query)

    assert (told.status, told.text[: len(text)]) == (status, text)
    assert "probe_success" not in told.text


async def test_a_redirect_leads_nowhere_else(blackbox: Blackbox, ports: dict[str, int]) -> None:
    """What may not be asked for may not be reached by a target's word either."""
    target = f"http://127.0.0.1:{ports['http']}/to?url=http://192.0.2.1/"

    told = await ask(blackbox, {"target": target})

    assert told.status == 403
    assert told.text == "192.0.2.1 is not in blackbox.allow of the agent's configuration\n"


async def test_credentials_are_for_the_target_alone(
    configurations: dict[str, Path], ports: dict[str, int]
) -> None:
    """A redirect to another name loses them, and cookies with them."""
    blackbox = endpoint(configurations["site"])
    echo = f"http://localhost:{ports['http']}/echo"
    query = {"module": "http_bearer", "target": f"http://127.0.0.1:{ports['http']}/to?url={echo}"}

    told = await ask(blackbox, query)

    assert samples(told.text)[SUCCESS] == 0
    assert samples(told.text)[metrics.REGEX_FAILED.name, frozenset()] == 1


async def test_the_hostname_is_the_host_and_the_name_in_tls(
    configurations: dict[str, Path], ports: dict[str, int]
) -> None:
    """As a parameter, for targets that are addresses."""
    blackbox = endpoint(configurations["site"])
    query = {"module": "http_2xx", "target": f"https://127.0.0.1:{ports['misnamed']}/"}

    without = await ask(blackbox, query)
    with_it = await ask(blackbox, {**query, "hostname": "elsewhere.test"})

    assert samples(without.text)[SUCCESS] == 0
    assert samples(with_it.text)[SUCCESS] == 1


async def test_debug_tells_how_it_went(blackbox: Blackbox, ports: dict[str, int]) -> None:
    """The log, the metrics, and the module without its secrets."""
    target = f"http://127.0.0.1:{ports['http']}/echo"

    told = await ask(blackbox, {"module": "http_post", "target": target, "debug": "true"})

    log, _, rest = told.text.partition("\n\n\nMetrics that would have been returned:\n")
    page, _, module = rest.partition("\n\n\nModule configuration:\n")
    assert told.content_type == "text/plain; charset=utf-8"
    assert log.startswith("Logs for the probe:\nts=")
    assert f"module=http_post target={target} level=info msg=" in log
    assert 'msg="Received HTTP response" status_code=200' in log
    assert samples(page)[SUCCESS] == 1
    assert "password: <secret>" in module
    assert "username: me" in module
    assert "secret" not in log


async def test_why_it_failed_is_in_the_log(blackbox: Blackbox, ports: dict[str, int]) -> None:
    """The last line says it."""
    target = f"http://127.0.0.1:{ports['expired']}/"

    told = await ask(blackbox, {"target": target.replace("http", "https"), "debug": "true"})

    assert (
        'level=error msg="Probe failed" reason="the certificate is not valid: certificate has'
        in (told.text)
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0.8", 0.3), ("10", 1.0), ("", 1.0)],
)
async def test_a_probe_ends_before_the_scrape_does(
    configurations: dict[str, Path], ports: dict[str, int], header: str, seconds: float
) -> None:
    """By its module's timeout or by the scrape's less half a second, whichever is shorter."""
    blackbox = endpoint(configurations["ground"])
    target = f"127.0.0.1:{ports['silent']}"
    began = time.monotonic()

    told = await ask(blackbox, {"module": "banner_wrong", "target": target}, header)

    assert samples(told.text)[SUCCESS] == 0
    assert seconds <= time.monotonic() - began < seconds + 0.4


async def test_grpc_ends_in_time_too(blackbox: Blackbox, ports: dict[str, int]) -> None:
    """With the status that says so."""
    told = await ask(blackbox, {"module": "grpc", "target": f"127.0.0.1:{ports['silent']}"}, "0.8")

    found = samples(told.text)
    assert found[SUCCESS] == 0
    assert found[metrics.GRPC_STATUS.name, frozenset()] == 4


@pytest.mark.parametrize("header", ["soon", "-1", "nan", "inf", "0.5"])
async def test_a_timeout_that_leaves_nothing_is_refused(blackbox: Blackbox, header: str) -> None:
    """And one that is no number."""
    told = await ask(blackbox, {"target": "127.0.0.1:1"}, header)

    assert told.status == 400
    assert header in told.text


async def test_no_more_than_allowed_are_under_way(
    configurations: dict[str, Path], ports: dict[str, int]
) -> None:
    """The next waits for its turn; one that had none was not looked at, and says so."""
    path = configurations["ground"]
    settings = loopback_settings(path).model_copy(update={"concurrent": 1})
    blackbox = endpoint(path, settings)
    query = {"module": "tcp_connect", "target": f"127.0.0.1:{ports['banner']}"}
    slow = {"module": "banner_wrong", "target": f"127.0.0.1:{ports['silent']}"}

    first = asyncio.create_task(ask(blackbox, slow, "1.2"))
    await asyncio.sleep(0)  # it takes the place
    late, patient = await asyncio.gather(ask(blackbox, query, "0.6"), ask(blackbox, query))

    assert (late.status, late.text) == (
        503,
        "could not look: 1 probes are under way (blackbox.concurrent)\n",
    )
    assert samples(patient.text)[SUCCESS] == 1
    assert samples((await first).text)[SUCCESS] == 0


async def test_a_body_is_searched_as_far_as_it_is_kept(
    tmp_path: Path, ports: dict[str, int]
) -> None:
    """What may stand beyond is no match, and no mismatch: it fails, and says why."""
    path = tmp_path / "blackbox.yml"
    path.write_text(
        "modules:\n"
        "  counted: {prober: http}\n"
        "  searched: {prober: http, http: {fail_if_body_matches_regexp: [needle]}}\n"
        "  limited: {prober: http, http: {body_size_limit: 2MB, compression: gzip}}\n",
    )
    blackbox = endpoint(path)
    target = f"http://127.0.0.1:{ports['http']}/large"

    counted = await ask(blackbox, {"module": "counted", "target": target})
    searched = await ask(blackbox, {"module": "searched", "target": target, "debug": "true"})
    limited = await ask(
        blackbox, {"module": "limited", "target": f"{target}?pack=1", "debug": "true"}
    )

    assert samples(counted.text)[SUCCESS] == 1
    assert samples(counted.text)[metrics.HTTP_BODY.name, frozenset()] == 3 * 1024 * 1024
    assert "the body is larger than the 1048576 bytes that are searched" in searched.text
    assert "the body is larger than 2097152 bytes" in limited.text


async def test_newer_options_of_conversations(tmp_path: Path, ports: dict[str, int]) -> None:
    """Labels made of what was said, and bytes instead of lines, which Debian's does not know."""
    path = tmp_path / "blackbox.yml"
    path.write_text(
        "modules:\n"
        "  labels:\n"
        "    prober: tcp\n"
        "    tcp:\n"
        "      query_response:\n"
        "        - expect: 'ready (\\d+)\\.(\\d+)'\n"
        "          labels: [{name: major, value: '${1}'}, {name: minor, value: $2}]\n"
        "  bytes: {prober: tcp, tcp: {query_response: [{expect_bytes: '* wait'}]}}\n"
        "  other: {prober: tcp, tcp: {query_response: [{expect_bytes: 'SSH-2'}]}}\n",
    )
    blackbox = endpoint(path)
    target = f"127.0.0.1:{ports['banner']}"

    found = {
        module: samples((await ask(blackbox, {"module": module, "target": target})).text)
        for module in ("labels", "bytes", "other")
    }

    labels = frozenset({("major", "4"), ("minor", "2")})
    assert found["labels"]["probe_expect_info", labels] == 1
    assert found["bytes"][SUCCESS] == 1
    assert found["other"][SUCCESS] == 0
    assert found["other"][metrics.BYTES_FAILED.name, frozenset()] == 1


async def test_a_grpc_service_that_wants_metadata(tmp_path: Path, ports: dict[str, int]) -> None:
    """It is sent with the scrape."""
    path = tmp_path / "blackbox.yml"
    path.write_text(
        "modules:\n"
        "  open: {prober: grpc, grpc: {service: locked, metadata: {X-Key: [open]}}}\n"
        "  shut: {prober: grpc, grpc: {service: locked}}\n",
    )
    blackbox = endpoint(path)
    target = f"127.0.0.1:{ports['grpc']}"

    opened = await ask(blackbox, {"module": "open", "target": target})
    shut = await ask(blackbox, {"module": "shut", "target": target, "debug": "true"})

    assert samples(opened.text)[SUCCESS] == 1
    assert "gRPC status 16: not known" in shut.text
