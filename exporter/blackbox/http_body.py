"""How much of a body is there, and what does its beginning say?"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

#: So much of a body is kept, to be searched.
SEARCHED_BYTES = 1024 * 1024
#: Of a body, unpacked, where the module sets no limit.
MOST_BYTES = 64 * 1024 * 1024
#: A small body can unpack to a huge one.
_UNPACKED_AT_ONCE = 64 * 1024
#: What zlib calls the formats.
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": -zlib.MAX_WBITS}


@dataclass(slots=True, kw_only=True)
class Body:
    """A body, as far as it was read."""

    #: What may be searched.
    beginning: bytearray = field(default_factory=bytearray)
    #: Of all that was read, unpacked.
    length: int = 0
    #: Why no more was; "" at its end.
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyReader:
    """What a module says of bodies."""

    #: "gzip", "deflate", or "" and "identity" for a body as it comes.
    compression: str
    #: Unpacked.
    most_bytes: int = MOST_BYTES

    async def read(self, chunks: AsyncIterator[bytes]) -> Body:
        """Read a body to its end, or until it is too large or cannot be unpacked."""
        body = Body()
        unpack = _Unpacker(self.compression)
        async for chunk in chunks:
            await asyncio.sleep(0)  # what comes fast must not keep other probes waiting
            try:
                for piece in unpack(chunk):
                    self._take(body, piece)
                    if body.error:
                        return body
            except zlib.error:
                body.error = f"the body is not {self.compression}"
                return body
        if not unpack.complete:
            body.error = f"the body's {self.compression} ends too early"
        return body

    def _take(self, body: Body, piece: bytes) -> None:
        if body.length + len(piece) > self.most_bytes:
            piece = piece[: self.most_bytes - body.length]
            body.error = f"the body is larger than {self.most_bytes} bytes"
        body.beginning += piece[: SEARCHED_BYTES - len(body.beginning)]
        body.length += len(piece)


class _Unpacker:
    """Undoes a compression, piece by piece."""

    def __init__(self, compression: str) -> None:
        bits = _WINDOW_BITS.get(compression)
        self._zlib = None if bits is None else zlib.decompressobj(bits)

    def __call__(self, data: bytes) -> Iterator[bytes]:
        if self._zlib is None:
            yield data
            return
        while data and not self._zlib.eof:
            yield self._zlib.decompress(data, _UNPACKED_AT_ONCE)
            data = self._zlib.unconsumed_tail

    @property
    def complete(self) -> bool:
        return self._zlib is None or self._zlib.eof
