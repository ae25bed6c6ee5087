"""The page of stuck PQLs: those that could not become leads, why, and trying again."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ingestion.queries.subjects import subject_labels
from routing.models import RoutingFailure
from routing.operations import try_again
from routing.queries.failures import visible_failures
from scoring.models import Level as SubjectLevel
from scoring.queries.held_out import visible_pqls
from tenants.access import Access, Level, access_of
from tenants.console import actor, page

MOST_SHOWN = 100


@dataclass(frozen=True)
class Row:
    """A stuck PQL. label: who it is, "" for those who may not know before a holdout has decided."""

    failure: RoutingFailure
    label: str
    is_due: bool
    may_retry: bool


def list_failures(request: HttpRequest) -> HttpResponse:
    """The page, or for htmx, which asks again while something is being tried, its table."""
    if not request.user.has_perm("routing.view_routingfailure"):  # type: ignore[union-attr]
        raise PermissionDenied
    is_fragment = bool(request.htmx)  # type: ignore[attr-defined]
    return page(
        request, "routing/_failures.html" if is_fragment else "routing/failures.html", _context(request)
    )


@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("routing.change_routingfailure"):  # type: ignore[union-attr]
        raise PermissionDenied
    return _retry(request, visible_failures(access_of(request.user), Level.CHANGE))


@require_POST
def retry_one(request: HttpRequest, key: UUID) -> HttpResponse:
    access = access_of(request.user)
    if not visible_failures(access).filter(pk=key).exists():
        raise Http404
    wanted = visible_failures(access, Level.CHANGE).filter(pk=key)
    if not wanted.exists():
        raise PermissionDenied
    return _retry(request, wanted)


def _context(request: HttpRequest) -> dict[str, Any]:
    access, now = access_of(request.user), timezone.now()
    shown = list(visible_failures(access)[: MOST_SHOWN + 1])
    retryable = set(visible_failures(access, Level.CHANGE).values_list("pk", flat=True))
    labels = _labels(access, shown)
    rows = [
        Row(row, labels.get(row.qualification_id, ""), row.next_at <= now, row.pk in retryable)
        for row in shown[:MOST_SHOWN]
    ]
    return {
        "title": _("Stuck PQLs"),
        "rows": rows,
        "has_more": len(shown) > MOST_SHOWN,
        "may_retry": bool(retryable),
        "is_trying": any(row.is_due for row in rows),
        "opts": RoutingFailure._meta,
    }


def _labels(access: Access, failures: list[RoutingFailure]) -> dict[UUID, str]:
    """Names by key of the PQL. Before routing has decided, only those who see held-out leads may know who it is."""
    known = visible_pqls(access).filter(pk__in=[row.qualification_id for row in failures])
    by_level = {level: known.filter(subject_kind=level) for level in SubjectLevel.values}
    found = {}
    for level, pqls in by_level.items():
        subjects = dict(pqls.values_list("pk", "subject_id"))
        names = subject_labels(level, subjects.values()) if subjects else {}
        found |= {key: names.get(subject, f"#{subject}") for key, subject in subjects.items()}
    return found


def _retry(request: HttpRequest, failures: QuerySet[RoutingFailure]) -> HttpResponse:
    tried = try_again(failures=failures, by=actor(request), now=timezone.now())
    said = ngettext("%(n)d PQL is tried again now.", "%(n)d PQLs are tried again now.", tried)
    messages.success(request, said % {"n": tried})
    return redirect("admin:routing_routingfailure_changelist")
