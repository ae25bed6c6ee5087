"""Replays: what a version would have said day by day. They open no leads."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ingestion.queries import subject_labels
from scoring.forms.replays import ReplayForm
from scoring.models import ReplayQualification, ReplayRun, Version
from scoring.operations import ReplayRefused, request_replay
from scoring.queries.held_out import hidden_subjects
from scoring.queries.replays import progress_of, summarise
from scoring.views.access import may_change
from scoring.views.panels import replay_chart, subject_url_name, subject_words
from tenants.access import Area, access_of
from tenants.console import actor, find_visible, is_fragment, page
from tenants.csv_file import MOST_ROWS, csv_file

SHOWN = 100
USUAL_DAYS = 60


def add_replay(request: HttpRequest) -> HttpResponse:
    """GET: the form (`?version=` chooses one). POST: ask the workers to run it."""
    if not request.user.has_perm("scoring.add_replayrun"):  # type: ignore[union-attr]
        raise PermissionDenied
    today: date = timezone.localdate()
    initial = {
        "version": request.GET.get("version"),
        "first_day": today - timedelta(days=USUAL_DAYS),
        "last_day": today,
    }
    form = ReplayForm(request.POST or None, versions=_versions(request), today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        if not may_change(request, form.cleaned_data["version"].definition):
            raise PermissionDenied
        try:
            run = request_replay(**form.cleaned_data, by=actor(request), now=timezone.now())
        except ReplayRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("admin:scoring_replayrun_change", run.pk)
    context = {"form": form, "title": _("New replay"), "opts": ReplayRun._meta}
    return page(request, "scoring/replay_add.html", context, status=422 if form.errors else 200)


def show_replay(request: HttpRequest, key: UUID) -> HttpResponse:
    """What the run found so far; asked for again until it is finished."""
    run = _get(request, key)
    level = run.version.definition.level
    hidden = hidden_subjects(access_of(request.user), level)
    found = ReplayQualification.objects.filter(run=run).exclude(subject_id__in=hidden)
    episodes = found.order_by("-first_day", "subject_id")
    if request.GET.get("format") == "csv":
        return _as_csv(run, episodes)
    shown = list(episodes[:SHOWN])
    names = subject_labels(level, {row.subject_id for row in shown})
    summary = summarise(run)
    context = {
        "run": run,
        "progress": None if run.finished_at else progress_of(run),
        "summary": summary,
        "chart": replay_chart(summary.days) if len(summary.days) > 1 else None,
        "rows": [(row, names.get(row.subject_id, f"#{row.subject_id}")) for row in shown],
        "subjects": subject_words(level),
        "url_name": subject_url_name(level),
        "title": _("Replay of “%s”") % run.version.definition.name,
        "opts": ReplayRun._meta,
    }
    return page(request, "scoring/_replay.html" if is_fragment(request) else "scoring/replay.html", context)


def _versions(request: HttpRequest) -> QuerySet[Version]:
    visible = access_of(request.user).visible(Area.DEFINITIONS, "definition__business_unit__path")
    rows = Version.objects.filter(visible, definition__archived_at=None)
    return rows.select_related("definition__business_unit").order_by("definition__name", "-number")


def _get(request: HttpRequest, key: UUID) -> ReplayRun:
    rows = ReplayRun.objects.select_related("version__definition")
    return find_visible(
        request, rows, Area.DEFINITIONS, key, unit_lookup="version__definition__business_unit"
    )


def _as_csv(run: ReplayRun, episodes: QuerySet[ReplayQualification]) -> HttpResponse:
    rows = list(episodes[:MOST_ROWS])
    names = subject_labels(run.version.definition.level, {row.subject_id for row in rows})
    header = [_("key"), _("who"), _("from"), _("until"), _("points"), _("band")]
    lines: list[list[Any]] = [
        [
            row.subject_id,
            names.get(row.subject_id, ""),
            row.first_day,
            row.left_day,
            row.points / 100,
            row.band,
        ]
        for row in rows
    ]
    return csv_file("replay", [header, *lines])
