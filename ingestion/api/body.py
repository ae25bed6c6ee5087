"""Reads a request's body as real clients send it: any Content-Type, gzip with or without saying so, chunked."""

import codecs
import zlib
from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from rest_framework.parsers import BaseParser

from ingestion.api.answers import IngestError
from ingestion.rules.json_text import JsonError, NotUtf8, parse_json

MAX_BODY = 20 * 1024 * 1024  # bytes, as received and again after inflating
MAX_DRAINED = 100 * 1024 * 1024  # an answer before the client has finished sending is often lost to a reset
CHUNK = 64 * 1024
MAX_RATIO = 200
RATIO_FREE = 1024 * 1024  # this much may come out of any body
_MENDED = "ingestion.mended"
MAX_CONTAINERS = 500_000  # seven million empty objects fit into 20 MB and would take half a gigabyte to parse
_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15


class EventParser(BaseParser):
    """Always JSON, whatever the Content-Type says: SDKs say text/plain, form data or nothing."""

    media_type = "*/*"

    def parse(self, stream: HttpRequest, media_type: str | None = None, parser_context: Any = None) -> Any:
        return self.value_of(self.text_of(stream))

    def text_of(self, stream: HttpRequest) -> bytes:
        """The JSON text in the request."""
        return inflated(read_body(stream), stream.META.get("HTTP_CONTENT_ENCODING", ""))

    def value_of(self, raw: bytes) -> Any:
        if len(raw) > RATIO_FREE and raw.count(b"{") + raw.count(b"[") > MAX_CONTAINERS:
            raise IngestError(413, "payload_too_large", "The body has too many values. Send smaller batches.")
        try:
            return parsed(raw)
        except JsonError as error:
            raise IngestError(400, "invalid_json", str(error)) from error


def parsed(raw: bytes) -> Any:
    """The value of a body. Bytes that are no UTF-8 are read as Windows writes them, so that they cost the batch none of
    its events; a NUL after each makes cleaning note on the event where they were. Raises JsonError."""
    try:
        return parse_json(raw)
    except NotUtf8 as error:
        with suppress(JsonError):
            return parse_json(raw.decode("utf-8", _MENDED).encode())
        raise error


def _as_windows_writes(error: UnicodeDecodeError) -> tuple[str, int]:
    return error.object[error.start : error.end].decode("cp1252", "replace") + "\0", error.end


codecs.register_error(_MENDED, _as_windows_writes)  # type: ignore[arg-type]


def read_body(request: HttpRequest) -> bytes:
    """The body as received. Raises IngestError when it is too large, breaks off, or has no end we could know."""
    source: Any = request
    if not request.META.get("CONTENT_LENGTH") and request.META.get("HTTP_TRANSFER_ENCODING"):
        if not request.META.get("wsgi.input_terminated"):
            raise IngestError(411, "length_required", "This server needs a Content-Length header.")
        # Django reads nothing without a length; gunicorn knows where it ends.
        source = request.META["wsgi.input"]
    try:
        return _read_bounded(source)
    except OSError as error:
        raise IngestError(400, "incomplete_body", "The body broke off before its end.") from error


def _read_bounded(source: Any) -> bytes:
    pieces, size = [], 0
    while piece := source.read(CHUNK):
        size += len(piece)
        if size <= MAX_BODY:
            pieces.append(piece)
        elif size > MAX_DRAINED:
            break
    if size > MAX_BODY:
        raise _too_large()
    return b"".join(pieces)


def inflated(raw: bytes, encoding: str) -> bytes:
    """The body without its compression, known by its first bytes (posthog-js names none) or by its header."""
    encoding = encoding.strip().lower()
    if raw[:2] == b"\x1f\x8b":
        return _inflate(raw, _GZIP)
    if encoding in ("", "identity", "gzip", "x-gzip"):  # a proxy may have unzipped it and left the header
        return raw
    if encoding == "deflate":
        has_zlib_header = raw[:1] == b"\x78" and int.from_bytes(raw[:2], "big") % 31 == 0
        return _inflate(raw, _ZLIB if has_zlib_header else _RAW_DEFLATE)
    raise IngestError(415, "unsupported_encoding", f"Content-Encoding {encoding[:40]!r}: use gzip or none.")


def _inflate(raw: bytes, window: int) -> bytes:
    limit = min(MAX_BODY, max(RATIO_FREE, MAX_RATIO * len(raw)))
    stream = zlib.decompressobj(window)
    try:
        body = stream.decompress(raw, limit + 1)
    except zlib.error as error:
        raise IngestError(400, "invalid_compression", f"The body cannot be inflated: {error}.") from error
    if len(body) > limit:
        raise _too_large()
    if not stream.eof or stream.unused_data.strip(b"\0"):
        raise IngestError(
            400, "invalid_compression", "The compressed body is cut off or has data after its end."
        )
    return body


def _too_large() -> IngestError:
    return IngestError(
        413, "payload_too_large", f"The body exceeds {MAX_BODY >> 20} MB. Send smaller batches."
    )
