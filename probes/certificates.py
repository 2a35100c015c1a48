"""What is in a certificate, trusted or not?"""

from typing import TYPE_CHECKING

from probes.model.result import Certificate

if TYPE_CHECKING:
    from cryptography.x509 import Certificate as Decoded


def load_library() -> None:
    """Load what reading needs, before a clock runs; else the first reading does."""
    import cryptography.x509  # noqa: F401, PLC0415 -- 8 MB, for those alone who meet TLS


def expires_at(certificate: bytes) -> float | None:
    """Read a DER certificate, trusted or not: Unix seconds; None where it cannot be read."""
    from cryptography import x509  # noqa: PLC0415 -- as above

    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except (ValueError, x509.InvalidVersion):
        return None


def decode(certificate: bytes) -> Certificate | None:
    """Read a DER certificate; None where it cannot be read."""
    from cryptography import x509  # noqa: PLC0415 -- as above

    try:
        decoded = x509.load_der_x509_certificate(certificate)
        return Certificate(
            subject=decoded.subject.rfc4514_string(),
            issuer=decoded.issuer.rfc4514_string(),
            names=_names(decoded),
            begins_at=decoded.not_valid_before_utc.timestamp(),
            expires_at=decoded.not_valid_after_utc.timestamp(),
        )
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension):
        return None


def _names(decoded: "Decoded") -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415 -- as above

    try:
        extension = decoded.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*names, *map(str, addresses))
