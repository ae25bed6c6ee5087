"""The addresses events are sent to, and what browser SDKs ask for before they send."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from ingestion import operations
from ingestion.api.answers import IngestError, answer, answer_for, failure, open_to_browsers, preflight
from ingestion.api.body import EventParser
from ingestion.api.keys import BODY_FIELDS, WriteKeyAuthentication, cache, check_public_key
from ingestion.api.limits import check_limits, missing_scope
from ingestion.rules import check_shape
from ingestion.rules.cleaning import Cleaner
from ingestion.rules.dialects import Ignored, Refusal
from ingestion.rules.types import Rejection
from tenants.queries import KeyOwner

MAX_EVENTS = 10_000
MAX_USER_AGENT = 400


class EventRequest(Request):
    """A request whose body is read also when it has no Content-Length."""

    def _load_stream(self) -> None:
        self._stream = self._request


class JsonOnly(BaseContentNegotiation):
    """Content-Type and Accept do not matter: JSON in, JSON out."""

    def select_parser(self, request: Request, parsers: list[Any]) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: list[Any], format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class IngestView(APIView):
    """What all addresses of the ingestion API share."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes: list[Any] = []
    parser_classes = [EventParser]
    content_negotiation_class = JsonOnly

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        return EventRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def get_exception_handler(self) -> Any:
        return answer_for

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return preflight(request, self.allowed_methods)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        return open_to_browsers(super().finalize_response(request, response, *args, **kwargs))


@dataclass(frozen=True)
class Received:
    """A request's body as items of the Segment shape. One may be a Refusal or Ignored instead, in its place."""

    items: list[Any]
    envelope: dict[str, Any] = field(default_factory=dict)
    assumed_type: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a request: how many items are stored, and what to tell of the others (place, code, message)."""

    accepted: int
    rejected: list[dict[str, Any]]


class EventView(IngestView):
    """Takes a batch, or one event of the type that the path names. Other dialects say how they read and answer."""

    authentication_classes = [WriteKeyAuthentication]
    type: str | None = None

    def read(self, request: Request, now: datetime) -> Received:
        return Received(*split(request.data, self.type))

    def say(self, received: Received, outcome: Outcome) -> dict[str, Any]:
        return {"success": True, "accepted": outcome.accepted, "rejected": outcome.rejected}

    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        owner = request.auth
        received = self.read(request, now)
        check_limits(request, owner, len(received.items), now)
        accepted, rejected, errors = sort_out(received.items, received.assumed_type, owner)
        if cache.is_due_to_mark(owner):
            operations.mark_key_used(owner=owner, now=now)
        count = operations.accept_batch(
            owner=owner,
            items=accepted,
            envelope=received.envelope,
            client=client_of(request),
            received_at=now,
            rejected=rejected,
        )
        return answer(200, self.say(received, Outcome(count, errors)))


class SettingsView(IngestView):
    """What Segment's browser and mobile SDKs load before they send: where to send to. The key is public there."""

    def get(self, request: Request, key: str) -> HttpResponse:
        check_public_key(key)
        destination = {
            "apiKey": key,
            "apiHost": f"{request.get_host()}/v1",
            "protocol": request.scheme,
            "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
        }
        every = {"__default": {"enabled": True}}
        response = answer(
            200,
            {
                "integrations": {"Segment.io": destination},
                "plan": {"track": every, "identify": every, "group": every},
                "metrics": {"sampleRate": 0},
            },
        )
        response["Cache-Control"] = "public, max-age=60"
        return response


class MetricsView(IngestView):
    """analytics.js reports on itself here. We take it and keep nothing."""

    def post(self, request: Request) -> HttpResponse:
        return answer(200, {"success": True})


def unknown_address(request: HttpRequest) -> HttpResponse:
    """Never a redirect to the log-in: SDKs follow it without their body and report success."""
    message = (
        "There is nothing here. Send events to /v1/batch, /v1/track, /v1/identify, /v1/group or /v1/page."
    )
    return open_to_browsers(failure(404, "not_found", message))


unknown_address.csrf_exempt = True  # type: ignore[attr-defined]


def split(body: Any, path_type: str | None) -> tuple[list[Any], dict[str, Any], str | None]:
    """(items, envelope, type to assume) of a body: a batch, a bare list of events, or one event."""
    if isinstance(body, list):
        items, envelope, assumed_type = body, {}, None
    elif isinstance(body, dict) and isinstance(body.get("batch"), list):
        items, envelope, assumed_type = body["batch"], body, None
    elif isinstance(body, dict) and "batch" not in body and (path_type or "type" in body):
        items, envelope, assumed_type = [body], {}, path_type
    elif path_type:
        raise IngestError(400, "invalid_event", f"Send one {path_type} event as a JSON object.")
    else:
        raise IngestError(400, "invalid_batch", 'Send {"batch": [...]}: a list of events.')
    return bounded(items), envelope, assumed_type


def bounded(items: list[Any]) -> list[Any]:
    """The items of a request, if they are not too many."""
    if len(items) > MAX_EVENTS:
        raise IngestError(413, "payload_too_large", f"More than {MAX_EVENTS} events. Send smaller batches.")
    return items


def sort_out(
    items: list[Any], assumed_type: str | None, owner: KeyOwner
) -> tuple[list[dict[str, Any]], list[tuple[Any, Rejection]], list[dict[str, Any]]]:
    """(accepted, rejected with reasons, what to tell the client). Keys sent in the body do not get stored."""
    accepted, rejected, errors = [], [], []
    for index, item in enumerate(items):
        if isinstance(item, Ignored):
            continue
        item, rejection = item if isinstance(item, Refusal) else (item, None)
        if isinstance(item, dict):
            for name in BODY_FIELDS:
                item.pop(name, None)
        rejection = rejection or check_shape(item, assumed_type)
        if assumed_type and isinstance(item, dict) and not item.get("type"):
            item["type"] = assumed_type
        rejection = rejection or missing_scope(owner, item["type"].lower())
        if rejection is None:
            accepted.append(item)
            continue
        rejected.append((item, rejection))
        stated = item.get("messageId") if isinstance(item, dict) else None
        known = isinstance(stated, str | int) and not isinstance(stated, bool)
        message_id = Cleaner().text(str(stated), "messageId") if known else None
        errors.append(
            {"index": index, "messageId": message_id, "code": rejection.code, "message": rejection.detail}
        )
    return accepted, rejected, errors


def client_of(request: Request) -> dict[str, str]:
    """What the request says about its sender. X-Forwarded-For counts only behind a proxy, and there its last entry."""
    meta = request.META
    address = meta.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER and meta.get("HTTP_X_FORWARDED_FOR"):
        address = meta["HTTP_X_FORWARDED_FOR"].rpartition(",")[2].strip()
    client = {
        "ip": address,
        "user_agent": meta.get("HTTP_USER_AGENT", "")[:MAX_USER_AGENT],
        "origin": meta.get("HTTP_ORIGIN", "")[:MAX_USER_AGENT],
    }
    return {name: value for name, value in client.items() if value}
