"""How can a look fail? One class per failing outcome; the class says how the look ended."""

from typing import ClassVar

from probes.model.result import NOTHING_OBSERVED, Observation, Outcome


class LookError(Exception):
    """The network did not do what was expected of it, or we could not look.

    The message is for a person; *observed* is what was seen before it went wrong.
    """

    outcome: ClassVar[Outcome]

    def __init__(self, detail: str, observed: Observation = NOTHING_OBSERVED) -> None:
        super().__init__(detail)
        self.observed = observed


class TimedOutError(LookError):
    """Nobody answered in time."""

    outcome = Outcome.TIMEOUT


class RefusedError(LookError):
    """The peer is there and said no."""

    outcome = Outcome.REFUSED


class ResetError(LookError):
    """The peer dropped the connection."""

    outcome = Outcome.RESET


class UnreachableError(LookError):
    """Something on the way, our own kernel included, would not carry the packet."""

    outcome = Outcome.UNREACHABLE


class NxdomainError(LookError):
    """The resolver knows no such name."""

    outcome = Outcome.NXDOMAIN


class NoDataError(LookError):
    """The resolver knows the name, but no address of it."""

    outcome = Outcome.NO_DATA


class ServfailError(LookError):
    """The resolver could not, or would not, answer."""

    outcome = Outcome.SERVFAIL


class TruncatedError(LookError):
    """The answer did not fit into one datagram."""

    outcome = Outcome.TRUNCATED


class WrongAnswerError(LookError):
    """The name resolved to something else than it should."""

    outcome = Outcome.WRONG_ANSWER


class BadStatusError(LookError):
    """The HTTP status is none of those expected."""

    outcome = Outcome.BAD_STATUS


class BadBodyError(LookError):
    """The HTTP body lacks what was expected in it."""

    outcome = Outcome.BAD_BODY


class BadReplyError(LookError):
    """What came back is not the protocol."""

    outcome = Outcome.BAD_REPLY


class TlsError(LookError):
    """No secure connection: the certificate is not valid, or the peer speaks no TLS."""

    outcome = Outcome.TLS


class DeniedError(LookError):
    """The peer wants other credentials."""

    outcome = Outcome.DENIED


class NotReadyError(LookError):
    """The peer says that it does not serve now."""

    outcome = Outcome.NOT_READY


class NarrowError(LookError):
    """Large packets do not get through that should."""

    outcome = Outcome.NARROW


class ConnectedError(LookError):
    """A connection came about that should not have."""

    outcome = Outcome.CONNECTED


class VanishedError(LookError):
    """The namespace to look from is gone."""

    outcome = Outcome.VANISHED


class CouldNotLookError(LookError):
    """We were not allowed to look, or had no means left to."""

    outcome = Outcome.COULD_NOT_LOOK
