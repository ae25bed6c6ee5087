"""Scripts of SDKs from our own host, where the snippets of Segment, Jitsu and PostHog look for them. They are in
static/analytics-next, static/jitsu and static/posthog.

No key is looked up for it, so that pages keep their events also while the database is away: the script retries.
"""

import gzip
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from ingestion.api.answers import IngestError
from ingestion.api.views import IngestView

SEGMENT, JITSU, POSTHOG = "analytics-next/standalone.js", "jitsu/p.js", "posthog/array.js"
PIECES = "analytics-next"
AN_HOUR, A_YEAR = 60 * 60, 365 * 24 * 60 * 60  # seconds


class File(NamedTuple):
    """A script and what it is compressed."""

    plain: bytes
    gzipped: bytes


class SnippetView(IngestView):
    """The script itself, the same for every key: it finds its key and its host in its own address."""

    def get(self, request: Request, key: str) -> HttpResponse:
        return _served(SEGMENT, request, f"public, max-age={AN_HOUR}")


class ScriptView(IngestView):
    """A script that is named without a key."""

    file = JITSU

    def get(self, request: Request) -> HttpResponse:
        return _served(self.file, request, f"public, max-age={AN_HOUR}")


class PieceView(IngestView):
    """What the script loads when a page needs it. Names hold a digest of the content."""

    def get(self, request: Request, name: str) -> HttpResponse:
        return _served(f"{PIECES}/{name}", request, f"public, max-age={A_YEAR}, immutable")


@cache
def _files() -> dict[str, File]:
    static = settings.BASE_DIR / "static"
    paths = [*(static / PIECES).glob("*.js"), static / JITSU, static / POSTHOG]
    contents = {path.relative_to(static).as_posix(): path.read_bytes() for path in paths}
    return {name: File(plain, gzip.compress(plain, mtime=0)) for name, plain in contents.items()}


def _served(name: str, request: Request, caching: str) -> HttpResponse:
    file = _files().get(name)
    if file is None:
        raise IngestError(404, "not_found", "There is no such script.")
    is_gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        file.gzipped if is_gzipped else file.plain, content_type="text/javascript; charset=utf-8"
    )
    if is_gzipped:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = caching
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
