"""What RudderStack's SDKs ask for and send beside the calls that they share with Segment's."""

from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from ingestion.api.answers import answer
from ingestion.api.keys import WriteKeyAuthentication, check_may_read_settings, key_in_headers
from ingestion.api.views import EventView, IngestView, Received, split
from ingestion.rules.dialects import Refusal
from ingestion.rules.types import Rejection

NO_MERGE = Rejection(
    "unknown_type",
    "A merge does not say which id stays. Send an alias call with `userId` and `previousId`, the id before.",
)


class ConfigAuthentication(WriteKeyAuthentication):
    """The key in the headers or the query of a GET."""

    methods = ("GET",)

    def key_in_content(self, request: Request) -> str:
        return request.query_params.get("writeKey", "")


class SourceConfigView(IngestView):
    """What browser and mobile SDKs load before they send: that the source is on and has no device destinations."""

    authentication_classes = [ConfigAuthentication]

    def get(self, request: Request) -> HttpResponse:
        check_may_read_settings(request.auth)
        off = {"enabled": False}
        updated_at = timezone.now().isoformat()
        source = {
            "id": str(request.auth.source_id),
            "name": "PQL Hub",
            "writeKey": key_in_headers(request) or request.query_params["writeKey"],
            "enabled": True,
            "workspaceId": "pqlhub",
            "config": {"statsCollection": {"errors": off, "metrics": off}},
            "sourceDefinition": {"name": "Javascript"},
            "destinations": [],
            "updatedAt": updated_at,
        }
        response = answer(200, {"source": source, "updatedAt": updated_at})
        response["Cache-Control"] = "private, max-age=60"
        return response


class MergeView(EventView):
    """A merge names two ids without saying which of them survives: kept in quarantine, to be replayed as an alias."""

    def read(self, request: Request, now: datetime) -> Received:
        items, envelope, _ = split(request.data, "merge")
        return Received([Refusal(item, NO_MERGE) for item in items], envelope)
