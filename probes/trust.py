"""Why is a certificate not trusted, in words that say what to look at?"""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from probes.model.result import Certificate

# include/openssl/x509_vfy.h
_NOT_YET_VALID, _EXPIRED = 9, 10
_NOBODY_KNOWN = frozenset({2, 19, 20, 21})
_WRONG_NAME = frozenset({62, 64})
_SECONDS_OF_A_DAY = 86_400
#: So many names are told; the rest is counted.
_MOST_NAMES = 6


def why_not(exc: Exception, chain: Sequence[Certificate], now: float) -> str:
    """Say what OpenSSL found, and what the certificates say of that; *now* is in Unix seconds."""
    cause = exc.__cause__
    if not isinstance(cause, ssl.SSLCertVerificationError) or not chain:
        return str(exc)
    more = _more(cause.verify_code, chain, now)
    return f"{str(exc).removesuffix('.')}: {more}" if more else str(exc)


def _more(code: int, chain: Sequence[Certificate], now: float) -> str:
    own, last = chain[0], chain[-1]
    if code in _WRONG_NAME:
        return f"it is for {names_of(own) or 'no name at all'}"
    if code == _EXPIRED:
        ended = next((item for item in chain if item.expires_at < now), own)
        return f"that of {ended.subject} ended {_date(ended.expires_at)}, {_ago(ended, now)}"
    if code == _NOT_YET_VALID:
        begins = next((item for item in chain if item.begins_at > now), own)
        return f"that of {begins.subject} begins {_date(begins.begins_at)}"
    if code in _NOBODY_KNOWN:
        if last.issuer == last.subject:
            return f"its chain ends at {last.subject}, which is not trusted here"
        return f"its chain ends at {last.subject}, issued by {last.issuer}, which is not known here"
    return ""


def names_of(certificate: Certificate) -> str:
    """List what a certificate is for, as far as it fits a line."""
    more = len(certificate.names) - _MOST_NAMES
    return ", ".join(certificate.names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _ago(certificate: Certificate, now: float) -> str:
    days = int((now - certificate.expires_at) // _SECONDS_OF_A_DAY)
    return f"{days} day{'' if days == 1 else 's'} ago" if days else "less than a day ago"
