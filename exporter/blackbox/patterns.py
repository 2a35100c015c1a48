"""How are texts searched, as Go's regexp does? RE2: linear time, whatever is searched for."""

import re

import re2

#: What `$` may stand before in a template: a name in braces, a name, or another `$`.
_REFERENCE = re.compile(rb"\$(?:\{(\w+)\}|(\w+)|(\$))")


class Pattern:
    """An expression, compiled; searches bytes."""

    def __init__(self, text: str) -> None:
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled = re2.compile(text.encode(), options)
        except re2.error as exc:
            reason = exc.args[0]
            why = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
            raise ValueError(f"{text!r} is no regular expression of RE2: {why}") from None
        self.text = text

    def search(self, data: bytes) -> "Match | None":
        """Find the first place in *data* that matches."""
        found = self._compiled.search(data)
        return Match(found) if found else None


class Match:
    """What a pattern found."""

    def __init__(self, found: "re2._Match[bytes]") -> None:
        self._found = found

    def expand(self, template: str) -> bytes:
        """Put groups in the place of `$1`, `${1}` and `${name}`; of `$$`, a `$`.

        As Go's `Regexp.Expand`: a name is as long as it can be, and a group that is not there,
        or took no part, is empty.
        """

        def group(reference: re.Match[bytes]) -> bytes:
            if reference[3]:
                return b"$"
            name = reference[1] or reference[2]
            key = int(name) if name.isdigit() else name
            try:
                return self._found.group(key) or b""
            except (IndexError, KeyError, re2.error):
                return b""

        return _REFERENCE.sub(group, template.encode())


def read_pattern(value: object) -> Pattern:
    """Read an expression from a configuration; ValueError when it is none."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no regular expression")  # noqa: TRY004 -- pydantic reports no TypeError
    return Pattern(value)
