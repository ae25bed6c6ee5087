"""The documented addresses of the ingestion API, with examples that work when pasted."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view

from ingestion import serializers
from ingestion.api.cloudevents import CloudEventView
from ingestion.api.views import EventView

_NOTE = """
An answer of 200 means the events are stored durably. One bad event never fails the others: it is listed under
`rejected` and kept in quarantine. Bodies may be gzipped; the `Content-Type` is not looked at. A missing `messageId`
is made from the event's content, so that sending an event with a `timestamp` twice adds it once.
"""
_WHO = {"userId": "user-42", "context": {"groupId": "acme"}}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "track": {"event": "Report Exported", "properties": {"format": "pdf", "pages": 12}},
    "identify": {"traits": {"email": "ann@acme.example", "name": "Ann Lee", "role": "admin"}},
    "group": {"groupId": "acme", "traits": {"name": "Acme", "plan": "trial", "employees": 80}},
    "page": {"name": "Pricing", "properties": {"path": "/pricing"}},
    "screen": {"name": "Home"},
    "alias": {"previousId": "anonymous-7f3a"},
}
_BATCH = {
    "batch": [
        {"type": "identify", **_WHO, **_EXAMPLES["identify"]},
        {"type": "group", "userId": "user-42", **_EXAMPLES["group"]},
        {
            "type": "track",
            **_WHO,
            **_EXAMPLES["track"],
            "timestamp": "2026-03-10T11:00:00Z",
            "messageId": "m-1",
        },
    ]
}
_SHAPES = {
    "track": serializers.TrackSerializer,
    "identify": serializers.IdentifySerializer,
    "group": serializers.GroupSerializer,
    "page": serializers.PageSerializer,
    "screen": serializers.PageSerializer,
    "alias": serializers.AliasSerializer,
}
_SAYS = {
    "track": "Something a person did",
    "identify": "Who a person is",
    "group": "Which account a person belongs to, and what is known of it",
    "page": "A page a person saw",
    "screen": "A screen of an app a person saw",
    "alias": "Two ids that are one person",
}
_ANSWERS = {
    200: OpenApiResponse(
        serializers.AcceptedSerializer,
        examples=[
            OpenApiExample("Stored", {"success": True, "accepted": 3, "rejected": []}),
            OpenApiExample(
                "Stored in part",
                {
                    "success": True,
                    "accepted": 2,
                    "rejected": [
                        {
                            "index": 1,
                            "messageId": "m-2",
                            "code": "missing_event",
                            "message": "A track call needs `event`, the name of what happened.",
                        }
                    ],
                },
            ),
        ],
    ),
    400: OpenApiResponse(serializers.FailureSerializer, "The body is not JSON, or breaks off. Do not retry."),
    401: OpenApiResponse(serializers.FailureSerializer, "The write key is unknown, revoked or disabled."),
    403: OpenApiResponse(serializers.FailureSerializer, "The source does not take events from this website."),
    429: OpenApiResponse(
        serializers.FailureSerializer,
        "Above the source's events a second. Try again after `Retry-After` seconds.",
    ),
    413: OpenApiResponse(
        serializers.FailureSerializer, "More than 20 MB or 10,000 events. Send less at once."
    ),
    503: OpenApiResponse(serializers.FailureSerializer, "Try again after the seconds in `Retry-After`."),
}


def _documented(name: str, shape: Any, summary: str, example: dict[str, Any]) -> type[EventView]:
    described = extend_schema(
        operation_id=f"send_{name}",
        tags=["Events"],
        summary=summary,
        description=_NOTE,
        request={"application/json": shape},
        responses=_ANSWERS,
        examples=[OpenApiExample("Example", example, request_only=True)],
    )
    view = type(f"{name.title()}View", (EventView,), {"type": None if name == "batch" else name})
    return extend_schema_view(post=described)(view)


DOCUMENTED = {"batch": _documented("batch", serializers.BatchSerializer, "Many events at once", _BATCH)}
DOCUMENTED |= {
    name: _documented(name, shape, _SAYS[name], {**_WHO, **_EXAMPLES[name]})
    for name, shape in _SHAPES.items()
}

_CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "7f3a-1",
    "source": "/billing",
    "type": "report.exported",
    "subject": "user-42",
    "group": "acme",
    "time": "2026-03-10T11:00:00Z",
    "data": {"format": "pdf", "pages": 12},
}
_STRUCTURED, _BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
CLOUD_EVENTS = extend_schema_view(
    post=extend_schema(
        operation_id="send_cloudevents",
        tags=["Events"],
        auth=[{"writeKey": []}],  # type: ignore[list-item]
        summary="CloudEvents 1.0",
        description="One event or a list of them as JSON, or one in binary mode: its attributes in `ce-` headers, its "
        "data in the body. The key comes in a header, or as `writeKey` in the query." + _NOTE,
        request={
            _STRUCTURED: serializers.CloudEventSerializer,
            _BATCHED: serializers.CloudEventSerializer(many=True),
        },
        responses=_ANSWERS,
        examples=[
            OpenApiExample("One event", _CLOUD_EVENT, request_only=True, media_type=_STRUCTURED),
            OpenApiExample("A batch", _CLOUD_EVENT, request_only=True, media_type=_BATCHED),
        ],
    )
)(CloudEventView)
