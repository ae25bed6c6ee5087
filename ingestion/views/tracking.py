"""The pages of a tracking plan: what it says, its draft, its events, its versions."""

import json
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import BaseFormSet, Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ingestion.forms.tracking import (
    EventForm,
    JsonForm,
    NewPlanForm,
    PlanForm,
    RulesForm,
    posted_event,
    posted_properties,
    rearranged_properties,
    repeated_names,
    stored_properties,
)
from ingestion.models import TrackingPlan
from ingestion.models.events import EventKind
from ingestion.operations import (
    DraftChanged,
    amend_draft,
    archive_tracking_plan,
    create_tracking_plan,
    discard_draft,
    edit_tracking_plan,
    plan_event,
    publish_draft,
    save_draft,
    unplan_event,
)
from ingestion.queries import event_names
from ingestion.queries.tracking import (
    arrived_events,
    changes_to_publish,
    document_of,
    draft_of,
    event_of,
    free_sources,
    guessed_events,
    planned_events,
    summaries,
    version_with_changes,
)
from ingestion.rules.tracking import Document, Key, key_of
from ingestion.rules.tracking_rows import Rows, rows_of, schema_of
from tenants.console import actor, page, sentences_of

REFUSALS = (ValidationError, DraftChanged)


def add_plan(request: HttpRequest) -> HttpResponse:
    """GET shows an empty form; POST makes a plan with its first draft."""
    _check(request, "add")
    form = NewPlanForm(request.POST or None, sources=free_sources())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        arrived = data["begin"] == "arrived"
        document = {"events": guessed_events(data["sources"])} if arrived else None
        try:
            plan = create_tracking_plan(
                name=data["name"],
                sources=data["sources"],
                document=document,
                by=actor(request),
                now=timezone.now(),
            )
        except REFUSALS as refusal:
            _refuse(form, refusal)
        else:
            messages.success(
                request, _("“%s” is a draft. Nothing is checked before it is published.") % plan.name
            )
            return redirect("admin:ingestion_trackingplan_page", plan.pk)
    context = {"form": form, "title": _("New tracking plan"), "opts": TrackingPlan._meta}
    return page(request, "ingestion/plan_add.html", context, status=422 if form.errors else 200)


def show_plan(request: HttpRequest, key: UUID) -> HttpResponse:
    plan = _get(request, key)
    now = timezone.now()
    summary = summaries([plan.pk], now=now)[plan.pk]
    document = summary.shown.document if summary.shown else document_of(plan, None)
    text = request.GET.get("q", "").strip()
    events = planned_events(document, summary, now=now)
    context = {
        "summary": summary,
        "document": document,
        "text": text,
        "events": [each for each in events if text.lower() in each.title.lower()],
        "number": len(events),
        "changes": changes_to_publish(summary.live, summary.draft) if summary.draft else [],
        "versions": plan.versions.exclude(state="draft").order_by("-number")[:20],
    }
    return _answer(request, "ingestion/plan.html", plan, context)


def edit_settings(request: HttpRequest, key: UUID) -> HttpResponse:
    """POST do=plan: name and sources, at once. do=rules: mode and conventions, in the draft."""
    plan = _get(request, key, change=True)
    draft = draft_of(plan)
    document = document_of(plan, draft)
    posted = request.POST if request.method == "POST" else None
    is_rules = bool(posted and posted.get("do") == "rules")
    sources = [row.source_id for row in plan.planned_sources.all()]
    form = PlanForm(
        None if is_rules else posted,
        sources=free_sources(plan),
        initial={"name": plan.name, "sources": sources},
    )
    rules = RulesForm(
        posted if is_rules else None, initial=document | {"seen": draft.edition if draft else None}
    )
    if posted and (
        _saved_rules(request, plan, document, rules) if is_rules else _saved_plan(request, plan, form)
    ):
        return redirect("admin:ingestion_trackingplan_page", plan.pk)
    errors = bool(form.errors or rules.errors)
    context = {"form": form, "rules": rules, "title": _("Settings of %s") % plan.name}
    return _answer(request, "ingestion/plan_settings.html", plan, context, status=422 if errors else 200)


def edit_event(request: HttpRequest, key: UUID) -> HttpResponse:
    """One event of the draft (`?kind=1&name=Invite+Sent`), or a new one. POST do=save, do=json or a command."""
    plan = _get(request, key, change=True)
    draft = draft_of(plan)
    document = document_of(plan, draft)
    event_key = _key_from(request)
    event = event_of(document, event_key) if event_key else None
    if event_key and event is None:
        raise Http404
    seen = draft.edition if draft else None
    if request.method != "POST":
        form, properties, as_json = _forms_of(request, event, seen)
        return _show_event(request, plan, event, form, properties, as_json)
    command = request.POST.get("do", "save")
    if command.startswith("properties-"):
        form = EventForm(initial=request.POST.dict() | {"is_open": "is_open" in request.POST})
        properties = rearranged_properties(request.POST, command.removeprefix("properties-"))
        return _show_event(request, plan, event, form, properties, _json_form(event, seen))
    form, properties, as_json = _forms_of(request, event, seen)
    if command == "json":
        as_json = JsonForm(request.POST)
        made = as_json.cleaned_data["json"] if as_json.is_valid() else None
        bearer: Form = as_json
    else:
        form, properties = EventForm(request.POST), posted_properties(request.POST)
        made = _made_of(form, properties)
        bearer = form
    if made is not None and _saved_event(request, plan, made, event, bearer):
        response = redirect("admin:ingestion_trackingplan_page", plan.pk)
        if request.htmx:  # type: ignore[attr-defined]
            response = HttpResponse(status=204, headers={"HX-Redirect": response.url})
        return response
    return _show_event(request, plan, event, form, properties, as_json, status=422)


@require_POST
def remove_event(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take the event out of the draft. Form fields: kind, name, seen."""
    plan = _get(request, key, change=True)
    kind, seen = request.POST.get("kind", ""), request.POST.get("seen", "")
    if not kind.isdecimal():
        raise Http404
    try:
        unplan_event(
            plan=plan,
            event=(int(kind), request.POST.get("name", "")),
            seen=_edition(seen),
            by=actor(request),
            now=timezone.now(),
        )
    except REFUSALS as refusal:
        _say(request, refusal)
    else:
        messages.success(request, _("Taken out of the draft."))
    return redirect("admin:ingestion_trackingplan_page", plan.pk)


def collect_events(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET lists what the plan's sources send and it does not have; POST puts the chosen ones into the draft."""
    plan = _get(request, key, change=True)
    sources = [row.source for row in plan.planned_sources.select_related("source")]
    if request.method == "POST":
        chosen = [key for key in map(_key_of, request.POST.getlist("event")) if key is not None]
        if not chosen:
            messages.warning(request, _("Nothing was added: choose events first."))
            return redirect("admin:ingestion_trackingplan_collect", plan.pk)
        try:
            amend_draft(
                plan=plan, events=guessed_events(sources, chosen), by=actor(request), now=timezone.now()
            )
        except REFUSALS as refusal:
            _say(request, refusal)
        else:
            text = ngettext("%d event is in the draft.", "%d events are in the draft.", len(chosen))
            messages.success(request, text % len(chosen))
        return redirect("admin:ingestion_trackingplan_page", plan.pk)
    found = arrived_events(sources, document_of(plan, draft_of(plan)))
    context = {"arrived": found[:500], "sources": sources, "title": _("Add what arrives")}
    return _answer(request, "ingestion/plan_collect.html", plan, context)


def edit_json(request: HttpRequest, key: UUID) -> HttpResponse:
    """The whole draft as JSON, to be copied and pasted."""
    plan = _get(request, key, change=True)
    draft = draft_of(plan)
    shown = json.dumps(document_of(plan, draft), indent=2, ensure_ascii=False)
    form = JsonForm(request.POST or None, initial={"json": shown, "seen": draft.edition if draft else None})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            save_draft(
                plan=plan, document=data["json"], seen=data["seen"], by=actor(request), now=timezone.now()
            )
        except REFUSALS as refusal:
            _refuse(form, refusal, "json")
        else:
            messages.success(request, _("The draft says what was pasted."))
            return redirect("admin:ingestion_trackingplan_page", plan.pk)
    context = {"form": form, "title": _("%s as JSON") % plan.name}
    return _answer(request, "ingestion/plan_json.html", plan, context, status=422 if form.errors else 200)


def download(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """A version as a file: the document that can be pasted."""
    plan = _get(request, key)
    version = plan.versions.filter(number=number).first()
    if version is None:
        raise Http404
    text = json.dumps(version.document, indent=2, ensure_ascii=False)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    name = f"{slugify(plan.name) or 'tracking-plan'}-v{number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def show_version(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """What a version changed, in words."""
    plan = _get(request, key)
    found = version_with_changes(plan, number)
    if found is None:
        raise Http404
    context = {
        "version": found[0],
        "changes": found[1],
        "title": _("%(plan)s, version %(number)s") % {"plan": plan.name, "number": number},
    }
    return _answer(request, "ingestion/plan_version.html", plan, context)


def publish(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET says what would change; POST makes it live. Form field: seen."""
    plan = _get(request, key, change=True)
    summary = summaries([plan.pk], now=timezone.now())[plan.pk]
    if request.method == "POST":
        seen = _edition(request.POST.get("seen", ""))
        try:
            version = publish_draft(plan=plan, seen=seen or 0, by=actor(request), now=timezone.now())
        except REFUSALS as refusal:
            _say(request, refusal)
        else:
            messages.success(
                request, _("Version %d is live: events are checked by it from now on.") % version.number
            )
        return redirect("admin:ingestion_trackingplan_page", plan.pk)
    if summary.draft is None:
        return redirect("admin:ingestion_trackingplan_page", plan.pk)
    context = {
        "summary": summary,
        "changes": changes_to_publish(summary.live, summary.draft),
        "title": _("Publish %s") % plan.name,
    }
    return _answer(request, "ingestion/plan_publish.html", plan, context)


def discard(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET asks; POST throws the draft away."""
    plan = _get(request, key, change=True)
    if request.method != "POST":
        return _answer(request, "ingestion/plan_discard.html", plan, {"title": _("Throw the draft away?")})
    try:
        discard_draft(plan=plan, by=actor(request), now=timezone.now())
    except REFUSALS as refusal:
        _say(request, refusal)
    else:
        messages.success(request, _("The draft is thrown away."))
    return redirect("admin:ingestion_trackingplan_page", plan.pk)


def archive(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET asks; POST archives the plan."""
    plan = _get(request, key, change=True)
    if request.method != "POST":
        return _answer(request, "ingestion/plan_archive.html", plan, {"title": _("Archive this plan?")})
    archive_tracking_plan(plan=plan, by=actor(request), now=timezone.now())
    messages.success(
        request, _("“%s” is archived: nothing is checked by it, and its sources are free.") % plan.name
    )
    return redirect("admin:ingestion_trackingplan_changelist")


def _saved_plan(request: HttpRequest, plan: TrackingPlan, form: PlanForm) -> bool:
    if not form.is_valid():
        return False
    try:
        edit_tracking_plan(plan=plan, **form.cleaned_data, by=actor(request), now=timezone.now())
    except REFUSALS as refusal:
        _refuse(form, refusal)
        return False
    messages.success(request, _("Saved."))
    return True


def _saved_rules(request: HttpRequest, plan: TrackingPlan, document: Document, form: RulesForm) -> bool:
    if not form.is_valid():
        return False
    data = dict(form.cleaned_data)
    seen = data.pop("seen")
    try:
        save_draft(plan=plan, document=document | data, seen=seen, by=actor(request), now=timezone.now())
    except REFUSALS as refusal:
        _refuse(form, refusal)
        return False
    messages.success(request, _("Saved in the draft. Publish it to make it hold."))
    return True


def _saved_event(
    request: HttpRequest, plan: TrackingPlan, made: Any, event: Document | None, form: Form
) -> bool:
    try:
        plan_event(
            plan=plan,
            event=made,
            instead_of=key_of(event) if event else None,
            seen=form.cleaned_data["seen"],
            by=actor(request),
            now=timezone.now(),
        )
    except REFUSALS as refusal:
        _refuse(form, refusal, "json" if isinstance(form, JsonForm) else None)
        return False
    messages.success(request, _("Saved in the draft."))
    return True


def _made_of(form: EventForm, properties: BaseFormSet) -> Document | None:
    """The posted event; None when the forms say what is wrong."""
    if not (form.is_valid() & properties.is_valid()):
        return None
    if repeated := repeated_names(properties):
        form.add_error(None, _("“%s” is there twice. Take one of the two out.") % repeated[0])
        return None
    return posted_event(form, properties)


def _forms_of(
    request: HttpRequest, event: Document | None, seen: int | None
) -> tuple[EventForm, BaseFormSet | None, JsonForm]:
    """Forms that show the event; no rows when only JSON can say it. A new one begins as the address says."""
    if event is None:
        table: Rows | None = Rows(is_open=False)
        initial = {"type": request.GET.get("type", "track"), "name": request.GET.get("new", "")}
    else:
        table = rows_of(event["schema"])
        initial = {name: event[name] for name in ("type", "name", "description")}
    form = EventForm(initial=initial | {"seen": seen, "is_open": table.is_open if table else False})
    return form, stored_properties(table) if table else None, _json_form(event, seen)


def _json_form(event: Document | None, seen: int | None) -> JsonForm:
    shown = event or {"type": "track", "name": "", "schema": schema_of(Rows())}
    return JsonForm(initial={"json": json.dumps(shown, indent=2, ensure_ascii=False), "seen": seen})


def _show_event(
    request: HttpRequest,
    plan: TrackingPlan,
    event: Document | None,
    form: EventForm,
    properties: BaseFormSet | None,
    as_json: JsonForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "event": event,
        "event_key": key_of(event) if event else None,
        "form": form,
        "properties": properties,
        "as_json": as_json,
        "known_events": [] if event else event_names(limit=500),
        "title": (event["name"] or event["type"]) if event else _("New event of the plan"),
    }
    fragment = request.htmx  # type: ignore[attr-defined]
    template = "ingestion/_plan_event.html" if fragment else "ingestion/plan_event.html"
    return _answer(request, template, plan, context, status=status)


def _answer(
    request: HttpRequest, template: str, plan: TrackingPlan, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    shared = {
        "plan": plan,
        "may_change": plan.archived_at is None and _may(request, "change"),
        "title": plan.name,
        "opts": TrackingPlan._meta,
        "original": plan,
    }
    return page(request, template, shared | context, status=status)


def _refuse(form: Form, refusal: Exception, field: str | None = None) -> None:
    """What an operation refused, on the form: under the field that it names or, for those without one, `field`."""
    named = (
        refusal.message_dict
        if isinstance(refusal, ValidationError) and hasattr(refusal, "error_dict")
        else {}
    )
    for name, texts in named.items():
        for text in texts:
            form.add_error(name if name in form.fields else field, text)
    if not named:
        for text in sentences_of(refusal):
            form.add_error(field, text)


def _say(request: HttpRequest, refusal: Exception) -> None:
    for text in sentences_of(refusal):
        messages.error(request, text)


def _key_from(request: HttpRequest) -> Key | None:
    kind = request.GET.get("kind", "")
    if not kind:
        return None
    return _key_of(f"{kind} {request.GET.get('name', '')}") or (0, "")


def _key_of(text: str) -> Key | None:
    """From “1 Signed Up”."""
    kind, _space, name = text.partition(" ")
    if not (kind.isascii() and kind.isdigit()) or int(kind) not in EventKind.values:
        return None
    return int(kind), name


def _edition(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _get(request: HttpRequest, key: UUID, *, change: bool = False) -> TrackingPlan:
    _check(request, "change" if change else "view")
    plan = TrackingPlan.objects.filter(pk=key).first()
    if plan is None or (change and plan.archived_at is not None):
        raise Http404
    return cast(TrackingPlan, plan)


def _may(request: HttpRequest, verb: str) -> bool:
    return bool(request.user.has_perm(f"ingestion.{verb}_trackingplan"))  # type: ignore[union-attr]


def _check(request: HttpRequest, verb: str) -> None:
    if not _may(request, verb):
        raise PermissionDenied
