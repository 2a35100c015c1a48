"""Served by us and by Debian's blackbox_exporter, side by side, the same targets look the same."""

import asyncio
from pathlib import Path

import pytest

from exporter.blackbox import metrics
from tests.exporter.blackbox.asking import (
    NEWER,
    ask,
    ask_blackbox_exporter,
    endpoint,
    names,
    samples,
    without_times,
)

SITE = {
    "good": ("http_2xx", "http://127.0.0.1:{http}/", 1),
    "no scheme": ("http_2xx", "127.0.0.1:{http}", 1),
    "a path and a query": ("http_2xx", "127.0.0.1:{http}/?a=b%20c&d=e", 1),
    "a name": ("http_2xx", "http://localhost:{http}/", 1),
    "chunked": ("http_2xx", "http://127.0.0.1:{http}/chunked", 1),
    "bad status": ("http_2xx", "http://127.0.0.1:{http}/status/503", 0),
    "bad status, expected": ("http_404", "http://127.0.0.1:{http}/status/404", 1),
    "no content": ("http_2xx", "http://127.0.0.1:{http}/status/204", 1),
    "redirect": ("http_2xx", "http://127.0.0.1:{http}/redirect", 1),
    "redirect not followed": ("http_302", "http://127.0.0.1:{http}/redirect", 1),
    "redirect to https": (
        "http_2xx",
        "http://127.0.0.1:{http}/to?url=https://127.0.0.1:{https}/",
        1,
    ),
    "redirect to a name": (
        "http_2xx",
        "http://127.0.0.1:{http}/to?url=http://localhost:{http}/",
        1,
    ),
    "redirect to nowhere": (
        "http_2xx",
        "http://127.0.0.1:{http}/to?url=http://127.0.0.1:{closed}/",
        0,
    ),
    "redirect for ever": ("http_2xx", "http://127.0.0.1:{http}/loop", 0),
    "cookies": ("http_2xx", "http://127.0.0.1:{http}/login", 1),
    "slow": ("http_impatient", "http://127.0.0.1:{http}/slow", 0),
    "refused": ("http_2xx", "http://127.0.0.1:{closed}/", 0),
    "no such name": ("http_2xx", "http://nobody.invalid/", 0),
    "no http": ("http_impatient", "http://127.0.0.1:{banner}/", 0),
    "closed without an answer": ("http_2xx", "http://127.0.0.1:{closing}/", 0),
    "tls": ("http_2xx", "https://127.0.0.1:{https}/", 1),
    "tls by name": ("http_2xx", "https://localhost:{https}/", 1),
    "tls 1.2": ("http_old_tls", "https://127.0.0.1:{https}/", 1),
    "tls, expired": ("http_2xx", "https://127.0.0.1:{expired}/", 0),
    "tls, expired, not verified": ("http_any_certificate", "https://127.0.0.1:{expired}/", 1),
    "tls, of another name": ("http_2xx", "https://127.0.0.1:{misnamed}/", 0),
    "tls, by its other name": ("http_other_name", "https://127.0.0.1:{misnamed}/", 1),
    "tls, of a strange authority": ("http_2xx", "https://127.0.0.1:{strange}/", 0),
    "tls, of no known authority": ("http_machine_authorities", "https://127.0.0.1:{https}/", 0),
    "tls where there is none": ("http_2xx", "https://127.0.0.1:{http}/", 0),
    "no tls where there is some": ("http_2xx", "http://127.0.0.1:{https}/", 0),
    "ssl wanted": ("http_ssl", "https://127.0.0.1:{https}/", 1),
    "ssl lacking": ("http_ssl", "http://127.0.0.1:{http}/", 0),
    "ssl not wanted": ("http_no_ssl", "https://127.0.0.1:{https}/", 0),
    "http/2": ("http_2xx", "https://127.0.0.1:{grpc_tls}/", 1),
    "http/2 wanted": ("http_version_two", "https://127.0.0.1:{grpc_tls}/", 1),
    "http/2 lacking": ("http_version_two", "https://127.0.0.1:{https}/", 0),
    "http/2 not spoken": ("http_http1", "https://127.0.0.1:{https}/", 1),
    "body matches": ("http_fine", "http://127.0.0.1:{http}/", 1),
    "body does not match": ("http_fine", "http://127.0.0.1:{http}/chunked", 0),
    "body matches what it must not": ("http_not_fine", "http://127.0.0.1:{http}/", 0),
    "bad status before the body": ("http_not_fine", "http://127.0.0.1:{http}/status/500", 0),
    "header matches": ("http_version_seven", "http://127.0.0.1:{http}/", 1),
    "header does not match": ("http_version_eight", "http://127.0.0.1:{http}/", 0),
    "header missing": ("http_header_missing", "http://127.0.0.1:{http}/", 0),
    "post": ("http_post", "http://127.0.0.1:{http}/echo", 1),
    "bearer": ("http_bearer", "http://127.0.0.1:{http}/echo", 1),
    "head": ("http_head", "http://127.0.0.1:{http}/", 1),
    "gzip": ("http_gzip", "http://127.0.0.1:{http}/gzip", 1),
    "no gzip": ("http_gzip", "http://127.0.0.1:{http}/", 0),
    "too large": ("http_small", "http://127.0.0.1:{http}/", 0),
    "grpc": ("grpc", "127.0.0.1:{grpc}", 1),
    "grpc, a service": ("grpc_good", "127.0.0.1:{grpc}", 1),
    "grpc, not serving": ("grpc_bad", "127.0.0.1:{grpc}", 0),
    "grpc, unknown service": ("grpc_unknown", "127.0.0.1:{grpc}", 0),
    "grpc, tls": ("grpc_tls", "127.0.0.1:{grpc_tls}", 1),
    "grpc, untrusted": ("grpc_tls_untrusted", "127.0.0.1:{grpc_tls}", 0),
    "grpc, no http/2": ("grpc", "127.0.0.1:{closing}", 0),
    "tls, silent": ("http_impatient", "https://127.0.0.1:{silent}/", 0),
    "grpc, another protocol": ("grpc", "127.0.0.1:{banner}", 0),
    "grpc, refused": ("grpc", "127.0.0.1:{closed}", 0),
    "grpc, no such name": ("grpc", "nobody.invalid:50051", 0),
}

GROUND = {
    "tcp": ("tcp_connect", "127.0.0.1:{banner}", 1),
    "tcp, from an address": ("tcp_source", "127.0.0.1:{banner}", 1),
    "tcp, refused": ("tcp_connect", "127.0.0.1:{closed}", 0),
    "tcp, no port": ("tcp_connect", "127.0.0.1", 0),
    "tcp, no such name": ("tcp_connect", "nobody.invalid:1", 0),
    "tcp, tls": ("tcp_tls", "127.0.0.1:{https}", 1),
    "tcp, tls not verified": ("tcp_tls_any", "127.0.0.1:{strange}", 1),
    "tcp, tls expired": ("tcp_tls", "127.0.0.1:{expired}", 0),
    "tcp, tls strange": ("tcp_tls", "127.0.0.1:{strange}", 0),
    "tcp, no tls": ("tcp_tls", "127.0.0.1:{http}", 0),
    "banner": ("banner", "127.0.0.1:{banner}", 1),
    "banner, wrong": ("banner_wrong", "127.0.0.1:{banner}", 0),
    "banner, silent": ("banner_wrong", "127.0.0.1:{silent}", 0),
    "banner, wrong and closed": ("banner", "127.0.0.1:{brief}", 0),
    "starttls": ("starttls", "127.0.0.1:{mail}", 1),
    "starttls, untrusted": ("starttls_untrusted", "127.0.0.1:{mail}", 0),
    "dns": ("dns_a", "127.0.0.1:{dns}", 1),
    "dns, not all match": ("dns_a_other", "127.0.0.1:{dns}", 0),
    "dns, none matches": ("dns_a_wrong", "127.0.0.1:{dns}", 0),
    "dns, soa": ("dns_soa", "127.0.0.1:{dns}", 1),
    "dns, txt": ("dns_txt", "127.0.0.1:{dns}", 1),
    "dns, tcp": ("dns_tcp", "127.0.0.1:{dns}", 1),
    "dns, tls": ("dns_tls", "127.0.0.1:{dns_tls}", 1),
    "dns, nxdomain": ("dns_nxdomain", "127.0.0.1:{dns}", 0),
    "dns, nxdomain expected": ("dns_nxdomain_expected", "127.0.0.1:{dns}", 1),
    "dns, nothing to match": ("dns_nothing_to_match", "127.0.0.1:{dns}", 0),
    "dns, servfail": ("dns_broken", "127.0.0.1:{dns}", 0),
    "dns, silent": ("dns_silent", "127.0.0.1:{dns}", 0),
    "dns, refused": ("dns_a", "127.0.0.1:{closed}", 0),
    "dns, tcp refused": ("dns_tcp", "127.0.0.1:{closed}", 0),
    "dns, garbage": ("dns_silent", "127.0.0.1:{garbage}", 0),
    "dns, no such name": ("dns_a", "nobody.invalid", 0),
    "icmp": ("icmp", "127.0.0.1", 1),
    "icmp, large": ("icmp_large", "127.0.0.1", 1),
    "icmp, no such name": ("icmp", "nobody.invalid", 0),
}

CASES = [
    pytest.param((configuration, *case), id=name)
    for configuration, cases in (("site", SITE), ("ground", GROUND))
    for name, case in cases.items()
]


@pytest.mark.parametrize("case", CASES)
async def test_both_say_the_same(
    configurations: dict[str, Path],
    blackbox_exporters: dict[str, str],
    ports: dict[str, int],
    case: tuple[str, str, str, float],
) -> None:
    """The same metrics with the same labels, and the same values of all that is no time."""
    configuration, module, target, success = case
    query = {"module": module, "target": target.format(**ports)}
    blackbox = endpoint(configurations[configuration])

    told, theirs = await asyncio.gather(
        ask(blackbox, query),
        ask_blackbox_exporter(blackbox_exporters[configuration], query),
    )

    assert told.status == 200, told.text
    ours, expected = samples(told.text), samples(theirs)
    assert expected[metrics.SUCCESS.name, frozenset()] == success
    assert without_times(ours) == without_times(expected)
    assert names(ours) - NEWER == names(expected)
    assert {key for key in ours if key[0] not in NEWER} == set(expected)
