"""What does a certificate say, trusted or not?"""

import ssl
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What tells one certificate from another."""

    #: Unix seconds.
    expires_at: float
    #: As RFC 4514 writes names: "CN=api,O=Example".
    subject: str
    issuer: str
    #: The DNS names that it is for.
    names: tuple[str, ...]
    #: SHA-256 of all of it, in hexadecimal.
    fingerprint: str


def expires_at(certificate: bytes) -> float | None:
    """Read a DER certificate, trusted or not: Unix seconds; None where it cannot be read."""
    found = read(certificate)
    return found.expires_at if found else None


def read(certificate: bytes) -> Certificate | None:
    """Read a DER certificate, trusted or not; None where it cannot be read."""
    # 8 MB of memory, which only agents and commands that meet TLS should have to pay.
    from cryptography import x509  # noqa: PLC0415

    alternative = x509.SubjectAlternativeName
    try:
        found = x509.load_der_x509_certificate(certificate)
        names = [item.value for item in found.extensions if isinstance(item.value, alternative)]
        return Certificate(
            expires_at=found.not_valid_after_utc.timestamp(),
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            names=tuple(name for item in names for name in item.get_values_for_type(x509.DNSName)),
            fingerprint=sha256(certificate).hexdigest(),
        )
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension):
        return None


def chain_of(tls: ssl.SSLObject, *, verified: bool) -> tuple[bytes, ...]:
    """Give the certificates of a connection's peer, as DER.

    The ssl module says so itself from Python 3.13 on; the methods beneath it, from 3.10 on.
    """
    inner = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 -- as said above
    chain = inner.get_verified_chain() if verified else inner.get_unverified_chain()
    return tuple(ssl.PEM_cert_to_DER_cert(item.public_bytes()) for item in chain or ())
