"""The JSON objects we answer with, for good news and bad."""

import random
from typing import Any

import structlog
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, MethodNotAllowed
from rest_framework.views import set_rollback

from ingestion.rules import dump_json

logger = structlog.get_logger(__name__)
RETRY_AFTER_SECONDS = (2, 10)  # spread, so that clients do not come back all at once
UNAVAILABLE = (OperationalError, InterfaceError, InternalError)
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
}
_ALLOWED_HEADERS = [
    *("authorization", "content-type", "content-encoding", "x-write-key", "x-retry-count"),
    *("anonymousid", "sentat", "x-ip-policy"),
]
_PREFLIGHT_SECONDS = "86400"


class IngestError(APIException):
    """A request we refuse. `code` is stable and for programs, the message says what to do."""

    retry_after: int | None = None

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code)
        self.status_code, self.code, self.message = status, code, message


def answer(status: int, body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(dump_json(body), status=status, content_type="application/json")


def failure(status: int, code: str, message: str) -> HttpResponse:
    return answer(status, {"success": False, "code": code, "message": message})


def answer_for(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception handler for these views: never its own {"detail": ...}, on which an SDK stumbles and retries."""
    if isinstance(error, IngestError):
        response = failure(error.status_code, error.code, error.message)
        if error.retry_after is not None:
            response["Retry-After"] = str(error.retry_after)
        return response
    if isinstance(error, MethodNotAllowed):
        return _method_not_allowed(context)
    set_rollback()
    if isinstance(error, UNAVAILABLE):
        logger.warning("ingest_unavailable", error=str(error).splitlines()[0] if str(error) else "")
        response = failure(503, "unavailable", "Events cannot be stored right now. Send them again shortly.")
        response["Retry-After"] = str(random.randint(*RETRY_AFTER_SECONDS))
        return response
    logger.error("ingest_failed", exc_info=error)
    return failure(500, "internal_error", "Something broke on our side. Send the events again.")


def open_to_browsers(response: HttpResponse) -> HttpResponse:
    """Any site may send: a write key is public there, and no cookie plays a part."""
    for name, value in _CORS.items():
        response.headers[name] = value
    return response


def preflight(request: HttpRequest, methods: list[str]) -> HttpResponse:
    """The answer to a browser's OPTIONS. Whatever headers it asks for are allowed: a new SDK's must not lose events."""
    asked = request.headers.get("Access-Control-Request-Headers", "").lower()
    names = [name.strip() for name in asked.split(",")][:50]
    extra = [name for name in names if name.replace("-", "").isalnum() and name.isascii() and len(name) < 64]
    response = answer(200, {"success": True})
    response["Allow"] = ", ".join(methods)
    response["Access-Control-Allow-Methods"] = ", ".join(methods)
    response["Access-Control-Allow-Headers"] = ", ".join(dict.fromkeys([*_ALLOWED_HEADERS, *extra]))
    response["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    response["Vary"] = "Access-Control-Request-Headers"
    return response


def _method_not_allowed(context: dict[str, Any]) -> HttpResponse:
    methods = ", ".join(context["view"].allowed_methods)
    response = failure(405, "method_not_allowed", f"Use {methods}.")
    response["Allow"] = methods
    return response
