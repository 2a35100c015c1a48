"""What is agreed on with a target over TLS, and what does it show?"""

import ssl
from functools import cache
from hashlib import sha256

from exporter.blackbox import metrics
from exporter.blackbox.options import TlsOptions
from exporter.blackbox.record import Record
from probes import certificates
from probes.addresses import parse_address
from probes.stream import TlsStream

#: Go's zero time in unix seconds: what blackbox_exporter says of a chain that nobody verified.
_NEVER = -62135596800


@cache
def _trusting_the_machines_authorities(alpn: tuple[str, ...]) -> ssl.SSLContext:
    """Read these once: it takes over 10 ms."""
    return _fresh_context(TlsOptions(), alpn)


def make_context(options: TlsOptions, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """Make the settings of TLS; OSError where a file cannot be used."""
    if options.model_copy(update={"server_name": ""}) == TlsOptions():
        return _trusting_the_machines_authorities(alpn)
    return _fresh_context(options, alpn)


def _fresh_context(options: TlsOptions, alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.ca_file)
    context.hostname_checks_common_name = False  # as Go, and RFC 9525
    if options.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = options.min_version
    context.maximum_version = options.max_version
    if options.cert_file and options.key_file:
        context.load_cert_chain(options.cert_file, options.key_file)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def record_connection(peer: TlsStream, record: Record, *, chain_expiry: bool = True) -> None:
    """Record the version, the cipher suite and the certificates.

    Where gRPC is spoken, blackbox_exporter does not say when the chain ends.
    """
    version, cipher = peer.agreed()
    record.set(metrics.TLS_VERSION, 1, version.replace("TLSv", "TLS "))
    record.set(metrics.TLS_CIPHER, 1, cipher)
    chain = peer.chain()
    shown = [found for found in map(certificates.decode, chain) if found]
    if shown:
        record.set(metrics.CERTIFICATE_EXPIRY, min(found.expires_at for found in shown))
        own, fingerprint = shown[0], sha256(chain[0]).hexdigest()
        names = ",".join(name for name in own.names if parse_address(name) is None)
        record.set(metrics.CERTIFICATE, 1, fingerprint, own.subject, own.issuer, names)
    if not chain_expiry:
        return
    verified = [found for found in map(certificates.decode, peer.verified_chain()) if found]
    ends = min((found.expires_at for found in verified), default=_NEVER)
    record.set(metrics.CHAIN_EXPIRY, ends)
