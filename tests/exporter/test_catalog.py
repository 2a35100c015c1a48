"""Do the catalogue, the page of metrics and the documents say the same?"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields, replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from prometheus_client.core import Metric

from exporter import catalog, reference
from exporter.audit import AuditState
from exporter.collectors import audit, counts, exposition, kernel, own, results
from exporter.histogram import EMPTY
from exporter.kernel import KernelState
from exporter.schedule import Pressure
from exporter.store import Path as ProbePath
from exporter.store import ResultStore
from exporter.view import Source, View
from probes.audit.situation import Situation
from probes.findings import fdb
from probes.intent.labels import LABELS, PREFIX
from probes.model.finding import HeldFinding, Subject
from probes.model.gossip import NetworkView
from probes.model.intent import Complaint, Intent, ServiceIntent
from probes.model.probe import Kind, Probe
from probes.model.reading import (
    FdbEntry,
    HostReading,
    Link,
    LinkStatistics,
    NamespaceReading,
    Neighbour,
    NodeReading,
    Usage,
)
from probes.model.result import Answer, Observation, Outcome, Phase
from probes.model.vantage import Vantage, VantageKind
from probes.plan.budget import Plan
from probes.plan.lookup import Lookup
from tests.exporter.test_store import result
from tests.exporter.test_wheel import probe
from tests.probes.audit import balancing
from tests.swarms import APP, SHOP, WEB

DOCS = Path(__file__).parents[2] / "docs"


def _kernel() -> KernelState:
    counted = LinkStatistics(
        receive_bytes=1,
        receive_packets=2,
        receive_errors=3,
        receive_dropped=4,
        transmit_bytes=5,
        transmit_packets=6,
        transmit_errors=7,
        transmit_dropped=8,
    )
    vxlan = Link(
        index=2,
        name="vxlan0",
        kind="vxlan",
        mtu_bytes=1450,
        up=True,
        mac="02:00:00:00:00:01",
        statistics=counted,
        vni=4097,
    )
    veth = replace(vxlan, index=3, name="veth0", kind="veth", vni=None, up=False)
    mac, vtep = "02:42:0a:00:01:15", IPv4Address("198.18.0.12")
    row = FdbEntry(mac=mac, device="vxlan0", vtep=vtep, permanent=True, bridge=False)
    reading = NamespaceReading(
        vantage=Vantage(kind=VantageKind.OVERLAY, name="shop_app", netns="/x"),
        network_id=APP.id,
        links=(vxlan, veth),
        fdb=(row, replace(row, permanent=False), replace(row, vtep=None, bridge=True)),
        neighbours=(
            Neighbour(
                address=IPv4Address("10.0.1.21"),
                device="vxlan0",
                mac=mac,
                state="permanent",
            ),
        ),
    )
    read = NodeReading(namespaces=(reading,))
    return KernelState(reading=read, ends={(APP.id, 3): "shop_web.1"})


def _situation() -> Situation:
    """See a load balancer, a view of gossip, and the counts of the host, as a manager does."""
    served = balancing.seen()
    host = HostReading(
        namespace=balancing.HEALTHY,
        conntrack=Usage(entries=5, most=100, refused=1),
        neighbour_table=Usage(entries=6, most=200),
        xfrm_errors=(("XfrmOutNoStates", 7),),
    )
    view = NetworkView(network_id=APP.id, peers=(IPv4Address("198.18.0.11"),), services=())
    declared = ServiceIntent(service_id=WEB.id, latency_objective=0.999)
    return replace(
        served,
        lookup=Lookup(served.topology, Intent(services=(declared,))),
        reading=replace(served.reading, host=host),
        views=(view,),
    )


def _parts() -> dict[str, exposition.Part]:
    """Make parts in which each metric of the catalogue has at least one series."""
    item = replace(probe("a"), slow_seconds=0.001)
    store = ResultStore()
    store.retain([item])
    store.put(result(item, Outcome.RESET))
    phases = (Phase(name="connect", seconds=0.001), Phase(name="tls", seconds=0.001))
    observed = Observation(
        rtt_seconds=0.0002,
        answer=Answer(
            addresses=(IPv4Address("10.0.1.1"), IPv4Address("10.0.1.9")),
            unexpected=(IPv4Address("10.0.1.9"),),
            duplicates=1,
        ),
        status=204,
        certificate_expires_at=2e9,
    )
    store.put(result(item, phases=phases, observed=observed))
    forbidden = (_forbidden(0), _forbidden(1))
    store.retain([item, *forbidden])
    store.put(result(forbidden[0], Outcome.CONNECTED))
    store.put(result(forbidden[1], observed=Observation(kept_out_by=Outcome.UNREACHABLE)))
    state = own.OwnState(
        view=View(topology=SHOP, source=Source.ENGINE),
        intent=Intent(complaints=(Complaint(service="s", key="k", value="v", reason="r"),)),
        plan=Plan(probes=(item,), left_out=((Kind.TCP, 3),)),
        pressure=Pressure(running=1, missed=2, lag=EMPTY.with_one(0.01)),
        reload=own.ReloadState(successful=True, succeeded_at=1.0),
        errors={"engine": 1},
    )
    held = HeldFinding(
        finding=fdb.MISSING.found(Subject(network="shop_app", service="shop_web", peer="node2")),
        since=1.0,
        severity=fdb.MISSING.severity,
        meaning=fdb.MISSING.meaning,
        remedy="",
        references=(),
    )
    audited = AuditState(at=2.0, seconds=0.01, rounds=3, held=(held, held), pending=1)
    return {
        "audit": lambda: audit.collect(audited),
        "counts": lambda: counts.collect(_situation()),
        "probes": lambda: results.collect(store.snapshot()),
        "kernel": lambda: kernel.collect(_kernel()),
        "agent": lambda: own.collect(state),
    }


def _forbidden(port: int) -> Probe:
    made = probe("db")
    identity = replace(made.id, probe=Kind.POLICY, source_service="web", endpoint=str(port))
    return replace(made, id=identity)


@pytest.fixture(name="text")
def _text() -> str:
    return exposition.render(_parts(), "")[0].decode()


def test_each_metric_of_the_catalogue_is_exposed_and_no_other(text: str) -> None:
    """Name, type and help come from the catalogue."""
    exposed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))

    assert exposed == {spec.name: str(spec.type) for spec in catalog.CATALOG}
    for spec in catalog.CATALOG:
        assert f"# HELP {spec.name} {spec.help}\n" in text
        assert re.search(rf"^{spec.name}(_count)?[ {{]", text, re.MULTILINE), spec.name


def test_promtool_finds_nothing_to_complain_about(text: str) -> None:
    """Names, units and suffixes are as Prometheus wants them."""
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_kernels_rows_are_told_apart(text: str) -> None:
    """A static row is Docker's, a learned one is traffic's, a bridge row is no VTEP's."""
    assert 'fdb_entries{device="vxlan0",network="shop_app",origin="static"} 1.0' in text
    assert 'fdb_entries{device="vxlan0",network="shop_app",origin="learned"} 1.0' in text
    assert (
        'link_up{device="veth0",namespace="overlay",network="shop_app",task="shop_web.1"} 0.0'
        in text
    )
    assert 'vxlan_vni{device="vxlan0",network="shop_app"} 4097.0' in text


def test_what_is_forbidden_is_counted_by_how_it_ended_and_nowhere_else(text: str) -> None:
    """No alert on failing probes may fire because a policy is kept, nor twice if it is not."""
    found = [line for line in text.splitlines() if 'destination_service="db"' in line]

    assert sorted(found) == [
        f'swarmscope_forbidden_connections{{destination_service="db",outcome="{outcome}",'
        'source_service="web"} 1.0'
        for outcome in ("connected", "unreachable")
    ]


def test_answers_are_told_apart(text: str) -> None:
    """Expected, missing, unexpected and repeated answers each have a series."""
    found = dict(re.findall(r'dns_answers\{.*state="(\w+)".*\} (\S+)', text))

    assert found == {"expected": "1.0", "missing": "0.0", "unexpected": "1.0", "duplicate": "1.0"}


def test_what_was_slow_is_told_beside_all_that_worked(text: str) -> None:
    """A share can be made of the two."""
    slow = re.search(r"^swarmscope_probe_slow_total(\{.*\}) 1.0$", text, re.MULTILINE)

    assert slow is not None
    assert f"swarmscope_probe_duration_seconds_count{slow[1]} 1.0\n" in text


def test_an_objective_is_told_only_where_it_is_declared(text: str) -> None:
    """For the others the alerts have a default."""
    told = re.findall(r"^swarmscope_objective_ratio.*$", text, re.MULTILINE)

    assert told == [
        'swarmscope_objective_ratio{objective="latency",service="shop_web"} 0.999',
    ]


def test_a_part_that_fails_is_missing_and_says_so() -> None:
    """The rest of the page is still there."""

    def broken() -> Iterator[Metric]:
        yield from ()
        raise ZeroDivisionError

    text = exposition.render({**_parts(), "kernel": broken}, "")[0].decode()

    assert 'swarmscope_collector_success{collector="kernel"} 0.0' in text
    assert 'swarmscope_collector_success{collector="probes"} 1.0' in text
    assert "swarmscope_link_up" not in text
    assert "swarmscope_probe_success{" in text


def test_path_labels_are_the_stores_path() -> None:
    """The collector writes a path's fields in the order of the catalogue."""
    assert tuple(field.name for field in fields(ProbePath)) == catalog.PATH_LABELS


def test_the_reference_pages_are_current() -> None:
    """`python -m exporter.reference` writes them."""
    for path, text in reference.pages().items():
        assert path.read_text() == text, path


def test_each_label_that_is_understood_is_documented() -> None:
    """And nothing is documented that is not."""
    documented = re.findall(
        r"^\| `(swarmscope\.\S+)` \|", (DOCS / "labels.md").read_text(), re.MULTILINE
    )

    assert sorted(documented) == sorted(PREFIX + label for label in LABELS)
