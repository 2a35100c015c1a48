"""When does a certificate end?"""


def expires_at(certificate: bytes) -> float | None:
    """Read a DER certificate, trusted or not: Unix seconds; None where it cannot be read."""
    # 8 MB of memory, which only agents and commands that meet TLS should have to pay.
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except (ValueError, x509.InvalidVersion):
        return None
