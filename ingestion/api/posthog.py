"""PostHog's SDKs, changed in host and key only: capture, batch, the newer analytics/events, flags, remote config."""

import base64
import binascii
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from ingestion.api.answers import IngestError, answer
from ingestion.api.body import EventParser, inflated
from ingestion.api.keys import WriteKeyAuthentication, check_public_key, key_in_body
from ingestion.api.views import EventView, IngestView, Outcome, Received, bounded
from ingestion.rules.dialects import Ignored
from ingestion.rules.dialects.posthog import translate
from ingestion.rules.types import HISTORICAL

# What our remote config and flags say to every product: nothing but events is served here.
CONFIG = {
    "supportedCompression": ["gzip", "gzip-js"],
    "analytics": {"endpoint": "/i/v0/e/"},
    "elementsChainAsString": True,
    "defaultIdentifiedOnly": True,
    "autocapture_opt_out": False,
    "autocaptureExceptions": False,
    "captureDeadClicks": False,
    "capturePerformance": False,
    "heatmaps": False,
    "sessionRecording": False,
    "surveys": False,
    "isAuthenticated": False,
    "toolbarParams": {},
    "siteApps": [],
}


class PostHogParser(EventParser):
    """JSON, also as base64 in the form field or query parameter `data`: from sendBeacon and older SDKs."""

    def text_of(self, stream: HttpRequest) -> bytes:
        if stream.method == "GET":
            return _unwrapped(stream.GET.get("data", "").encode())
        raw = super().text_of(stream)
        if raw.startswith(b"data="):
            raw = unquote_to_bytes(raw[len(b"data=") :].partition(b"&")[0].replace(b"+", b" "))
        return _unwrapped(raw)


def _unwrapped(raw: bytes) -> bytes:
    """The JSON text of what may be JSON, or base64 of it or of its gzip."""
    if not raw or raw.lstrip()[:1] in (b"{", b"["):
        return raw
    text = raw.strip().replace(b" ", b"+")
    try:
        decoded = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return raw
    return inflated(decoded, "")


class PostHogAuthentication(WriteKeyAuthentication):
    """The key as `api_key` or `token`, in the body, the first event, its properties, or the query."""

    methods = ("GET", "POST")

    def key_in_content(self, request: Request) -> str:
        body = request.data
        first = next(iter(_events(body)), None)
        properties = first.get("properties") if isinstance(first, dict) else None
        in_query = (request.query_params.get(name) for name in ("api_key", "token"))
        return next((key for key in (*map(key_in_body, (body, first, properties)), *in_query) if key), "")


class PostHogView(EventView):
    """Takes a batch, a list of events or one event. Whatever becomes of its events, they are answered "Ok"."""

    parser_classes = [PostHogParser]
    authentication_classes = [PostHogAuthentication]

    def get(self, request: Request) -> HttpResponse:
        return self.post(request)

    def read(self, request: Request, now: datetime) -> Received:
        body = request.data
        options = body if isinstance(body, dict) else {}
        sent_at = request.headers.get("PostHog-Request-Timestamp") or options.get("sent_at")
        envelope: dict[str, Any] = {}
        if options.get("historical_migration") is True:
            sent_at = None  # history was not sent just now: its times are taken as they are
            envelope = {"context": {HISTORICAL: True}}
        library = request.headers.get("PostHog-Sdk-Info")
        items = bounded(_events(body))
        return Received(
            [translate(item, received_at=now, sent_at=sent_at, library=library) for item in items], envelope
        )

    def say(self, received: Received, outcome: Outcome) -> dict[str, Any]:
        ignored = sum(isinstance(item, Ignored) for item in received.items)
        return {"status": "Ok", **super().say(received, outcome), "ignored": ignored}


class PostHogResultsView(PostHogView):
    """Capture v1: each event is told its result by its uuid, or its SDK takes the batch for lost."""

    def say(self, received: Received, outcome: Outcome) -> dict[str, Any]:
        refused = {error["index"]: error for error in outcome.rejected}
        results: dict[str, dict[str, str]] = {}
        for index, item in enumerate(received.items):
            if error := refused.get(index):
                uuid, result = error["messageId"], ("drop", f"{error['code']}: {error['message']}")
            elif isinstance(item, Ignored):
                uuid, result = item.message_id, ("warning", f"{item.name} is not kept.")
            else:
                uuid, result = item.get("messageId"), ("ok", "")
            if isinstance(uuid, str):
                results[uuid] = dict(zip(("result", "details"), result, strict=True))
        return super().say(received, outcome) | {"results": results}


class FlagsView(IngestView):
    """There are no feature flags here, which is an answer: without one SDKs wait, retry and complain."""

    parser_classes = [PostHogParser]

    def post(self, request: Request) -> HttpResponse:
        is_first = request.query_params.get("v", "1") == "1" and "decide" in request.path
        flags: dict[str, Any] = {
            "flags": {},
            "featureFlags": [] if is_first else {},
            "featureFlagPayloads": {},
        }
        return answer(200, CONFIG | flags | {"errorsWhileComputingFlags": False})

    get = post


class RemoteConfigView(IngestView):
    """What posthog-js loads first. The key is public there."""

    def get(self, request: Request, key: str) -> HttpResponse:
        check_public_key(key)
        response = answer(200, {"token": key, **CONFIG})
        response["Cache-Control"] = "public, max-age=60"
        return response


def _events(body: Any) -> list[Any]:
    """The events of a body: a batch, a bare list, or one event. Raises IngestError for anything else."""
    if isinstance(body, list):
        return body
    if isinstance(body, dict) and isinstance(body.get("batch"), list):
        return body["batch"]
    if isinstance(body, dict) and "event" in body:
        return [body]
    raise IngestError(400, "invalid_batch", 'Send {"api_key": ..., "batch": [...]}: a list of events.')
