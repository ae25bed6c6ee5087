"""Persons and accounts: their lists, and the page of one with scores, reasons, history and events."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ingestion.models import Account, Person
from ingestion.queries import people, subject_events, subject_labels
from ingestion.queries.consent import no_contact
from ingestion.queries.enrichments import answers_of_account
from ingestion.queries.exclusions import why_excluded
from ingestion.queries.identities import evidence_about
from ingestion.queries.paging import BadCursor, Page, count_of, cursor_after, read_cursor
from ingestion.queries.plans import account_plan
from ingestion.queries.showing import glass
from ingestion.queries.told import traits_told
from ingestion.queries.touches import how_they_came
from scoring.forms.explain import ExplainForm
from scoring.models import Level, Version
from scoring.queries.explanations import why_not
from scoring.queries.subjects import (
    ScoreNow,
    Tag,
    live_for,
    pqls_of,
    score_history,
    score_tags,
    scores_now,
    subject,
)
from scoring.views.explanation import explanation_context
from scoring.views.panels import contribution_chart, history_chart, subject_url_name
from tenants.access import Access, Area, access_of
from tenants.console import page
from tenants.csv_file import MOST_ROWS, csv_file

TIMELINE = 50
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
MODELS: dict[int, Any] = {Level.PERSON: Person, Level.ACCOUNT: Account}


def list_subjects(request: HttpRequest, level: int) -> HttpResponse:
    """All of them by when they were last seen, or those found by the beginning of a name."""
    _check_permission(request, level)
    text = request.GET.get("q", "").strip()
    found = Page(_find(level, text)) if text else _browse(request, level)
    if request.GET.get("format") == "csv":
        return _as_csv(request, level, found.rows if text else None)
    ids = [row.pk for row in found.rows]
    tags = score_tags(access_of(request.user), level, ids)
    names = subject_labels(level, ids)
    context = {
        "rows": [
            {"subject": row, "label": names.get(row.pk, ""), "tags": tags.get(row.pk, [])}
            for row in found.rows
        ],
        "next": found.next,
        "cursor": request.GET.get("after", ""),
        "with_anonymous": "anonymous" in request.GET,
        "text": text,
        "is_account": level == Level.ACCOUNT,
        "count": None if text else count_of(MODELS[level].objects.all()),
        "url_name": subject_url_name(level),
        "title": _("Accounts") if level == Level.ACCOUNT else _("Persons"),
        "opts": MODELS[level]._meta,
    }
    _add_company(context, level, ids)
    return page(request, "scoring/subjects.html", context)


def show_subject(request: HttpRequest, level: int, key: int) -> HttpResponse:
    """Who it is, how it scores and why, and what it did."""
    row = _get(request, level, key)
    if row.pk != key:
        return redirect(subject_url_name(level), row.pk)
    access = access_of(request.user)
    scores = scores_now(access, level, row.pk)
    seen = glass()
    context = {
        "subject": row,
        "is_account": level == Level.ACCOUNT,
        "may_undo": request.user.has_perm("ingestion.change_identitylink"),  # type: ignore[union-attr]
        "no_contact": no_contact(None, row) if level == Level.ACCOUNT else no_contact(row, None),
        "excluded_by": why_excluded(level, row.pk) if row.exclusion else [],
        "scores": [_score_panel(each, row.pk) for each in scores],
        "pqls": pqls_of(access, level, row.pk),
        "came": how_they_came(level, row.pk),
        "told": [seen.trait(trait, of_person=level == Level.PERSON) for trait in traits_told(level, row.pk)],
        "enriched": answers_of_account(row.pk) if level == Level.ACCOUNT else [],
        "explain_form": _explain_form(scores, None),
        "url_name": subject_url_name(level),
        "title": str(row),
        "opts": MODELS[level]._meta,
        "original": row,
        **_timeline(request, level, row.pk),
        **_company_of(access, level, row.pk),
    }
    return page(request, "scoring/subject.html", context)


def show_timeline(request: HttpRequest, level: int, key: int) -> HttpResponse:
    """Further events of the page of one person or account."""
    row = _get(request, level, key)
    context = {"subject": row, "url_name": subject_url_name(level), **_timeline(request, level, row.pk)}
    return page(request, "scoring/_timeline.html", context)


def explain_subject(request: HttpRequest, level: int, key: int) -> HttpResponse:
    """A score at the end of a past day: with what was known then, and with what is known now."""
    row = _get(request, level, key)
    scores = scores_now(access_of(request.user), level, row.pk)
    form = _explain_form(scores, request.GET)
    if form is None:
        raise Http404
    context: dict[str, Any] = {"explain_form": form, "subject": row, "url_name": subject_url_name(level)}
    if form.is_valid():
        chosen = next(each for each in scores if str(each.definition.pk) == form.cleaned_data["definition"])
        context |= explanation_context(chosen.version, row.pk, form.cleaned_data["day"], now=timezone.now())
    return page(request, "scoring/_explain.html", context, status=200 if form.is_valid() else 422)


def _get(request: HttpRequest, level: int, key: int) -> Any:
    _check_permission(request, level)
    row = subject(level, key)
    if row is None:
        raise Http404
    return row


def _check_permission(request: HttpRequest, level: int) -> None:
    name = "account" if level == Level.ACCOUNT else "person"
    if not request.user.has_perm(f"ingestion.view_{name}"):  # type: ignore[union-attr]
        raise PermissionDenied


def _find(level: int, text: str) -> list[Any]:
    return people.find_accounts(text) if level == Level.ACCOUNT else people.find_persons(text)


def _browse(request: HttpRequest, level: int) -> Page[Any]:
    cursor = request.GET.get("after", "")
    try:
        if level == Level.ACCOUNT:
            return people.list_accounts(cursor=cursor)
        return people.list_persons(cursor=cursor, with_anonymous="anonymous" in request.GET)
    except BadCursor as error:
        raise Http404 from error


def _as_csv(request: HttpRequest, level: int, rows: Sequence[Any] | None) -> HttpResponse:
    """The rows found, or all (at most MOST_ROWS, the last seen first), with their scores."""
    if rows is None:
        listed = people.list_accounts if level == Level.ACCOUNT else people.list_persons
        rows = listed(size=MOST_ROWS).rows
    access = access_of(request.user)
    versions, tags = live_for(access, level), score_tags(access, level, [row.pk for row in rows])
    header = [_("key"), _("name"), _("e-mail") if level == Level.PERSON else _("group id")]
    header += [_("first seen"), _("last seen"), *(version.definition.name for version in versions)]
    return csv_file(
        str(MODELS[level]._meta.model_name),
        [header, *(_csv_row(level, row, versions, tags.get(row.pk, [])) for row in rows)],
    )


def _csv_row(level: int, row: Any, versions: Sequence[Version], tags: Sequence[Tag]) -> list[object]:
    by_definition = {tag.definition_id: tag.points / 100 for tag in tags}
    name = str(row) if level == Level.PERSON or row.name else ""
    contact = row.shown_key if level == Level.ACCOUNT else row.shown_email
    moments = [
        timezone.localtime(moment).isoformat(timespec="seconds")
        for moment in (row.first_seen_at, row.last_seen_at)
    ]
    return [
        row.pk,
        name,
        contact,
        *moments,
        *(by_definition.get(version.definition_id) for version in versions),
    ]


def _add_company(context: dict[str, Any], level: int, ids: list[int]) -> None:
    """The columns that differ: how many persons an account has, which accounts a person is in."""
    if level == Level.ACCOUNT:
        counts = people.member_counts(ids)
        for row in context["rows"]:
            row["members"] = counts.get(row["subject"].pk, 0)
    else:
        accounts = people.accounts_of(ids)
        for row in context["rows"]:
            row["accounts"] = accounts.get(row["subject"].pk, [])


def _score_panel(now: ScoreNow, subject_id: int) -> dict[str, Any]:
    """One definition on the page: the number, the reasons, the course."""
    changes = score_history(now.definition, subject_id) if now.score else []
    panel: dict[str, Any] = {"now": now, "threshold": now.spec.enter_threshold}
    if now.score and any(line["points"] for line in now.score.contributions):
        panel["reasons"] = contribution_chart(
            _("Why: %(name)s") % {"name": now.definition.name}, now.score.contributions
        )
    if now.score and not now.score.is_qualified:
        panel["why_not"] = why_not(version=now.version, subject_id=subject_id, as_of=timezone.now())
    if len(changes) > 1:
        panel["history"] = history_chart(now.definition, now.spec, changes, until=timezone.now())
    return panel


def _explain_form(scores: Sequence[ScoreNow], data: Any) -> ExplainForm | None:
    """Asks for a definition under which there is a score to explain; None without any."""
    choices = [(str(now.definition.pk), now.definition.name) for now in scores if now.score]
    if not choices:
        return None
    today: date = timezone.localdate()
    return ExplainForm(data, choices=choices, today=today, initial={"day": today - timedelta(days=7)})


def _timeline(request: HttpRequest, level: int, key: int) -> dict[str, Any]:
    """Events of one subject with the names of the other side: whose they were, or in which account."""
    name, cursor = request.GET.get("event", "").strip(), request.GET.get("before", "")
    try:
        before, before_id = read_cursor(cursor) if cursor else (END_OF_TIME, 0)
    except BadCursor as error:
        raise Http404 from error
    found = subject_events(level, key, before=before, before_id=before_id, limit=TIMELINE + 1, name=name)
    events, more = found[:TIMELINE], len(found) > TIMELINE
    other = Level.PERSON if level == Level.ACCOUNT else Level.ACCOUNT
    field = "person_id" if level == Level.ACCOUNT else "account_id"
    names = subject_labels(other, {getattr(row, field) for row in events} - {None})
    seen = glass()
    return {
        "events": [
            {
                "event": replace(row, properties=seen.of_event(row.kind, row.properties)),
                "other_id": getattr(row, field),
                "other": names.get(getattr(row, field), ""),
            }
            for row in events
        ],
        "events_next": cursor_after(events[-1].at, events[-1].id) if more else "",
        "event_name": name,
        "events_before": cursor,
        "other_url": subject_url_name(other),
        "is_account": level == Level.ACCOUNT,
    }


def _company_of(access: Access, level: int, key: int) -> dict[str, Any]:
    """Persons of an account with their scores, or the accounts and ids of a person."""
    if level == Level.PERSON:
        return {
            "accounts": people.accounts_of([key]).get(key, []),
            "identities": people.identities_of(key),
            "evidence": evidence_about(key),
        }
    members = people.members_of(key, limit=50)
    now = timezone.now()
    tags = score_tags(access, Level.PERSON, [member.person.pk for member in members])
    return {
        "plan": account_plan(
            key,
            access.visible(Area.DEFINITIONS, "business_unit__path"),
            now=now,
            today=timezone.localdate(now),
        ),
        "members": [
            {"person": member.person, "since": member.since, "tags": tags.get(member.person.pk, [])}
            for member in members
        ],
    }
