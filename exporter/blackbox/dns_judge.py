"""Do the records of one section of a DNS answer say what the module expects?"""

from collections.abc import Iterable, Sequence

import dns.rdataclass
import dns.rdatatype
import dns.rrset

from exporter.blackbox.errors import FailedError
from exporter.blackbox.module_options import RecordRules
from exporter.blackbox.patterns import Pattern
from exporter.blackbox.record import Record


def judge_records(
    section: str, found: Sequence[dns.rrset.RRset], rules: RecordRules, record: Record
) -> None:
    """Raise FailedError for the first rule that is broken.

    `fail_if_all_match_regexp` fails where *not* all match: that is what blackbox_exporter does, in
    release 0.23, and what existing modules were written against.
    """
    texts = [_text(item) for item in found]
    for text in texts:
        record.info("Validating RR", section=section, rr=text)
    where = f"the {section} section"
    if not texts and (rules.fail_if_not_matches_regexp or rules.fail_if_none_matches_regexp):
        raise FailedError(f"{where} is empty, and something is expected in it")
    for text in texts:
        for pattern in rules.fail_if_matches_regexp:
            if _matches(pattern, text):
                raise FailedError(f"{where} has {text!r}, which matches {pattern.text!r}")
        for pattern in rules.fail_if_not_matches_regexp:
            if not _matches(pattern, text):
                raise FailedError(f"{where} has {text!r}, which does not match {pattern.text!r}")
    every = rules.fail_if_all_match_regexp
    if every and not all(_all_match(every, text) for text in texts):
        raise FailedError(f"not every record of {where} matches")
    some = rules.fail_if_none_matches_regexp
    if some and not any(_matches(pattern, text) for text in texts for pattern in some):
        raise FailedError(f"no record of {where} matches")


def _all_match(patterns: Iterable[Pattern], text: str) -> bool:
    return all(_matches(pattern, text) for pattern in patterns)


def _matches(pattern: Pattern, text: str) -> bool:
    return pattern.search(text.encode()) is not None


def _text(record_set: dns.rrset.RRset) -> str:
    """Write the one record of a set as zone files do, with tabs between."""
    return "\t".join(
        (
            record_set.name.to_text(),
            str(record_set.ttl),
            dns.rdataclass.to_text(record_set.rdclass),
            dns.rdatatype.to_text(record_set.rdtype),
            record_set[0].to_text(),
        ),
    )
