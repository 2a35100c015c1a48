"""What are the gauges called, so that dashboards and rules for blackbox_exporter find them?

Names and labels are blackbox_exporter's, as of 0.23; the catalogue has our own metrics alone.
"""

from exporter.catalog import MetricSpec, MetricType


def _gauge(name: str, text: str, *labels: str) -> MetricSpec:
    return MetricSpec(name, MetricType.GAUGE, text, labels)


SUCCESS = _gauge("probe_success", "Whether the target did what the module expects.")
DURATION = _gauge("probe_duration_seconds", "How long the probe took.")

LOOKUP_SECONDS = _gauge("probe_dns_lookup_time_seconds", "How long finding the address took.")
IP_PROTOCOL = _gauge("probe_ip_protocol", "The version of IP; 0 where no address was found.")
IP_HASH = _gauge("probe_ip_addr_hash", "A hash of the address: it changes when the address does.")

REGEX_FAILED = _gauge("probe_failed_due_to_regex", "Whether it failed for an expression.")
BYTES_FAILED = _gauge("probe_failed_due_to_bytes", "Whether it failed for expected bytes.")

CERTIFICATE_EXPIRY = _gauge(
    "probe_ssl_earliest_cert_expiry",
    "When the first of the certificates shown ends, in unix seconds.",
)
CHAIN_EXPIRY = _gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "When the verified chain ends, in unix seconds.",
)
CERTIFICATE = _gauge(
    "probe_ssl_last_chain_info",
    "The certificate of the target itself.",
    "fingerprint_sha256",
    "subject",
    "issuer",
    "subjectalternative",
)
TLS_VERSION = _gauge("probe_tls_version_info", "The version of TLS that was agreed on.", "version")
TLS_CIPHER = _gauge("probe_tls_cipher_info", "The cipher suite that was agreed on.", "cipher")

HTTP_SECONDS = _gauge(
    "probe_http_duration_seconds",
    "How long each phase took, all redirects together.",
    "phase",
)
HTTP_LENGTH = _gauge("probe_http_content_length", "Length of the body as announced, or -1.")
HTTP_BODY = _gauge("probe_http_uncompressed_body_length", "Length of the body as it was read.")
HTTP_REDIRECTS = _gauge("probe_http_redirects", "How many redirects there were.")
HTTP_TLS = _gauge("probe_http_ssl", "Whether the last answer came over TLS.")
HTTP_STATUS = _gauge("probe_http_status_code", "Status code of the last answer.")
HTTP_VERSION = _gauge("probe_http_version", "Version of HTTP of the last answer.")
HTTP_MODIFIED = _gauge(
    "probe_http_last_modified_timestamp_seconds",
    "When the page was changed last, as it says itself, in unix seconds.",
)

DNS_SECONDS = _gauge("probe_dns_duration_seconds", "How long each phase took.", "phase")
DNS_ANSWER = _gauge("probe_dns_answer_rrs", "Records in the answer section.")
DNS_AUTHORITY = _gauge("probe_dns_authority_rrs", "Records in the authority section.")
DNS_ADDITIONAL = _gauge("probe_dns_additional_rrs", "Records in the additional section.")
DNS_SUCCEEDED = _gauge("probe_dns_query_succeeded", "Whether an answer came, of whatever kind.")
DNS_SERIAL = _gauge("probe_dns_serial", "Serial number of the zone.")

ICMP_SECONDS = _gauge("probe_icmp_duration_seconds", "How long each phase took.", "phase")
ICMP_HOPS = _gauge("probe_icmp_reply_hop_limit", "Time to live that the reply had left.")

GRPC_SECONDS = _gauge("probe_grpc_duration_seconds", "How long each phase took.", "phase")
GRPC_TLS = _gauge("probe_grpc_ssl", "Whether the answer came over TLS.")
GRPC_STATUS = _gauge("probe_grpc_status_code", "Status code of gRPC.")
GRPC_HEALTH = _gauge(
    "probe_grpc_healthcheck_response",
    "What the service says of its health.",
    "serving_status",
)


def expect_info(*labels: str) -> MetricSpec:
    """Name the gauge whose labels a module makes of what the target said."""
    return _gauge("probe_expect_info", "What the target said.", *labels)
