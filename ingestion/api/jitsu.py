"""@jitsu/js: the Segment shape at addresses of its own, and answers of its own."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from ingestion.api.answers import IngestError
from ingestion.api.views import EventView, Outcome, Received
from ingestion.rules.types import KIND_BY_TYPE

TYPES: dict[str, str | None] = {spelling: name for name in KIND_BY_TYPE for spelling in (name, name[0])}
TYPES |= {"event": None, "e": None}  # the event says it


class JitsuView(EventView):
    """Takes one event, of the type that the path or the event names."""

    def post(self, request: Request, kind: str) -> HttpResponse:
        if kind not in TYPES:
            raise IngestError(404, "not_found", f"Send to one of {', '.join(KIND_BY_TYPE)}.")
        self.type = TYPES[kind]
        return super().post(request)

    def say(self, received: Received, outcome: Outcome) -> dict[str, Any]:
        if outcome.rejected:
            return {"ok": False, "error": outcome.rejected[0]["message"], "code": outcome.rejected[0]["code"]}
        return {"ok": True}


class JitsuBatchView(EventView):
    """Takes a batch from a server."""

    def say(self, received: Received, outcome: Outcome) -> dict[str, Any]:
        counts = {"receivedEvents": len(received.items), "okEvents": outcome.accepted}
        if not outcome.rejected:
            return {"ok": True, **counts}
        errors = [f"Message ID: {each['messageId']}: {each['message']}" for each in outcome.rejected]
        return {"ok": False, **counts, "errors": errors}
