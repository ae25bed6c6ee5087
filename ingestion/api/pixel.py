"""Images that are events, for mails and pages without scripts: Segment's /v1/pixel/{type}, RudderStack's
/pixel/v1/{type}.

The image comes whatever became of the event: nobody reads an error there, and a mail shows a broken image.
"""

from datetime import datetime
from typing import Any

import structlog
from django.http import HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request

from ingestion.api.answers import answer_for
from ingestion.api.keys import WriteKeyAuthentication, key_in_body
from ingestion.api.views import EventView, Received
from ingestion.rules.dialects.pixel import event_in_data, event_in_query

logger = structlog.get_logger(__name__)
# One transparent dot.
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


class PixelAuthentication(WriteKeyAuthentication):
    """The key in the query, or in the event in `data`."""

    methods = ("GET",)

    def key_in_content(self, request: Request) -> str:
        in_data = key_in_body(event_in_data(request.query_params.get("data", "")))
        return in_data or request.query_params.get("writeKey", "")


class PixelView(EventView):
    """Takes the event in `data`, base64 of JSON. A link checker's HEAD is no event."""

    authentication_classes = [PixelAuthentication]
    http_method_names = ["get", "options"]

    def get(self, request: Request, kind: str) -> HttpResponse:
        self.type = kind
        self.post(request)
        return _image()

    def read(self, request: Request, now: datetime) -> Received:
        return Received([event_in_data(request.query_params.get("data", ""))], assumed_type=self.type)

    def get_exception_handler(self) -> Any:
        return _image_for


class QueryPixelView(PixelView):
    """Takes the parameters of the query as the event's fields."""

    def read(self, request: Request, now: datetime) -> Received:
        return Received([event_in_query(request.query_params.items())], assumed_type=self.type)


def _image() -> HttpResponse:
    return HttpResponse(GIF, content_type="image/gif", headers={"Cache-Control": "no-store"})


def _image_for(error: Exception, context: dict[str, Any]) -> HttpResponse:
    refusal = answer_for(error, context)
    if isinstance(error, MethodNotAllowed):
        return refusal
    logger.warning("pixel_refused", status=refusal.status_code, error=str(error)[:200])
    return _image()
