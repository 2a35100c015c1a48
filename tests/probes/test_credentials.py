"""Are credentials read in both shapes, and does nothing of a bad file get out?"""

from pathlib import Path

import pytest

from probes.credentials import Credentials, read_credentials
from probes.errors import CouldNotLookError


@pytest.mark.parametrize(
    ("text", "user", "password"),
    [
        ("orders\npass,word=1\n", "orders", "pass,word=1"),
        ("orders\nuser: x", "orders", "user: x"),
        ("\nsesame\n", "", "sesame"),
        ('user: orders\npassword: "1234"\n', "orders", "1234"),
        ("password: sesame\n", "", "sesame"),
    ],
)
def test_credentials_have_two_shapes(tmp_path: Path, text: str, user: str, password: str) -> None:
    """Two lines, or two keys; a password alone where there are no users."""
    file = tmp_path / "credentials"
    file.write_text(text)

    read = read_credentials(str(file))

    assert read == Credentials(user=user, password=password)
    assert password not in repr(read)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "should have two lines"),
        ("orders\n", "should have two lines"),
        ("orders\n\n", "should have two lines"),
        ("a\nsesame\nc\n", "should have two lines"),
        ("user: orders\n", "should have two lines"),
        ("user: orders\npassword: sesame\nsecret: x\n", "should have two lines"),
        ("user: orders\npassword: 735301\n", "user and password should be texts: quote them"),
        ("user: orders\npassword: *sesame\n", ":2: not YAML; quote what has signs in it"),
        ("user: [sesame\n", "not YAML; quote what has signs in it"),
    ],
)
def test_what_is_of_no_use_is_told_without_its_content(tmp_path: Path, text: str, why: str) -> None:
    """The file is named; what stands in it may be a password all the same."""
    file = tmp_path / "credentials"
    file.write_text(text)

    with pytest.raises(CouldNotLookError) as caught:
        read_credentials(str(file))

    assert why in str(caught.value)
    assert str(file) in str(caught.value)
    for secret in ("sesame", "735301"):
        assert secret not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the reason."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")

    for file, why in ((tmp_path / "missing", "No such file"), (binary, "it is no text")):
        with pytest.raises(CouldNotLookError, match=why):
            read_credentials(str(file))


def test_no_file_is_no_credentials() -> None:
    """And nothing is wrong with that."""
    assert read_credentials("") is None
