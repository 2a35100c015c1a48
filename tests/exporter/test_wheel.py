"""Are probes spread evenly, and left where they are?"""

from ipaddress import IPv4Address

from exporter.wheel import SLOT_SECONDS, Wheel
from probes.model.probe import IcmpLook, Kind, Probe, ProbeId, Target
from probes.model.vantage import HOST


def probe(name: str, interval_seconds: float = 10) -> Probe:
    """Make a probe of its own identity."""
    return Probe(
        id=ProbeId(
            probe=Kind.ICMP,
            target=Target.STATIC,
            network="host",
            source_service="swarmscope",
            source_node="here",
            destination_service=name,
        ),
        look=IcmpLook(address=IPv4Address("127.0.0.1")),
        vantage=HOST,
        interval_seconds=interval_seconds,
        timeout_seconds=1,
    )


def _starts(wheel: Wheel, seconds: float) -> dict[str, list[int]]:
    starts: dict[str, list[int]] = {}
    for tick in range(int(seconds / SLOT_SECONDS)):
        for due in wheel.due(tick):
            starts.setdefault(due.id.destination_service, []).append(tick)
    return starts


def test_each_probe_starts_once_in_its_interval() -> None:
    """Intervals of different lengths turn side by side."""
    wheel = Wheel()
    wheel.set([probe("slow", 10), probe("fast", 2.5)])

    starts = _starts(wheel, 20)

    assert {name: len(ticks) for name, ticks in starts.items()} == {"slow": 2, "fast": 8}


def test_a_full_interval_is_filled_evenly() -> None:
    """No slot starts more than one probe above any other."""
    wheel = Wheel()
    wheel.set([probe(f"p{number}") for number in range(105)])

    loads = [len(wheel.due(tick)) for tick in range(round(10 / SLOT_SECONDS))]

    assert (min(loads), max(loads)) == (5, 6)


def test_few_probes_are_spread_over_the_interval() -> None:
    """Four probes in eight seconds start two seconds apart."""
    wheel = Wheel()
    wheel.set([probe(f"p{number}", 8) for number in range(4)])

    starts = sorted(ticks[0] * SLOT_SECONDS for ticks in _starts(wheel, 8).values())

    assert starts == [0, 2, 4, 6]


def test_a_probe_that_stays_keeps_its_slot() -> None:
    """A new plan moves nobody; it returns what is new."""
    wheel = Wheel()
    wheel.set([probe(f"p{number}") for number in range(10)])
    before = _starts(wheel, 10)

    new = wheel.set([probe(f"p{number}") for number in range(5, 15)])

    after = _starts(wheel, 10)
    assert {item.id.destination_service for item in new} == {f"p{n}" for n in range(10, 15)}
    assert {name: after[name] for name in before if name in after} == {
        name: before[name] for name in [f"p{number}" for number in range(5, 10)]
    }
