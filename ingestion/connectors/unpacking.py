"""The bytes of a file, unpacked on the way; never more of them in memory than are asked for."""

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, Any, cast

import pyarrow

PACKINGS = (".gz", ".zst")
BUFFER = 256 * 1024
# A file made to fill disks unpacks to a thousand times its size; exports of events to five or fifty.
BOMB_RATIO = 200
BOMB_FROM = 64 * 1024 * 1024  # bytes; smaller ones do no harm


class FileError(ValueError):
    """The file cannot be read. The message says why and what to do."""


def open_bytes(path: Path, packing: str | None = None) -> IO[bytes]:
    """Open a file for reading; `packing` is that of its name unless given, "" for none. What cannot be unpacked raises
    FileError while it is read."""
    return cast(IO[bytes], io.BufferedReader(_Unpacked(path, packing), BUFFER))


class _Unpacked(io.RawIOBase):
    def __init__(self, path: Path, packing: str | None) -> None:
        self._path = path
        self._seen = 0
        self._most = max(BOMB_FROM, path.stat().st_size * BOMB_RATIO)
        self._file: Any = _opened(path, path.suffix.lower() if packing is None else packing)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._file.read(len(buffer))
        except (OSError, EOFError, zlib.error, pyarrow.ArrowException) as error:
            raise FileError(
                f"The file cannot be unpacked to its end ({error}): it is damaged or was cut off. "
                "Pack it again and upload it once more."
            ) from error
        self._seen += len(piece)
        if self._seen > self._most:
            raise FileError(
                f"The file unpacks to more than {BOMB_RATIO} times its size, as no export of events does. "
                "If it is one, unpack it and import it unpacked, in parts if need be."
            )
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _opened(path: Path, packing: str) -> Any:
    if packing == ".gz":
        return gzip.open(path, "rb")
    if packing == ".zst":
        return pyarrow.CompressedInputStream(pyarrow.OSFile(str(path), "rb"), "zstd")
    return path.open("rb", buffering=0)
