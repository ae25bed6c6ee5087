"""The page of a definition: what is live, what each version said and changed; publishing, new drafts, archiving."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from scoring.models import Definition, Version
from scoring.operations import (
    DraftChanged,
    DraftRefused,
    NotPossible,
    archive_definition,
    new_draft,
    publish_version,
)
from scoring.operations.definitions import draft_problems
from scoring.queries.drafts import changes_between
from scoring.queries.held_out import known_pqls
from scoring.queries.overview import Standing, editions, live_standing
from scoring.queries.specs import build_spec, frozen_spec
from scoring.views.access import get_definition, get_draft, may_change
from scoring.views.panels import preview_context, subject_words
from tenants.access import access_of
from tenants.console import actor, page


def show_definition(request: HttpRequest, key: UUID) -> HttpResponse:
    """Everything about a definition, also before anything is live."""
    definition = get_definition(request, key)
    history = editions(definition)
    live = next((row for row in history if row.version.state == Version.State.LIVE), None)
    draft = next((row for row in history if row.version.state == Version.State.DRAFT), None)
    context = {
        "definition": definition,
        "editions": history,
        "live": live,
        "draft": draft,
        "standing": _standing(request, live.version) if live else None,
        "may_change": may_change(request, definition) and not definition.archived_at,
        "subjects": subject_words(definition.level),
        "title": definition.name,
        "opts": Definition._meta,
        "original": definition,
    }
    return page(request, "scoring/definition.html", context)


@require_POST
def start_draft(request: HttpRequest, key: UUID) -> HttpResponse:
    """Go on with the draft, or make one from the live version."""
    definition = get_definition(request, key, change=True)
    new_draft(definition=definition, by=actor(request), now=timezone.now())
    return redirect("admin:scoring_definition_draft", definition.pk)


def publish(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET: what publishing would change, in words and in people. POST: publish."""
    draft = get_draft(request, key)
    if request.method == "POST":
        return _publish(request, draft)
    signals = list(draft.signals.order_by("position", "id"))
    bands = list(draft.bands.order_by("-minimum"))
    problems = draft_problems(draft, signals, bands)
    if problems:
        messages.error(request, _("The draft cannot be published yet: %s") % problems[0].message)
        return redirect("admin:scoring_definition_draft", key)
    spec = build_spec(draft, signals, bands)
    context = preview_context(request, draft, spec)
    live = context["live"]
    changes = changes_between(frozen_spec(live), spec) if live else []
    context |= {
        "draft": draft,
        "changes": changes,
        "title": _("Publish “%s”") % draft.definition.name,
        "opts": Definition._meta,
        "original": draft.definition,
    }
    return page(request, "scoring/publish.html", context)


def _publish(request: HttpRequest, draft: Version) -> HttpResponse:
    try:
        publish_version(version=draft, by=actor(request), now=timezone.now(), seen=request.POST.get("seen"))
    except DraftChanged as changed:
        messages.error(request, _("Not published: %s") % changed)
        return redirect("admin:scoring_definition_publish", draft.definition_id)
    except DraftRefused as refused:
        messages.error(request, _("Not published: %s") % refused.problems[0].message)
        return redirect("admin:scoring_definition_draft", draft.definition_id)
    except NotPossible as refused:
        messages.error(request, _("Not published: %s") % refused)
        return redirect("admin:scoring_definition_change", draft.definition_id)
    messages.success(
        request,
        _("Version %s is live. Everybody is being scored with it now; PQLs appear as that goes on.")
        % draft.number,
    )
    return redirect("admin:scoring_definition_change", draft.definition_id)


def archive(request: HttpRequest, key: UUID) -> HttpResponse:
    """GET: what archiving means. POST: archive."""
    definition = get_definition(request, key, change=True)
    if request.method == "POST":
        archive_definition(definition=definition, by=actor(request), now=timezone.now())
        messages.success(request, _("“%s” is archived. Its history stays.") % definition.name)
        return redirect("admin:scoring_definition_change", key)
    live = Version.objects.filter(definition=definition, state=Version.State.LIVE).first()
    context = {
        "definition": definition,
        "standing": _standing(request, live) if live else None,
        "title": _("Archive “%s”") % definition.name,
        "opts": Definition._meta,
        "original": definition,
    }
    return page(request, "scoring/archive.html", context)


def _standing(request: HttpRequest, live: Version) -> Standing:
    return live_standing(live, pqls=known_pqls(access_of(request.user)))
