"""The stream of events as they come in: for the engineer who connects a product and asks "did it arrive?"."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ingestion.models import Event
from ingestion.queries.stream import StreamFilter, sources, stream, waiting_requests
from tenants.console import page


def list_events(request: HttpRequest) -> HttpResponse:
    """Newest first. htmx asks again every few seconds and gets the table alone."""
    if not request.user.has_perm("ingestion.view_event"):  # type: ignore[union-attr]
        raise PermissionDenied
    wanted = _wanted(request)
    before = _number(request.GET.get("before", ""))
    found = stream(wanted, before=before)
    context = {
        "page": found,
        "wanted": wanted,
        "sources": sources(),
        "waiting": waiting_requests(),
        "is_first_page": before is None,
        "query": _query_without_before(request),
        "title": _("Events"),
        "opts": Event._meta,
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        return page(request, "ingestion/_events.html", context)
    return page(request, "ingestion/events.html", context)


def _wanted(request: HttpRequest) -> StreamFilter:
    source = request.GET.get("source", "")
    try:
        source_id = UUID(source) if source else None
    except ValueError as error:
        raise Http404 from error
    return StreamFilter(
        source_id=source_id,
        name=request.GET.get("name", "").strip(),
        only_excluded=request.GET.get("excluded") == "1",
        only_bots=request.GET.get("excluded") == "bot",
    )


def _number(text: str) -> int | None:
    """The event id of the cursor. Raises Http404 for anything that is none."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Http404
    return int(text)


def _query_without_before(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    return query.urlencode()
