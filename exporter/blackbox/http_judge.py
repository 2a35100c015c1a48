"""Is an answer over HTTP what the module expects?"""

from collections.abc import Callable, Iterable

from exporter.blackbox import metrics
from exporter.blackbox.errors import FailedError
from exporter.blackbox.http_answer import Answer, Head
from exporter.blackbox.http_body import SEARCHED_BYTES, Body
from exporter.blackbox.http_options import HeaderMatch, HttpOptions
from exporter.blackbox.record import Record

_OK_STATUSES = range(200, 300)


def judge(answer: Answer, options: HttpOptions, record: Record) -> None:
    """Raise FailedError for the first expectation that is not met."""
    _judge_status(answer.head, options)
    if options.fail_if_header_matches or options.fail_if_header_not_matches:
        _judge_by_expressions(lambda: _judge_headers(answer.head, options), record)
    if answer.body and answer.body.error:
        raise FailedError(answer.body.error)
    if options.fail_if_body_matches_regexp or options.fail_if_body_not_matches_regexp:
        _judge_by_expressions(lambda: _judge_body(answer.body, options), record)
    _judge_connection(answer, options)


def _judge_status(head: Head, options: HttpOptions) -> None:
    valid = options.valid_status_codes
    if head.status not in (valid or _OK_STATUSES):
        wanted = ", ".join(map(str, valid)) or "2xx"
        raise FailedError(f"status {head.status} is not what is expected: {wanted}")


def _judge_by_expressions(judge_one: Callable[[], None], record: Record) -> None:
    """Record whether it was an expression that failed the probe."""
    try:
        judge_one()
    except FailedError:
        record.set(metrics.REGEX_FAILED, 1)
        raise


def _judge_headers(head: Head, options: HttpOptions) -> None:
    for match in options.fail_if_header_matches:
        if any(_matching(match, _values(match, head))):
            raise FailedError(f"header {match.header} matches {match.regexp.text!r}")
    for match in options.fail_if_header_not_matches:
        values = _values(match, head)
        if values and not any(_matching(match, values)):
            raise FailedError(f"header {match.header} does not match {match.regexp.text!r}")


def _values(match: HeaderMatch, head: Head) -> tuple[str, ...]:
    values = head.values(match.header)
    if not values and not match.allow_missing:
        raise FailedError(f"header {match.header} is missing")
    return values


def _matching(match: HeaderMatch, values: Iterable[str]) -> Iterable[bool]:
    return (match.regexp.search(value.encode("latin-1")) is not None for value in values)


def _judge_body(body: Body | None, options: HttpOptions) -> None:
    if body is None:
        raise FailedError("the body of a redirect that is not followed cannot be searched")
    if body.length > SEARCHED_BYTES:
        raise FailedError(f"the body is larger than the {SEARCHED_BYTES} bytes that are searched")
    beginning = bytes(body.beginning)
    for pattern in options.fail_if_body_matches_regexp:
        if pattern.search(beginning):
            raise FailedError(f"the body matches {pattern.text!r}")
    for pattern in options.fail_if_body_not_matches_regexp:
        if not pattern.search(beginning):
            raise FailedError(f"the body does not match {pattern.text!r}")


def _judge_connection(answer: Answer, options: HttpOptions) -> None:
    versions = options.valid_http_versions
    if versions and f"HTTP/{answer.head.version}" not in versions:
        wanted = ", ".join(versions)
        raise FailedError(f"HTTP/{answer.head.version} is not what is expected: {wanted}")
    if answer.secure and options.fail_if_ssl:
        raise FailedError("the last answer came over TLS")
    if not answer.secure and options.fail_if_not_ssl:
        raise FailedError("the last answer did not come over TLS")
