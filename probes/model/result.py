"""How did a look end?"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from probes.model.probe import Probe


class Verdict(StrEnum):
    """Worked, failed, and could not look are three different things."""

    WORKED = "worked"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """The closed list of ways a look can end."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    UNREACHABLE = "unreachable"
    NXDOMAIN = "nxdomain"
    NO_DATA = "no_data"
    SERVFAIL = "servfail"
    TRUNCATED = "truncated"
    WRONG_ANSWER = "wrong_answer"
    BAD_STATUS = "bad_status"
    BAD_BODY = "bad_body"
    BAD_REPLY = "bad_reply"
    TLS = "tls"
    #: The server is there, and wants other credentials.
    DENIED = "denied"
    #: The server is there, and says that it does not serve yet, or any more.
    NOT_READY = "not_ready"
    #: Large packets do not get through that should.
    NARROW = "narrow"
    #: Nothing came back, and nothing had to: UDP does not say more.
    SILENT = "silent"
    #: A connection came about that the declared policy forbids.
    CONNECTED = "connected"
    #: The namespace to look from is gone: its task ended.
    VANISHED = "vanished"
    #: We were not allowed to look, or had no means left to.
    COULD_NOT_LOOK = "could_not_look"

    @property
    def verdict(self) -> Verdict:
        """Fold the outcome to one of three."""
        if self is Outcome.OK:
            return Verdict.WORKED
        if self in {Outcome.VANISHED, Outcome.COULD_NOT_LOOK, Outcome.SILENT}:
            return Verdict.UNKNOWN
        return Verdict.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One step of a look and the time it took, also when it failed."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a name resolved to, held against what was expected."""

    addresses: tuple[IPv4Address, ...]
    missing: tuple[IPv4Address, ...] = ()
    unexpected: tuple[IPv4Address, ...] = ()
    #: How many records repeat an earlier one.
    duplicates: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate as it was shown, trusted or not."""

    subject: str
    issuer: str
    #: Names and addresses that it is for.
    names: tuple[str, ...]
    #: Unix seconds.
    begins_at: float
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedHop:
    """Who answered packets that could take so many steps and no more."""

    steps: int
    #: None where nobody did.
    address: IPv4Address | None = None
    #: "" where nobody knows.
    name: str = ""
    #: Round trips in seconds, of those that were answered.
    round_trips: tuple[float, ...] = ()
    #: How many were not.
    lost: int = 0
    #: What it said besides "too many hops", such as "host unreachable"; "" for nothing else.
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a look brought home besides its outcome; a field is None when it does not apply."""

    #: The kernel's own round trip, which does not grow when we are busy.
    rtt_seconds: float | None = None
    answer: Answer | None = None
    status: int | None = None
    #: Unix seconds at which the certificate ends.
    certificate_expires_at: float | None = None
    #: The way as it was traced, the nearest first.
    hops: tuple[TracedHop, ...] = ()
    #: The largest packet that got there and back in one piece, in bytes with its IP header.
    largest_bytes: int | None = None
    #: The chain as it was shown, the server's own first.
    certificates: tuple[Certificate, ...] = ()
    #: What else the peer told of itself, such as ("version", "15.3"), for a person.
    told: tuple[tuple[str, str], ...] = ()
    #: How a forbidden connection did not come about: refused, timeout (dropped) or unreachable.
    kept_out_by: Outcome | None = None


NOTHING_OBSERVED = Observation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of one probe."""

    probe: Probe
    outcome: Outcome
    #: Why, for a person; "" when it worked.
    detail: str
    #: Unix seconds.
    started_at: float
    seconds: float
    phases: tuple[Phase, ...] = ()
    observed: Observation = NOTHING_OBSERVED
