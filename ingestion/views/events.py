"""The stream of events as they come in: for the engineer who connects a product and asks "did it arrive?"."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ingestion.models import Account, Event, Identity
from ingestion.models.events import EventKind
from ingestion.queries.renames import canonical_names
from ingestion.queries.showing import glass
from ingestion.queries.stream import (
    Became,
    StreamFilter,
    became,
    refused_lately,
    sources,
    stream,
    waiting_requests,
)
from ingestion.queries.touches import touches_of_event
from ingestion.rules.curl import as_curl, item_of_event
from tenants.console import is_fragment, page
from tenants.models import Source


def list_events(request: HttpRequest) -> HttpResponse:
    """Newest first. htmx asks again every few seconds and gets the table alone."""
    _check(request)
    wanted = _wanted(request)
    before = _number(request.GET.get("before", ""))
    found = stream(wanted, before=before)
    context = {
        "page": found,
        "wanted": wanted,
        "kinds": EventKind.choices,
        "sources": sources(),
        "environments": Source.Environment.choices,
        "waiting": waiting_requests(),
        "refused": refused_lately(wanted) if before is None else [],
        "is_first_page": before is None,
        "query": _query_without_before(request),
        "title": _("Events"),
        "opts": Event._meta,
    }
    if is_fragment(request):
        return page(request, "ingestion/_events.html", context)
    return page(request, "ingestion/events.html", context)


def show_event(request: HttpRequest, key: int) -> HttpResponse:
    """One event: as received, what it became, and how to send it again. For htmx without the frame."""
    _check(request)
    found = became(key) if key < 2**63 else None
    if found is None:
        raise Http404
    seen = glass()
    item = seen.fields(_item(found))
    context = {
        "found": found,
        "event": found.row.event,
        "omitted": seen.fields((found.row.event.context.get("pqlhub") or {}).get("omitted")),
        "item": item | {"messageId": found.row.event.message_id, "timestamp": found.row.event.ts.isoformat()},
        "curl": as_curl(item, settings.PUBLIC_URL) if found.row.event.kind != EventKind.ALIAS else "",
        "curl_key": f"curl-{key}",
        "derived": _derived(found),
        "counts_as": canonical_names().get((found.row.event.kind, found.row.event.name), ""),
        "touches": touches_of_event(found.row.event),
        "title": found.row.title,
        "opts": Event._meta,
    }
    return page(request, f"ingestion/{'_' if is_fragment(request) else ''}event.html", context)


def _derived(found: Became) -> Account | None:
    """The account that the user has by e-mail, where the event names none."""
    event = found.row.event
    if event.account_id is not None:
        return None
    return Account.objects.filter(
        memberships__identity_id=event.identity_id, memberships__is_derived=True
    ).first()


def _item(found: Became) -> dict[str, object]:
    event, user = found.row.event, found.user
    is_user = user is not None and user.kind == Identity.Kind.USER
    return item_of_event(
        kind=event.kind,
        name=event.name,
        user_id=user.value if user and is_user else None,
        anonymous_id=user.value if user and not is_user else None,
        account=found.account.key if found.account else None,
        told=event.properties,
        context=event.context,
    )


def _wanted(request: HttpRequest) -> StreamFilter:
    source = request.GET.get("source", "")
    kind = _number(request.GET.get("kind", ""))
    try:
        source_id = UUID(source) if source else None
    except ValueError as error:
        raise Http404 from error
    if kind is not None and kind not in EventKind.values:
        raise Http404
    environment = request.GET.get("environment", "")
    if environment and environment not in Source.Environment.values:
        raise Http404
    texts = {
        name: request.GET.get(name, "").replace("\0", "").strip() for name in ("name", "user", "account")
    }
    return StreamFilter(
        source_id=source_id,
        environment=environment,
        kind=kind,
        only_excluded=request.GET.get("excluded") == "1",
        only_bots=request.GET.get("excluded") == "bot",
        **texts,
    )


def _number(text: str) -> int | None:
    """A number of the address. Raises Http404 for anything that is none."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Http404
    return int(text)


def _query_without_before(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    return query.urlencode()


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm("ingestion.view_event"):  # type: ignore[union-attr]
        raise PermissionDenied
