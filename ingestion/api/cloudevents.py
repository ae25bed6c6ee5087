"""CloudEvents 1.0 over HTTP: binary (attributes in headers), structured (one JSON object) and batched (a list)."""

import base64
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from ingestion.api.body import EventParser
from ingestion.api.keys import WriteKeyAuthentication
from ingestion.api.views import EventView, Received, bounded
from ingestion.rules.dialects.cloudevents import translate

PREFIX = "ce-"


class CloudEventParser(EventParser):
    """JSON. In binary mode the data may also be missing, a text, or bytes."""

    def parse(self, stream: HttpRequest, media_type: str | None = None, parser_context: Any = None) -> Any:
        """What the body adds to the attributes in the headers, or {"events": ...} where there are none."""
        raw = self.text_of(stream)
        if not is_binary(stream):
            return {"events": self.value_of(raw)}
        if not raw.strip():
            return {}
        if not stream.content_type or "json" in stream.content_type:
            return {"data": self.value_of(raw)}
        try:
            return {"data": raw.decode()}
        except UnicodeDecodeError:
            return {"data_base64": base64.b64encode(raw).decode()}


class CloudEventKey(WriteKeyAuthentication):
    """The key in a header or the query: a field of the body belongs to the event."""

    def key_in_content(self, request: Request) -> str:
        return request.query_params.get("writeKey") or ""


class CloudEventView(EventView):
    """Takes a CloudEvent, or a list of them."""

    parser_classes = [CloudEventParser]
    authentication_classes = [CloudEventKey]

    def read(self, request: Request, now: datetime) -> Received:
        content: dict[str, Any] = request.data
        events = content.get("events", [])
        if is_binary(request._request):
            events = [_attributes(request._request) | content]
        elif not isinstance(events, list):
            events = [events]
        return Received([translate(event) for event in bounded(events)])

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Also the handshake by which a sender of webhooks asks whether it may send here."""
        response = super().options(request, *args, **kwargs)
        if request.headers.get("WebHook-Request-Origin"):
            response["WebHook-Allowed-Origin"] = response["WebHook-Allowed-Rate"] = "*"
        return response


def is_binary(request: HttpRequest) -> bool:
    """True when the headers carry the event and the body is its data."""
    is_stated = (request.content_type or "").lower().startswith("application/cloudevents")
    return not is_stated and any(name.lower().startswith(PREFIX) for name in request.headers)


def _attributes(request: HttpRequest) -> dict[str, Any]:
    attributes = {
        name.lower().removeprefix(PREFIX): _text(value)
        for name, value in request.headers.items()
        if name.lower().startswith(PREFIX)
    }
    return attributes | {"datacontenttype": request.content_type} if request.content_type else attributes


def _text(value: str) -> str:
    """A header's value: UTF-8, by the specification percent-encoded, and perhaps in quotes."""
    value = value.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return unquote(value)
