"""The editor of a draft: one page, every change previewed on the tenant's own data before it is published."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion.operations import create_action
from scoring.forms.editor import DraftForms, posted_draft, rearranged_draft, stored_draft
from scoring.models import Definition, Version
from scoring.operations import (
    DraftChanged,
    DraftRefused,
    NotPossible,
    delete_definition,
    discard_draft,
    new_draft,
    save_draft,
)
from scoring.operations.definitions import draft_problems
from scoring.queries.choices import ActionChoices, action_choices, known_traits
from scoring.queries.drafts import changes_between, since
from scoring.queries.specs import build_spec, draft_spec
from scoring.views.access import get_definition, get_draft, motions_for
from scoring.views.panels import preview_context
from tenants.console import actor, page


def edit_draft(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET shows the draft; POST saves it or, by `do`, adds, removes or moves rows without saving."""
    draft = _opened(request, key)
    if draft is None:
        messages.info(request, _("There is no draft now. “Change it” begins a new one."))
        return redirect("admin:scoring_definition_change", key)
    choices = action_choices(draft.definition.business_unit)
    if request.method != "POST":
        forms = stored_draft(draft, choices=choices, motions=motions_for(draft.definition))
        return _answer(request, draft, forms, choices)
    command, _colon, seen = request.POST.get("do", "save").partition(":")
    if command in ("save", "publish", "overwrite"):
        seen = seen or request.POST.get("seen") or draft.edition
        return _save(request, draft, choices, seen=seen, then=command)
    return _rearrange(request, draft, choices, request.POST["do"])


def _opened(request: HttpRequest, key: UUID) -> Version | None:
    """The draft, None when there is none. Who saves one that was published or discarded meanwhile gets a new one, and
    is asked before what they typed goes into it."""
    definition = get_definition(request, key, change=True)
    has_draft = Version.objects.filter(definition=definition, state=Version.State.DRAFT).exists()
    if not has_draft and (request.method != "POST" or definition.archived_at):
        return None
    if not has_draft:
        new_draft(definition=definition, by=actor(request), now=timezone.now())
    return get_draft(request, key)


@require_POST
def preview_draft(request: HttpRequest, key: UUID) -> HttpResponse:
    """The panel beside the form: what this draft, as typed and not saved, would do now."""
    draft = get_draft(request, key)
    choices = action_choices(draft.definition.business_unit)
    forms = posted_draft(request.POST, draft, choices=choices, motions=motions_for(draft.definition))
    return page(request, "scoring/_preview.html", _preview_of(request, draft, forms))


def _preview_of(request: HttpRequest, draft: Version, forms: DraftForms) -> dict[str, Any]:
    if not forms.signals.forms:
        return {"is_empty": True, "definition": draft.definition}
    if forms.is_valid():
        forms.apply_thresholds(draft)
        signals, bands = forms.signal_rows(), forms.band_rows()
        forms.refuse(draft_problems(draft, signals, bands))
    mistakes = forms.mistakes()
    if mistakes:
        return {"mistakes": mistakes, "definition": draft.definition}
    spec = build_spec(draft, signals, bands)
    return preview_context(request, draft, spec)


def _save(
    request: HttpRequest, draft: Version, choices: ActionChoices, *, seen: str, then: str
) -> HttpResponse:
    """`seen` is the edition this form was made from, or that its user has chosen to replace."""
    forms = posted_draft(request.POST, draft, choices=choices, motions=motions_for(draft.definition))
    try:
        if seen != draft.edition:
            raise DraftChanged
        if not (forms.is_valid() and _stored(request, draft, forms, seen)):
            return _answer(request, draft, forms, choices, status=422)
    except DraftChanged:
        draft = get_draft(request, draft.definition_id)
        found = {"meanwhile": since(seen, draft), "newest": draft.edition, "yours": _yours(draft, forms)}
        return _answer(request, draft, forms, choices, status=422, more=found)
    if then == "publish":
        return _go(request, reverse("admin:scoring_definition_publish", args=[draft.definition_id]))
    saved = _("Saved as a draft. Nothing changes for anybody until you publish.")
    if request.htmx:  # type: ignore[attr-defined]
        forms = stored_draft(draft, choices=choices, motions=motions_for(draft.definition))
        return _answer(request, draft, forms, choices, notice=saved)
    messages.success(request, saved)
    return redirect("admin:scoring_definition_draft", draft.definition_id)


def _yours(draft: Version, forms: DraftForms) -> list[str]:
    """What saving these forms would change in the draft, in words; nothing while they have mistakes."""
    if not forms.is_valid():
        return []
    stored = draft_spec(draft)
    return changes_between(
        stored, build_spec(forms.apply_thresholds(draft), forms.signal_rows(), forms.band_rows())
    )


def _stored(request: HttpRequest, draft: Version, forms: DraftForms, seen: str) -> bool:
    """Write facts and draft together or not at all. False when refused; the forms then say why."""
    try:
        saved = save_draft(
            version=draft,
            signals=forms.signal_rows(),
            bands=forms.band_rows(),
            **forms.thresholds.cleaned_data,
            facts=forms.facts.instance if forms.facts.has_changed() else None,
            by=actor(request),
            now=timezone.now(),
            seen=seen,
        )
    except DraftRefused as refused:
        forms.refuse(refused.problems)
        return False
    except ValidationError as error:
        forms.refuse_facts(error)
        return False
    draft.revision = saved.revision
    return True


def _rearrange(request: HttpRequest, draft: Version, choices: ActionChoices, command: str) -> HttpResponse:
    """ "action-0:Invite Sent" puts an action into a signal, and makes it first when only its event exists;
    "limit-near:…" adds a ready-made signal over the limit with that key."""
    command, _colon, name = command.partition(":")
    notice = ""
    if command.startswith("action-") and choices.find(name) is None and choices.event(name):
        _make_action(request, draft.definition, choices, name)
        choices = action_choices(draft.definition.business_unit)
        notice = _("“%(name)s” is an action now. Its history is being counted.") % {"name": name}
    forms = rearranged_draft(
        request.POST,
        draft,
        command,
        choices=choices,
        motions=motions_for(draft.definition),
        name=name,
    )
    return _answer(request, draft, forms, choices, notice=notice)


def _make_action(request: HttpRequest, definition: Definition, choices: ActionChoices, name: str) -> None:
    if not request.user.has_perm("ingestion.add_action", definition):  # type: ignore[union-attr]
        raise PermissionDenied
    event = choices.event(name)
    assert event is not None  # noqa: S101
    create_action(
        business_unit=definition.business_unit,
        name=event.name[:120],
        event_kind=event.kind,
        event_name=event.name,
        filters=[],
        number_property="",
        by=actor(request),
        now=timezone.now(),
    )


def _answer(
    request: HttpRequest,
    draft: Version,
    forms: DraftForms,
    choices: ActionChoices,
    *,
    status: int = 200,
    notice: str = "",
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """The whole page, or only the form when htmx asked: one template, two callers. What was typed and not saved goes on
    carrying the edition it was made from."""
    is_unsaved = status == 422 or request.POST.get("do", "save") not in ("save", "overwrite")
    context = {
        "draft": draft,
        "definition": draft.definition,
        "forms": forms,
        "seen": (is_unsaved and request.POST.get("seen")) or draft.edition,
        "mistakes": forms.mistakes() if status == 422 and more is None else [],
        "choices": choices,
        "traits": known_traits(draft.definition.level),
        "notice": notice,
        "title": draft.definition.name,
        "opts": Definition._meta,
        "original": draft.definition,
        **(more or {}),
    }
    if request.htmx:  # type: ignore[attr-defined]
        response = page(request, "scoring/_draft.html", context, status=status)
        response["HX-Trigger-After-Swap"] = "draft-changed"
        return response
    if request.POST.get("do") == "preview":
        posted = posted_draft(request.POST, draft, choices=choices, motions=motions_for(draft.definition))
        context |= _preview_of(request, draft, posted)
    return page(request, "scoring/draft.html", context, status=status)


def discard(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET: what discarding means. POST: discard the draft, or the definition when it never was more than a draft."""
    draft = get_draft(request, key)
    is_all = not Version.objects.filter(definition_id=key).exclude(pk=draft.pk).exists()
    if request.method == "POST":
        return _discard(request, draft, is_all=is_all)
    context = {
        "draft": draft,
        "definition": draft.definition,
        "is_all": is_all,
        "replays": draft.replays.count(),
        "title": _("Delete “%s”") % draft.definition.name if is_all else _("Discard the draft"),
        "opts": Definition._meta,
        "original": draft.definition,
    }
    return page(request, "scoring/discard.html", context)


def _discard(request: HttpRequest, draft: Version, *, is_all: bool) -> HttpResponse:
    by, now = actor(request), timezone.now()
    try:
        if is_all:
            delete_definition(definition=draft.definition, by=by, now=now)
        else:
            discard_draft(version=draft, by=by, now=now)
    except NotPossible as refused:
        messages.error(request, str(refused))
        return redirect("admin:scoring_definition_change", draft.definition_id)
    except DraftRefused as refused:
        messages.error(request, refused.problems[0].message)
        return redirect("admin:scoring_definition_change", draft.definition_id)
    if is_all:
        messages.success(request, _("“%s” is deleted.") % draft.definition.name)
        return redirect("admin:scoring_definition_changelist")
    messages.success(request, _("The draft of version %s is discarded.") % draft.number)
    return redirect("admin:scoring_definition_change", draft.definition_id)


def _go(request: HttpRequest, url: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return redirect(url)
