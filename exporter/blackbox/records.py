"""How are types, classes and codes of DNS written?"""

from dataclasses import dataclass

import dns.exception
import dns.rcode
import dns.rdataclass
import dns.rdatatype


@dataclass(frozen=True, slots=True)
class Query:
    """A type or a class, and its number."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Rcode:
    """A response code, and its number."""

    text: str
    number: int


def read_query_type(value: object) -> Query:
    """Read "A", "SOA" or "ANY"."""
    try:
        return Query(str(value), int(dns.rdatatype.from_text(str(value))))
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{value!r} is no type of DNS records, such as A or SOA") from None


def read_query_class(value: object) -> Query:
    """Read "IN" or "CH"."""
    try:
        return Query(str(value), int(dns.rdataclass.from_text(str(value))))
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{value!r} is no class of DNS records, such as IN or CH") from None


def read_rcode(value: object) -> Rcode:
    """Read "NOERROR" or "NXDOMAIN"."""
    try:
        return Rcode(str(value), int(dns.rcode.from_text(str(value))))
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{value!r} is no DNS code, such as NOERROR or NXDOMAIN") from None
