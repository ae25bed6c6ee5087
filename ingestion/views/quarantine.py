"""Events that could not be read: why, what to do, and sending them again, mended or as they are."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ingestion.forms.quarantine import GroupForm, MendForm
from ingestion.models import QuarantinedEvent
from ingestion.operations import (
    AlreadyReplayed,
    NothingWaits,
    StillUnreadable,
    begin_quarantine_replay,
    replay_quarantined,
)
from ingestion.queries.quarantine import ALL_GROUPS, SHOWN_GROUPS, replay_results, waiting_groups
from ingestion.queries.showing import glass
from ingestion.queries.stream import sources
from ingestion.templatetags.data import json_text
from tenants.console import actor, page

AT_ONCE = 500


def show_quarantined(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET: one event with its reason. POST: send it through the inbox again, as mended."""
    row = QuarantinedEvent.objects.filter(pk=key).first()
    if row is None:
        raise Http404
    if not request.user.has_perm("ingestion.view_quarantinedevent"):  # type: ignore[union-attr]
        raise PermissionDenied
    may_change = request.user.has_perm("ingestion.change_quarantinedevent")  # type: ignore[union-attr]
    seen = glass()
    posted = request.POST if request.method == "POST" else None
    form = MendForm(posted, initial={"raw": json_text(row.raw)}, may_mend=seen.is_clear)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if form.is_valid() and _replayed(request, row, form):
            return redirect("admin:ingestion_quarantinedevent_changelist")
    context = {
        "row": row,
        "source": next((source.name for source in sources() if source.pk == row.source_id), ""),
        "form": form,
        "raw": seen.message(row.raw),
        "client": seen.fields(row.client),
        "detail": seen.text(row.detail),
        "may_change": may_change,
        "title": _("Quarantined event"),
        "opts": QuarantinedEvent._meta,
        "original": row,
    }
    return page(request, "ingestion/quarantined.html", context, status=422 if form.errors else 200)


def groups_of(request: HttpRequest) -> dict[str, Any]:
    """What the part above the list shows."""
    runs = replay_results()
    shown = ALL_GROUPS if request.GET.get("groups") == "all" else SHOWN_GROUPS
    groups = waiting_groups(shown + 1)
    return {
        "groups": groups[:shown],
        "has_more_groups": len(groups) > shown,
        "shows_all": shown == ALL_GROUPS,
        "runs": runs,
        "is_running": any(result.run.finished_at is None for result in runs),
        "may_change": request.user.has_perm("ingestion.change_quarantinedevent"),  # type: ignore[union-attr]
    }


def show_groups(request: HttpRequest) -> HttpResponse:
    """The part above the list, again, while something is on its way."""
    if not request.user.has_perm("ingestion.view_quarantinedevent"):  # type: ignore[union-attr]
        raise PermissionDenied
    return render(request, "ingestion/_quarantine_groups.html", groups_of(request))


@require_POST
def replay_group(request: HttpRequest) -> HttpResponse:
    """Send a whole group again."""
    if not request.user.has_perm("ingestion.change_quarantinedevent"):  # type: ignore[union-attr]
        raise PermissionDenied
    form = GroupForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        run = begin_quarantine_replay(**form.group, by=actor(request), now=timezone.now())
        text = ngettext("%s event is sent again.", "%s events are sent again.", run.total)
        messages.success(request, text % run.total)
    except NothingWaits as nothing:
        messages.info(request, str(nothing))
    return redirect("admin:ingestion_quarantinedevent_changelist")


def replay_many(request: HttpRequest, rows: QuerySet[QuarantinedEvent]) -> None:
    """Send the chosen events again as they are; those that would be rejected again stay, and are counted."""
    done, still = 0, 0
    for row in rows.filter(replayed_at=None).order_by("received_at")[:AT_ONCE]:
        try:
            replay_quarantined(event=row, by=actor(request), now=timezone.now())
            done += 1
        except (AlreadyReplayed, StillUnreadable):
            still += 1
    if done:
        text = ngettext("%s event was sent again.", "%s events were sent again.", done)
        messages.success(request, text % done)
    if still:
        text = ngettext(
            "%s event would be rejected again and stays: open it to mend it.",
            "%s events would be rejected again and stay: open one to mend it.",
            still,
        )
        messages.warning(request, text % still)
    if not done and not still:
        messages.info(request, _("All of these were sent again before."))


def _replayed(request: HttpRequest, row: QuarantinedEvent, form: MendForm) -> bool:
    try:
        replay_quarantined(event=row, by=actor(request), now=timezone.now(), raw=form.cleaned_data.get("raw"))
    except (AlreadyReplayed, StillUnreadable) as error:
        form.add_error("raw" if "raw" in form.fields else None, str(error))
        return False
    messages.success(
        request, _("Sent again. It is in the stream within seconds, if nothing else is wrong with it.")
    )
    return True
