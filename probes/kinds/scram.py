"""How does one prove that one knows a password, without sending it?

SCRAM-SHA-256 (RFC 5802, RFC 7677) and PostgreSQL's older md5. Passwords are taken as they are:
those with characters beyond ASCII may need SASLprep (RFC 4013), which we do not do.
"""

import base64
import binascii
import hashlib
import hmac
import os

#: What PostgreSQL has is 4096; a server that asks for more than this wants our CPU.
_MOST_ITERATIONS = 1_000_000


class Scram:
    """One exchange: `first`, then `answer` to the challenge, then what the server proves."""

    def __init__(self, password: str, nonce: str = "") -> None:
        self._password = password.encode()
        self._nonce = nonce or base64.b64encode(os.urandom(18)).decode()
        self._signature = b""

    def first(self) -> bytes:
        """Begin; PostgreSQL takes the user from its own startup message."""
        return f"n,,{self._bare}".encode()

    @property
    def _bare(self) -> str:
        return f"n=,r={self._nonce}"

    def answer(self, challenge: bytes) -> bytes:
        """Answer the server's challenge; ValueError where it makes no sense."""
        text = challenge.decode("ascii")
        fields = dict(part.partition("=")[::2] for part in text.split(","))
        nonce, salt = fields.get("r", ""), fields.get("s", "")
        iterations = int(fields.get("i", "0"))
        if not nonce.startswith(self._nonce) or not 0 < iterations <= _MOST_ITERATIONS:
            raise ValueError("nonce or iterations")
        try:
            salted = hashlib.pbkdf2_hmac(
                "sha256", self._password, base64.b64decode(salt, validate=True), iterations
            )
        except binascii.Error as exc:
            raise ValueError("salt") from exc
        without_proof = f"c=biws,r={nonce}"
        message = f"{self._bare},{text},{without_proof}".encode()
        key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(key).digest(), message)
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        self._signature = _hmac(_hmac(salted, b"Server Key"), message)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def is_from_the_server(self, last: bytes) -> bool:
        """Tell whether the server proved that it knows the password, too."""
        wanted = b"v=" + base64.b64encode(self._signature)
        return hmac.compare_digest(wanted, last)


def md5_response(user: str, password: str, salt: bytes) -> bytes:
    """Write PostgreSQL's answer to a request of type 5."""
    inner = hashlib.md5(f"{password}{user}".encode(), usedforsecurity=False).hexdigest()
    outer = hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    return f"md5{outer}".encode() + b"\0"


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
