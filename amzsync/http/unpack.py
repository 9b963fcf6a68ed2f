"""Gzip or not: a document unpacked while it arrives, within bounds."""

from __future__ import annotations

import zlib
from typing import BinaryIO

from amzsync.errors import ProtocolError, UnavailableError

_GZIP = b"\x1f\x8b"
_PIECE = 256 * 1024  # bytes unpacked at a time, so that a zip bomb is noticed early


class Unpacker:
    """Writes a document on, unpacked if its first two bytes say gzip, up to a limit."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.size = 0
        self._stream = stream
        self._limit = limit
        self._received = 0
        self._head = b""
        self._gzip: zlib._Decompress | None = None
        self._plain = False

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Errors: ProtocolError beyond the limit or if gzip is broken."""
        self._received += len(chunk)
        if self._received > self._limit:
            raise _too_long(self._limit)
        if self._gzip is None and not self._plain:
            chunk = self._head + chunk
            if len(chunk) < len(_GZIP):
                self._head = chunk
                return
            self._head = b""
            self._plain = not chunk.startswith(_GZIP)
        if self._plain:
            self._put(chunk)
        else:
            self._unpack(chunk)

    def finish(self) -> None:
        """The document is complete. Errors: UnavailableError if a gzip file is cut off."""
        self._put(self._head)
        if self._gzip is not None and not self._gzip.eof:
            raise UnavailableError("the gzip file is cut off", operation="download")

    def _unpack(self, data: bytes) -> None:
        try:
            while data:
                if self._gzip is None or self._gzip.eof:
                    self._gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
                self._put(self._gzip.decompress(data, _PIECE))
                # A gzip file may have several members, each with a header of its own.
                data = self._gzip.unconsumed_tail or self._gzip.unused_data
        except zlib.error as error:
            raise ProtocolError("the gzip file is broken", operation="download") from error

    def _put(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise _too_long(self._limit)
        self._stream.write(data)


def _too_long(limit: int) -> ProtocolError:
    return ProtocolError(f"the document is longer than {limit} bytes", operation="download")
